"""Resource usage of the lab's daemon, so that a leak shows."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessStats:
    """A process's resident memory in MiB, and its numbers of open descriptors and threads."""

    memory_mb: float
    descriptors: int
    threads: int


def process_stats() -> ProcessStats:
    """Return the resource usage of this process, from /proc (proc(5))."""
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return ProcessStats(
        memory_mb=round(resident_pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1,  # one is of this listing
        threads=threading.active_count(),
    )
