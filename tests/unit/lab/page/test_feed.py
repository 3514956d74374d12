"""The feed of the page: a snapshot, then changes; no reading without subscribers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vpcache.lab.daemon.live.feed import MAX_SUBSCRIBERS, Feed, Subscription, TooManySubscribersError

INTERVAL = 0.01
SECONDS = 10.0


class Readings:
    """Counts its readings; `changed` is what the next ones return."""

    def __init__(self) -> None:
        self.opened = self.closed = self.read = 0
        self.changed: dict[str, Any] = {}
        self.fails = False

    def open(self) -> None:
        self.opened += 1

    def close(self) -> None:
        self.closed += 1

    def snapshot(self) -> dict[str, Any]:
        return {"all": True}

    def changes(self) -> dict[str, Any]:
        self.read += 1
        if self.fails:
            raise RuntimeError("the kernel has no such file")
        return self.changed


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def feed(readings: Readings) -> Feed:
    return Feed(readings, INTERVAL)


def content(event: bytes) -> tuple[str, Any]:
    """Return the kind and the data of an event."""
    fields = dict(line.split(": ", 1) for line in event.decode().strip().splitlines())
    return fields["event"], json.loads(fields["data"])


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(INTERVAL)


@pytest.fixture
def subscription(feed: Feed) -> Iterator[Subscription]:
    subscription = feed.subscribe()
    yield subscription
    subscription.close()


def test_first_event_is_the_snapshot(subscription: Subscription) -> None:
    assert content(next(subscription)) == ("snapshot", {"all": True})


def test_changes_follow_the_snapshot(readings: Readings, subscription: Subscription) -> None:
    next(subscription)
    readings.changed = {"faults": []}
    assert content(next(subscription)) == ("change", {"faults": []})


def test_nothing_is_read_without_subscribers(feed: Feed, readings: Readings) -> None:
    assert (readings.opened, readings.read, feed.is_reading) == (0, 0, False)
    first, second = feed.subscribe(), feed.subscribe()
    assert readings.opened == 1
    wait_until(lambda: readings.read > 1)
    first.close()
    read = readings.read
    wait_until(lambda: readings.read > read)
    second.close()
    wait_until(lambda: not feed.is_reading)
    read = readings.read
    time.sleep(10 * INTERVAL)
    assert (readings.closed, readings.read, feed.subscribers) == (1, read, 0)


def test_feed_starts_again_after_its_end(feed: Feed, readings: Readings) -> None:
    feed.subscribe().close()
    wait_until(lambda: not feed.is_reading)
    subscription = feed.subscribe()
    assert content(next(subscription))[0] == "snapshot"
    assert readings.opened == 2
    subscription.close()
    subscription.close()
    wait_until(lambda: not feed.is_reading)


def test_number_of_subscribers_is_limited(feed: Feed) -> None:
    subscriptions = [feed.subscribe() for _ in range(MAX_SUBSCRIBERS)]
    with pytest.raises(TooManySubscribersError, match="close one of them"):
        feed.subscribe()
    subscriptions.pop().close()
    subscriptions.append(feed.subscribe())
    for each in subscriptions:
        each.close()


def test_subscriber_that_does_not_read_is_removed(feed: Feed, readings: Readings) -> None:
    subscription = feed.subscribe()
    readings.changed = {"traffic": {}}
    wait_until(lambda: feed.subscribers == 0)
    assert sum(1 for _ in subscription) > 1  # it ends
    wait_until(lambda: not feed.is_reading)


def test_failed_reading_ends_all_streams_and_is_logged(
    feed: Feed, readings: Readings, caplog: pytest.LogCaptureFixture
) -> None:
    subscription = feed.subscribe()
    readings.fails = True
    assert [content(event)[0] for event in subscription] == ["snapshot"]
    wait_until(lambda: not feed.is_reading)
    assert "the page could not be updated" in caplog.text
    assert readings.closed == 1
