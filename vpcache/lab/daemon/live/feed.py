"""Server-sent events: a snapshot of the lab, then its changes, for each open page.

https://html.spec.whatwg.org/multipage/server-sent-events.html

A thread reads the lab once a second while there are subscribers, and ends with the last one.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Iterator
from typing import Any, Protocol

from vpcache.lab.errors import LabError

MAX_SUBSCRIBERS = 8
_INTERVAL = 1.0  # seconds between readings
_BEAT = 2.0  # seconds of silence after which a comment shows whether the client is still there
_RETRY_MS = 2000  # after which a browser connects again
_WAITING_EVENTS = 60  # of a client that does not read; more end its stream
_log = logging.getLogger(__name__)


class Readings(Protocol):
    """What the feed reads: see `Observer`."""

    def open(self) -> None:
        """Begin with a first reading."""

    def close(self) -> None:
        """Free all resources."""

    def snapshot(self) -> dict[str, Any]:
        """Return all."""

    def changes(self) -> dict[str, Any]:
        """Return what changed since the last reading."""


class TooManySubscribersError(LabError):
    """There are MAX_SUBSCRIBERS subscribers already."""


class Subscription:
    """The events of one subscriber, as the bytes of a response; `close` unsubscribes."""

    def __init__(self, feed: Feed, first: bytes) -> None:
        self._feed = feed
        self._events: queue.Queue[bytes | None] = queue.Queue(_WAITING_EVENTS)
        self._events.put(first)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            event = self._events.get(timeout=_BEAT)
        except queue.Empty:
            return b": beat\n\n"
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """Unsubscribe. The server calls it at the end of each response."""
        self._feed.remove(self)

    def put(self, event: bytes | None) -> bool:
        """Add an event, None for the end; return whether there was room for it."""
        try:
            self._events.put_nowait(event)
        except queue.Full:
            return False
        return True

    def end(self) -> None:
        """End the stream after at most one more event."""
        while not self.put(None):
            self._events.get_nowait()


class Feed:
    """Sends the readings to all subscribers. For several threads."""

    def __init__(self, readings: Readings, interval: float = _INTERVAL) -> None:
        self._readings = readings
        self._interval = interval
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._subscriptions: list[Subscription] = []
        self._thread: threading.Thread | None = None

    @property
    def subscribers(self) -> int:
        """The number of subscribers."""
        return len(self._subscriptions)

    @property
    def is_reading(self) -> bool:
        """Whether the thread runs that reads the lab."""
        return self._thread is not None

    def subscribe(self) -> Subscription:
        """Return a new subscription. Raises TooManySubscribersError."""
        with self._lock:
            if len(self._subscriptions) >= MAX_SUBSCRIBERS:
                raise TooManySubscribersError(
                    f"{MAX_SUBSCRIBERS} pages show this lab already: close one of them"
                )
            if self._thread is None:
                self._open()
                self._thread = threading.Thread(target=self._run, name="page", daemon=True)
                self._thread.start()
            self._left.clear()
            first = f"retry: {_RETRY_MS}\n".encode() + event("snapshot", self._readings.snapshot())
            subscription = Subscription(self, first)
            self._subscriptions.append(subscription)
            return subscription

    def remove(self, subscription: Subscription) -> None:
        """Remove a subscription; the reading ends with the last one."""
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
            if not self._subscriptions:
                self._left.set()

    def _open(self) -> None:
        try:
            self._readings.open()
        except BaseException:
            self._readings.close()
            raise

    def _run(self) -> None:
        while True:
            self._left.wait(self._interval)
            with self._lock:
                try:
                    if self._subscriptions:
                        self._send(self._readings.changes())
                except Exception:
                    _log.exception("the page could not be updated")
                    self._end_all()
                if not self._subscriptions:
                    self._readings.close()
                    self._thread = None
                    return

    def _send(self, changes: dict[str, Any]) -> None:
        if not changes:
            return
        text = event("change", changes)
        for subscription in list(self._subscriptions):
            if not subscription.put(text):
                subscription.end()
                self._subscriptions.remove(subscription)

    def _end_all(self) -> None:
        for subscription in self._subscriptions:
            subscription.end()
        self._subscriptions.clear()


def event(kind: str, content: dict[str, Any]) -> bytes:
    """Return an event with JSON as its data, which is one line."""
    return f"event: {kind}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode()
