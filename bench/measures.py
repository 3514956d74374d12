"""The benchmarks of a run. Candidates take turns, so that changes of the machine's load affect all alike."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.candidates import Candidate
from bench.rig import Memcached, Origin, employees
from bench.times import Times, percentile, times

SIZES = {"2 KB": "/bytes/2000/hit", "100 KB": "/bytes/100000/hit"}
ROUNDS, BATCH = 200, 20
WARM_UP = 10  # unmeasured calls at the beginning of a turn, which fill the processor's caches
_names = (f"{number}" for number in itertools.count())


def hits(candidates: Mapping[str, Candidate], nodes: Sequence[Memcached]) -> dict[str, dict[str, Times]]:
    """Return, by size and candidate, the time of a hit from the event to the bytes of the response.

    Nodes and candidates share one processor. They never run at the same time, and the time to wake an idle
    processor varies by more than the differences to be measured. Candidates are stopped outside their turn,
    as V8 goes on working for milliseconds after a response.
    """
    processors = os.sched_getaffinity(0)
    processes: list[Memcached | Candidate] = [*nodes, *candidates.values()]
    for process in processes:
        process.pin({max(processors)})
    result = {}
    for size, path in SIZES.items():
        nodes[0].put(b"raw:" + path.encode(), employees(int(path.split("/")[2])))
        series: dict[str, list[float]] = {name: [] for name in candidates}
        for candidate in candidates.values():
            candidate.execute(paths=[path] * BATCH)
            candidate.pause()
        for _ in range(ROUNDS):
            for name in random.sample(list(candidates), len(candidates)):
                candidates[name].resume()
                series[name] += candidates[name].execute(paths=[path] * (WARM_UP + BATCH))[WARM_UP:]
                candidates[name].pause()
        for candidate in candidates.values():
            candidate.resume()
        result[size] = {name: times(durations) for name, durations in series.items()}
    for process in processes:
        process.pin(processors)
    return result


def misses(candidates: Mapping[str, Candidate], rounds: int = 60) -> dict[str, dict[str, Times]]:
    """Return, by size and candidate, the time of a miss."""
    result = {}
    for size in SIZES:
        stem = SIZES[size].rpartition("/")[0]
        series: dict[str, list[float]] = {name: [] for name in candidates}
        for candidate in candidates.values():
            candidate.execute(paths=[f"{stem}/{next(_names)}" for _ in range(3)])
        for _ in range(rounds):
            for name in random.sample(list(candidates), len(candidates)):
                series[name] += candidates[name].execute(paths=[f"{stem}/{next(_names)}"])
        result[size] = {name: times(durations) for name, durations in series.items()}
    return result


def cold_key(candidates: Mapping[str, Candidate], origin: Origin, callers: int) -> dict[str, int]:
    """Return, by candidate, the number of origin calls when callers request one cold key at once."""
    result = {}
    for name, candidate in candidates.items():
        path = f"/bytes/2000/{next(_names)}"
        candidate.execute(paths=[path] * callers, concurrent=True)
        result[name] = origin.calls[path]
    return result


def short_lived(
    candidates: Mapping[str, Candidate], origin: Origin, callers: int, rate: float, seconds: float
) -> dict[str, tuple[int, Times]]:
    """Return, by candidate, origin calls and response times when callers request one key at a rate."""
    result = {}
    for name, candidate in candidates.items():
        path = f"/bytes/2000/{next(_names)}"
        series = candidate.execute(path=path, callers=callers, rate=rate, seconds=seconds)
        result[name] = origin.calls[path], times(series)
    return result


def imports(folder: Path, rounds: int = 15) -> dict[str, float]:
    """Return the median import time, in ms, of the handler, and of pymemcache plus powertools alone.

    `folder` contains the unpacked bundle; nothing else is on the path, as in Lambda.
    """
    bare = "import pymemcache.client.base, aws_lambda_powertools.logging, aws_lambda_powertools.metrics"
    programs = {"handler": "import handler", "pymemcache and powertools": bare}
    series: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):  # the first round writes the byte code
        for name, program in programs.items():
            code = (
                f"import sys, time; sys.path.insert(0, {str(folder)!r}); started = time.perf_counter(); "
                f"{program}; print((time.perf_counter() - started) * 1e3)"
            )
            command = [sys.executable, "-I", "-S", "-c", code]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            if number:
                series[name].append(float(done.stdout))
    return {name: percentile(sorted(durations), 0.5) for name, durations in series.items()}
