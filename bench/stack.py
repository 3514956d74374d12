"""The end-to-end time of a hit: a stack on a dedicated lab, invoked by the API and by a function URL.

`python -m bench.stack` measures nothing else.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from bench.times import Times, times
from vpcache.functions import FunctionClient
from vpcache.project import Project
from vpcache.stack.target import LAB, Target
from vpcache.testing.run import PytestRun, new_run_folder

_PATHS = {"2 KB": "/employees", "100 KB": "/employees/archive"}
_WARM_UP = 20


@dataclass(frozen=True)
class EndToEnd:
    """Times of a hit: at the caller of the API, of the function by its REPORT line, and at an HTTP client."""

    caller: Times
    function: Times
    front_door: Times

    def __str__(self) -> str:
        named = {"caller": self.caller, "function": self.function, "front door": self.front_door}
        return "; ".join(
            f"{name} p50 {each.p50 / 1e3:.2f} ms p99 {each.p99 / 1e3:.2f} ms" for name, each in named.items()
        )


def hits(root: Path, calls: int = 300) -> dict[str, EndToEnd]:
    """Return the times by size. Raises RuntimeError if a response was not from the cache.

    Invocations and HTTP requests take turns, each over a persistent connection.
    """
    project, run = Project(root), PytestRun(new_run_folder(), LAB)
    with ExitStack() as scope:
        scope.enter_context(run.joined(_log))
        scope.callback(run.clean_up)
        scope.callback(run.end, _log, skip_destroy=True)
        stack = run.stack(root / "envs/dev", {"bundles": project.bundles()}, project.work_dir)
        function = stack.outputs()["cached_api"]
        client = FunctionClient(run.target())
        get = _http_client(run.lab().endpoint, _open_url(run.target(), function))
        result = {}
        for size, path in _PATHS.items():
            responses, requests = [], []
            for _ in range(_WARM_UP + calls):
                responses.append(client.call_cached_api(function, path))
                requests.append(get(path))
            responses, requests = responses[_WARM_UP:], requests[_WARM_UP:]
            sources = {response.cache for response in responses} | {cache for cache, _ in requests}
            if sources != {"HIT"}:
                raise RuntimeError(f"{path} was not always a cache hit")
            result[size] = EndToEnd(
                times([response.wall_ms * 1e3 for response in responses]),
                times([response.function_ms * 1e3 for response in responses]),
                times([duration for _, duration in requests]),
            )
        return result


def _open_url(target: Target, function: str) -> str:
    """Create a public URL of a function and return its host."""
    client = target.client("lambda")
    for action, condition in (
        ("InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        client.add_permission(
            FunctionName=function, StatementId=action, Action=f"lambda:{action}", Principal="*", **condition
        )
    url = client.create_function_url_config(FunctionName=function, AuthType="NONE")["FunctionUrl"]
    return str(urlsplit(url).hostname)


def _http_client(endpoint: str, host: str) -> Callable[[str], tuple[str | None, float]]:
    """Return a function that requests a path of a host; it returns X-Cache and the duration, in µs."""
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=30)

    def get(path: str) -> tuple[str | None, float]:
        started = time.perf_counter()
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        return answer.headers["x-cache"], (time.perf_counter() - started) * 1e6

    return get


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    for measured_size, measured in hits(Path(__file__).parents[1]).items():
        print(f"end to end on the lab, hit {measured_size}: {measured}")
