"""Reading and following log groups of an emulated CloudWatch Logs."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from tests.support.served.region import Region, unique
from vpcache.errors import VpcacheError
from vpcache.logs.events import Follower, LogReader
from vpcache.logs.sources import LogSource
from vpcache.stack.target import Target


class Account:
    """Two log groups: `first` exists, `second` is created later."""

    def __init__(self, region: Region) -> None:
        self.logs = region.client("logs")
        names = [unique("first"), unique("second")]
        self.sources = [LogSource(f"/aws/lambda/{name}", name, name) for name in names]
        self.create(self.sources[0])
        self.notices: list[str] = []
        self.now = int(time.time() * 1000)
        self._target = cast("Target", region)

    def create(self, source: LogSource) -> None:
        """Create the group of a source, with two streams."""
        self.logs.create_log_group(logGroupName=source.group)
        for stream in ("one", "two"):
            self.logs.create_log_stream(logGroupName=source.group, logStreamName=stream)

    def write(self, source: LogSource, message: str, offset: int = 0, stream: str = "one") -> None:
        """Write an event with a time of now and `offset` in milliseconds."""
        events = [{"timestamp": self.now + offset, "message": message}]
        self.logs.put_log_events(logGroupName=source.group, logStreamName=stream, logEvents=events)

    def reader(self, pattern: str = "") -> LogReader:
        """Return a reader of both groups."""
        return LogReader(self._target, self.sources, pattern, self.notices.append)

    def follower(self) -> Follower:
        """Return a follower since a minute ago."""
        return Follower.since(self.reader(), self.now - 60_000)


@pytest.fixture
def account(region: Region) -> Account:
    return Account(region)


def messages(events: Any) -> list[str]:
    return [event.message for event in events]


def test_missing_group_is_noted_once_and_read_when_it_exists(account):
    follower, second = account.follower(), account.sources[1]
    assert (follower.poll(), follower.poll()) == ([], [])
    assert account.notices == [
        f"log group {second.group} does not exist yet; {second.name} has written no log"
    ]
    account.create(second)
    account.write(second, "begun")
    assert messages(follower.poll()) == ["begun"]


def test_follower_returns_late_and_equal_times_once(account):
    follower, first = account.follower(), account.sources[0]
    account.write(first, "a")
    assert messages(follower.poll()) == ["a"]
    account.write(first, "same time", stream="two")
    account.write(first, "late", offset=-20_000, stream="two")
    assert messages(follower.poll()) == ["late", "same time"]
    assert follower.poll() == []


def test_groups_are_merged_and_filtered(account):
    first, second = account.sources
    account.create(second)
    for offset, source in enumerate((second, first, second)):
        account.write(source, f"ERROR {offset}", offset)
    account.write(first, "INFO", 1)
    assert messages(account.reader("ERROR").merged(account.now)) == ["ERROR 0", "ERROR 1", "ERROR 2"]
    assert account.notices == []


def test_invalid_pattern_is_named(account):
    with pytest.raises(VpcacheError, match=r"--filter is '\{ \$\.x = 1 \}': .* The filterPattern"):
        list(account.reader("{ $.x = 1 }").merged(account.now))
