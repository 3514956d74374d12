"""The same hit end to end: an applied stack on a lab of the bench's own, invoked as any client would."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.times import Times, times
from vpcache.functions import FunctionClient
from vpcache.project import Project
from vpcache.stack.target import LAB
from vpcache.testing.run import Run, new_run_folder

_PATHS = {"2 KB": "/employees", "100 KB": "/employees/archive"}
_WARM_UP = 20


@dataclass(frozen=True)
class EndToEnd:
    """Times of a hit: from invoke to answer at the caller, and of the function by its REPORT line."""

    caller: Times
    function: Times


def hits(root: Path, calls: int = 300) -> dict[str, EndToEnd]:
    """Return the times by size. Raises RuntimeError if an answer was not from the cache."""
    project, run = Project(root), Run(new_run_folder(), LAB)
    with ExitStack() as scope:
        scope.enter_context(run.joined(_say))
        scope.callback(run.clean_up)
        scope.callback(run.end, _say, skip_destroy=True)
        stack = run.stack(root / "envs/dev", {"bundles": project.bundles()}, project.work_dir)
        outputs = stack.outputs()
        client = FunctionClient(run.target())
        result = {}
        for size, path in _PATHS.items():
            answers = [client.call_cached_api(outputs["cached_api"], path) for _ in range(_WARM_UP + calls)][
                _WARM_UP:
            ]
            if {answer.source for answer in answers} != {"cache"}:
                raise RuntimeError(f"{path} was not always answered by the cache")
            result[size] = EndToEnd(
                times([answer.wall_ms * 1e3 for answer in answers]),
                times([answer.function_ms * 1e3 for answer in answers]),
            )
        return result


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
