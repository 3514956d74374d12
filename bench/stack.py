"""The end-to-end time of a hit: a stack on a dedicated lab, invoked by the API."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.times import Times, times
from vpcache.functions import FunctionClient
from vpcache.project import Project
from vpcache.stack.target import LAB
from vpcache.testing.run import PytestRun, new_run_folder

_PATHS = {"2 KB": "/employees", "100 KB": "/employees/archive"}
_WARM_UP = 20


@dataclass(frozen=True)
class EndToEnd:
    """Times of a hit: at the caller, and of the function by its REPORT line."""

    caller: Times
    function: Times


def hits(root: Path, calls: int = 300) -> dict[str, EndToEnd]:
    """Return the times by size. Raises RuntimeError if a response was not from the cache."""
    project, run = Project(root), PytestRun(new_run_folder(), LAB)
    with ExitStack() as scope:
        scope.enter_context(run.joined(_log))
        scope.callback(run.clean_up)
        scope.callback(run.end, _log, skip_destroy=True)
        stack = run.stack(root / "envs/dev", {"bundles": project.bundles()}, project.work_dir)
        outputs = stack.outputs()
        client = FunctionClient(run.target())
        result = {}
        for size, path in _PATHS.items():
            responses = [
                client.call_cached_api(outputs["cached_api"], path) for _ in range(_WARM_UP + calls)
            ][_WARM_UP:]
            if {response.source for response in responses} != {"cache"}:
                raise RuntimeError(f"{path} was not always a cache hit")
            result[size] = EndToEnd(
                times([response.wall_ms * 1e3 for response in responses]),
                times([response.function_ms * 1e3 for response in responses]),
            )
        return result


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
