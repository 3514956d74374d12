"""Changes of the control plane's model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock

from vpcache.lab.aws.scheduler import Scheduler

ScheduleChange = Callable[[float, Callable[[], None]], None]
"""Schedules a change of the model after a delay in seconds."""


class Changes:
    """Serializes changes of the model.

    `reconcile` applies the changed model to the data plane; it may raise.
    """

    def __init__(self, reconcile: Callable[[], None]) -> None:
        self.reconcile = reconcile
        self._lock = Lock()
        self.scheduler = Scheduler("scheduled changes")

    @contextmanager
    def exclusive_lock(self) -> Iterator[None]:
        """Block all other changes inside a `with` block."""
        with self._lock:
            yield

    def schedule(self, seconds: float, change: Callable[[], None]) -> None:
        """Apply a change after a delay in seconds, then reconcile; exceptions are logged."""
        self.scheduler.after(seconds, partial(self._apply, change))

    def _apply(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            self.reconcile()
