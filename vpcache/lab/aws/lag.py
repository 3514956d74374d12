"""Lists that lag behind, as those of IAM and Lambda do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ListingLag(Generic[T]):
    """Which members of a collection a list does not show yet, and which deleted ones it still shows.

    IAM and Lambda are eventually consistent: a list and a read of one of its members may disagree.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """

    def __init__(self, lag_ms: Callable[[], int]) -> None:
        self._lag_ms = lag_ms
        self._created: dict[str, float] = {}  # name -> when the list shows it
        self._deleted: dict[str, tuple[float, T]] = {}  # name -> when the list drops it, and what it shows
        self._lock = threading.Lock()

    def created(self, name: str) -> None:
        """Note a new member."""
        with self._lock:
            self._created[name] = self._end()

    def deleted(self, name: str, shown: T) -> None:
        """Note that a member is gone; the list goes on showing it as `shown`."""
        with self._lock:
            was_shown = self._created.pop(name, 0.0) <= time.monotonic()
            if was_shown and self._lag_ms():
                self._deleted[name] = (self._end(), shown)

    def hides(self, name: str) -> bool:
        """Tell whether the list does not show a member yet."""
        with self._lock:
            return self._created.get(name, 0.0) > time.monotonic()

    def still_shown(self) -> dict[str, T]:
        """Return what the list shows of deleted members, by name."""
        now = time.monotonic()
        with self._lock:
            self._created = {name: end for name, end in self._created.items() if end > now}
            self._deleted = {name: each for name, each in self._deleted.items() if each[0] > now}
            return {name: shown for name, (_, shown) in self._deleted.items()}

    def _end(self) -> float:
        return time.monotonic() + self._lag_ms() / 1000
