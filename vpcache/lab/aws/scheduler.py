"""What is to be done later."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

_log = logging.getLogger(__name__)


class Timetable:
    """Does things at their time, one after the other, in a thread that is there while anything is due."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._is_running = False

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something in so many seconds; what it raises is logged."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), action))
            self._changed.notify()
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while action := self._next():
            try:
                action()
            except Exception:
                _log.exception("%s: %r failed", self._name, action)

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while self._due:
                wait = self._due[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            self._is_running = False
            return None
