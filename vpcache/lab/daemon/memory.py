"""The daemon's memory: what the C library keeps for later is returned to the kernel when the lab is idle.

https://man7.org/linux/man-pages/man3/malloc_trim.3.html
"""

from __future__ import annotations

import ctypes
import threading
import time

_INTERVAL = 5.0  # seconds between readings of the process's CPU time
_IDLE = 0.1
"""Seconds of CPU time per interval below which the lab is idle."""
_M_ARENA_MAX = -8
"""mallopt(3): the number of heaps. By default, each thread may get one, whose free memory the others lack."""
_M_MMAP_THRESHOLD = -3
"""mallopt(3): the bytes from which on a block is outside the heap, so that its end returns it to the kernel.

glibc's own value is the same, but each freed block raises it to its size.
"""
_BLOCK = 128 << 10

_libc = ctypes.CDLL(None)


class Work:
    """Finds the ends of periods of work in readings of the CPU time, in seconds, at equal intervals."""

    def __init__(self) -> None:
        self._last = self._end = 0.0

    def has_ended(self, cpu: float) -> bool:
        """Return whether the lab has worked and is idle since the last reading; true once for a period."""
        used, self._last = cpu - self._last, cpu
        if used >= _IDLE or cpu - self._end < _IDLE:
            return False
        self._end = cpu
        return True


def trim_when_idle() -> None:
    """Return free memory after each period of work, in a thread."""

    def run() -> None:
        work = Work()
        while True:
            time.sleep(_INTERVAL)
            if work.has_ended(time.process_time()):
                trim()

    threading.Thread(target=run, name="memory", daemon=True).start()


def use_one_heap() -> None:
    """Make all threads allocate from one heap, without large blocks. Call it before a thread starts."""
    if hasattr(_libc, "mallopt"):  # of glibc
        _libc.mallopt(_M_ARENA_MAX, 1)
        _libc.mallopt(_M_MMAP_THRESHOLD, _BLOCK)


def trim() -> None:
    """Return the free memory of the heap to the kernel."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
