"""The lab's daemon: the time until it is ready and until AWS's API answers, and its memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target

STARTS = 9
INVOCATIONS, SETTLED, CONCURRENCY = 10_000, 5_000, 4
"""The number of invocations, of those after which the log of the function is full, and of concurrent ones."""
_BATCH = 500
_FILE_CACHE = Path("/proc/sys/vm/drop_caches")


def measure_starts(lab: Lab, log: Path) -> dict[str, Any]:
    """Start and stop a lab several times; return median seconds, and the memory in MiB of a fresh lab.

    `cold` is the time until the lab is ready if no file is in the kernel's cache, None without the right to
    empty that cache.
    """
    rounds = [_start(lab, log) for _ in range(STARTS)]
    figures = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    return {**figures, "cold": _start(lab, log)["ready"] if _drop_file_cache() else None}


def measure_growth(lab: Lab, invoke: Callable[[], object]) -> dict[str, float]:
    """Return the memory in MiB after many invocations, and its growth since the first settled ones."""
    memory = {}
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        for count in range(_BATCH, INVOCATIONS + 1, _BATCH):
            list(pool.map(lambda _: invoke(), range(_BATCH)))
            memory[count] = lab.daemon_stats().memory_mb
    return {"invoked": memory[INVOCATIONS], "growth": memory[INVOCATIONS] - memory[SETTLED]}


def _start(lab: Lab, log: Path) -> dict[str, float]:
    began = time.perf_counter()
    lab.start(log)
    ready = time.perf_counter() - began
    try:
        lab_target(lab.endpoint, {}).client("ec2").describe_vpcs()
        answered = time.perf_counter() - began
        return {"ready": ready, "answered": answered, "fresh": lab.daemon_stats().memory_mb}
    finally:
        lab.stop()


def _drop_file_cache() -> bool:
    """Empty the kernel's cache of files (proc_sys_vm(5)); return whether that is allowed."""
    with suppress(OSError):
        _FILE_CACHE.write_text("3")
        return True
    return False
