"""The daemon's memory: what the C library keeps for later is returned to the kernel when the lab is idle.

https://man7.org/linux/man-pages/man3/malloc_trim.3.html
"""

from __future__ import annotations

import ctypes
import threading
import time

_INTERVAL = 5.0  # seconds between looks at the process's CPU time
_IDLE = 0.02
"""The share of CPU time below which the lab is idle."""
_M_ARENA_MAX = -8
"""mallopt(3): the number of heaps. By default, each thread may get one, whose free memory the others lack."""
_M_MMAP_THRESHOLD = -3
"""mallopt(3): the bytes from which on a block is outside the heap, so that its end returns it to the kernel.

glibc's own value is the same, but each freed block raises it to its size.
"""
_BLOCK = 128 << 10

_libc = ctypes.CDLL(None)


class Trimming:
    """Returns free memory after each period of work, as soon as the lab is idle."""

    def start(self) -> None:
        """Begin; for the life of the process."""
        threading.Thread(target=self._run, name="memory", daemon=True).start()

    def _run(self) -> None:
        before, has_worked = time.process_time(), True
        while True:
            time.sleep(_INTERVAL)
            now = time.process_time()
            is_idle, before = now - before < _IDLE * _INTERVAL, now
            if is_idle and has_worked:
                trim()
            has_worked = not is_idle


def use_one_heap() -> None:
    """Make all threads allocate from one heap, without large blocks. Call it before the first thread starts."""
    if hasattr(_libc, "mallopt"):  # of glibc
        _libc.mallopt(_M_ARENA_MAX, 1)
        _libc.mallopt(_M_MMAP_THRESHOLD, _BLOCK)


def trim() -> None:
    """Return the free memory of the heap to the kernel."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)
