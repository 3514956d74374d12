"""When the daemon returns free memory, and that it does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vpcache.lab.daemon.memory import Work

_FREE_BLOCKS = """
from vpcache.lab.daemon.memory import trim, use_one_heap
from vpcache.lab.daemon.process_stats import process_stats

use_one_heap()
blocks = [bytes(1000) for _ in range(40_000)]
last = bytes(1000)  # after all others in the heap, so that glibc returns none of them
blocks.clear()
before = process_stats().memory_mb
trim()
print(before - process_stats().memory_mb)
"""


@pytest.mark.parametrize(
    ("readings", "ends"),
    [
        ([0.0, 0.0, 0.0], [False, False, False]),
        ([1.0, 1.05, 1.05], [False, True, False]),  # busy, idle, still idle
        ([1.0, 2.0, 3.0], [False, False, False]),
        ([1.0, 1.01, 1.02, 2.0, 2.01], [False, True, False, False, True]),
        ([0.06, 0.12, 0.18], [False, True, False]),  # little in each interval, but much in all
    ],
)
def test_work_ends_once_the_cpu_is_idle(readings: list[float], ends: list[bool]) -> None:
    work = Work()
    assert [work.has_ended(each) for each in readings] == ends


def test_trim_returns_free_memory() -> None:
    interpreter = subprocess.run(
        [sys.executable, "-c", _FREE_BLOCKS], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(interpreter.stdout) > 20  # MiB, of 40
