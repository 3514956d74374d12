"""Eventually consistent lists, as in IAM and Lambda."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from vpcache.lab.aws.clock import Instant

T = TypeVar("T")


class ListingLag(Generic[T]):
    """Tracks the new members that a list does not show yet and the deleted ones that it still shows.

    IAM and Lambda are eventually consistent: a list and a read of one of its members may disagree.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """

    def __init__(self, lag_ms: Callable[[], int]) -> None:
        self._lag_ms = lag_ms
        self._created: dict[str, Instant] = {}  # name -> time from which the list shows the member
        self._deleted: dict[
            str, tuple[Instant, T]
        ] = {}  # name -> time until which it is shown, and its entry
        self._lock = threading.Lock()

    def created(self, name: str) -> None:
        """Record a new member."""
        with self._lock:
            self._created[name] = self._lag_end()

    def deleted(self, name: str, entry: T) -> None:
        """Record the deletion of a member; the list shows `entry` until the lag is over."""
        with self._lock:
            was_listed = self._created.pop(name, 0.0) <= time.monotonic()
            if was_listed and self._lag_ms():
                self._deleted[name] = (self._lag_end(), entry)

    def is_hidden(self, name: str) -> bool:
        """Return whether the list does not show a member yet."""
        with self._lock:
            return self._created.get(name, 0.0) > time.monotonic()

    def deleted_members(self) -> dict[str, T]:
        """Return the entries of deleted members that the list still shows, by name."""
        now = time.monotonic()
        with self._lock:
            self._created = {name: end for name, end in self._created.items() if end > now}
            self._deleted = {name: (end, entry) for name, (end, entry) in self._deleted.items() if end > now}
            return {name: entry for name, (_, entry) in self._deleted.items()}

    def saved_state(self) -> dict[str, Any]:
        """Return the state for a snapshot: the members whose lag is not over."""
        self.deleted_members()
        return vars(self)

    def _lag_end(self) -> Instant:
        return Instant.after(self._lag_ms() / 1000)
