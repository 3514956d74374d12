"""Changes of the control plane's model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vpcache.lab.aws.scheduler import Timetable

Later = Callable[[float, Callable[[], None]], None]
"""Makes a change of the model in so many seconds."""


class Changes:
    """Lets one change happen at a time. `reconcile` tells the data plane of it, and may raise."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self.reconcile = settle
        self._lock = threading.Lock()
        self._timetable = Timetable("later changes")

    @contextmanager
    def exclusive_lock(self) -> Iterator[None]:
        """Let no other change happen inside a `with` block."""
        with self._lock:
            yield

    def later(self, seconds: float, change: Callable[[], None]) -> None:
        """Make a change in so many seconds, and settle it; what is raised is logged."""
        self._timetable.after(seconds, lambda: self._make(change))

    def _make(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            self.reconcile()
