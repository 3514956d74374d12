"""The measurements of a run, each of all contestants in turns, so that the machine's moods hit all alike."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.contestants import Contestant
from bench.rig import Memcached, Origin, employees
from bench.times import Times, percentile, times

SIZES = {"2 KB": "/bytes/2000/hit", "100 KB": "/bytes/100000/hit"}
ROUNDS, BATCH = 200, 20
WARM_UP = 10  # calls at the beginning of a turn that pay for what others left in the processor's caches
_names = (f"{number}" for number in itertools.count())


def hits(contestants: Mapping[str, Contestant], nodes: Sequence[Memcached]) -> dict[str, dict[str, Times]]:
    """Return, by size and contestant, how long a hit takes from the event to the bytes of the answer.

    Nodes and contestants share one processor: they never work at the same time, and a processor that has to
    be woken for each answer, or not, as chance has it, costs more than all that is to be compared. Whose turn
    it is not is stopped: V8 goes on for milliseconds after its answer, at the expense of whoever is next.
    """
    processors = os.sched_getaffinity(0)
    for pinned in (*nodes, *contestants.values()):
        pinned.pin({max(processors)})
    result = {}
    for size, path in SIZES.items():
        nodes[0].put(b"raw:" + path.encode(), employees(int(path.split("/")[2])))
        series: dict[str, list[float]] = {name: [] for name in contestants}
        for contestant in contestants.values():
            contestant.ask(paths=[path] * BATCH)
            contestant.pause()
        for _ in range(ROUNDS):
            for name in random.sample(list(contestants), len(contestants)):
                contestants[name].resume()
                series[name] += contestants[name].ask(paths=[path] * (WARM_UP + BATCH))[WARM_UP:]
                contestants[name].pause()
        for contestant in contestants.values():
            contestant.resume()
        result[size] = {name: times(each) for name, each in series.items()}
    for pinned in (*nodes, *contestants.values()):
        pinned.pin(processors)
    return result


def misses(contestants: Mapping[str, Contestant], rounds: int = 60) -> dict[str, dict[str, Times]]:
    """Return, by size and contestant, how long a call takes that the cache has nothing for."""
    result = {}
    for size in SIZES:
        stem = SIZES[size].rpartition("/")[0]
        series: dict[str, list[float]] = {name: [] for name in contestants}
        for contestant in contestants.values():
            contestant.ask(paths=[f"{stem}/{next(_names)}" for _ in range(3)])
        for _ in range(rounds):
            for name in random.sample(list(contestants), len(contestants)):
                series[name] += contestants[name].ask(paths=[f"{stem}/{next(_names)}"])
        result[size] = {name: times(each) for name, each in series.items()}
    return result


def cold_key(contestants: Mapping[str, Contestant], origin: Origin, callers: int) -> dict[str, int]:
    """Return, by contestant, the origin calls that callers make who ask for one cold key at once."""
    result = {}
    for name, contestant in contestants.items():
        path = f"/bytes/2000/{next(_names)}"
        contestant.ask(paths=[path] * callers, concurrent=True)
        result[name] = origin.calls[path]
    return result


def short_lived(
    contestants: Mapping[str, Contestant], origin: Origin, callers: int, rate: float, seconds: float
) -> dict[str, tuple[int, Times]]:
    """Return, by contestant, the origin calls and the times of callers who ask for one key at a rate."""
    result = {}
    for name, contestant in contestants.items():
        path = f"/bytes/2000/{next(_names)}"
        series = contestant.ask(path=path, callers=callers, rate=rate, seconds=seconds)
        result[name] = origin.calls[path], times(series)
    return result


def imports(folder: Path, rounds: int = 15) -> dict[str, float]:
    """Return the median time, in ms, to import the handler, and bare pymemcache plus powertools.

    `folder` is the bundle, unpacked; nothing else is on the path, as in Lambda.
    """
    bare = "import pymemcache.client.base, aws_lambda_powertools.logging, aws_lambda_powertools.metrics"
    programs = {"handler": "import handler", "pymemcache and powertools": bare}
    series: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(rounds + 1):  # the first writes the byte code
        for name, program in programs.items():
            code = (
                f"import sys, time; sys.path.insert(0, {str(folder)!r}); started = time.perf_counter(); "
                f"{program}; print((time.perf_counter() - started) * 1e3)"
            )
            command = [sys.executable, "-I", "-S", "-c", code]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            if number:
                series[name].append(float(done.stdout))
    return {name: percentile(sorted(each), 0.5) for name, each in series.items()}
