"""What the lab's daemon holds of its machine, to be seen growing if it does."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessStats:
    """What a process holds: resident memory in MiB, open descriptors, and threads."""

    memory_mb: float
    descriptors: int
    threads: int


def process_stats() -> ProcessStats:
    """Return what this process holds, from /proc (proc(5))."""
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return ProcessStats(
        memory_mb=round(resident_pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1,  # one is the listing's own
        threads=threading.active_count(),
    )
