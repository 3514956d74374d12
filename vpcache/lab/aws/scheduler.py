"""A scheduler for delayed actions."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

from vpcache.lab.aws.clock import Instant

_log = logging.getLogger(__name__)

_Entry = tuple[float, int, Callable[[], None]]
"""When an action is due, on the monotonic clock, a tie breaker, and the action."""


class Scheduler:
    """Runs delayed actions one after the other, in a thread that exists only while actions are pending."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pending: list[_Entry] = []  # a heap
        self._current: _Entry | None = None
        self._tie_breakers = count()
        self._changed = threading.Condition()
        self._is_running = False

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Run an action after a delay in seconds; exceptions are logged."""
        with self._changed:
            heapq.heappush(self._pending, (time.monotonic() + seconds, next(self._tie_breakers), action))
            self._changed.notify()
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def pending(self) -> list[tuple[Instant, Callable[[], None]]]:
        """Return the actions that have not ended, and when they are due, the next one first.

        The current one may wait for a lock of the caller. It may also have ended in this moment.
        """
        with self._changed:
            current = [self._current] if self._current else []
            return [(Instant(due), action) for due, _, action in sorted([*current, *self._pending])]

    def _run(self) -> None:
        while action := self._next_action():
            try:
                action()
            except Exception:
                _log.exception("%s: %r failed", self._name, action)

    def _next_action(self) -> Callable[[], None] | None:
        """Wait for the next due action and return it; return None if no action is pending."""
        with self._changed:
            self._current = None
            while self._pending:
                delay = self._pending[0][0] - time.monotonic()
                if delay <= 0:
                    self._current = heapq.heappop(self._pending)
                    return self._current[2]
                self._changed.wait(delay)
            self._is_running = False
            return None
