"""Log events of several log groups in the order of their time, from CloudWatch Logs."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.logs.sources import LogSource
from vpcache.stack.target import Target

OVERLAP_MS = 30_000
"""How much later than a newer event an event may arrive and still be found by a follower. The environments
of a function deliver their events independently, and CloudWatch Logs orders them by the time of their origin:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""
_NO_PATTERN = ("InvalidParameterException", "NotImplemented")  # the latter is the lab's


@dataclass(frozen=True)
class LogEvent:
    """A log event: times are in milliseconds since 1970, UTC. `id` is unique in its log group."""

    source: LogSource
    stream: str
    id: str
    timestamp: int
    ingested: int
    message: str

    @property
    def time(self) -> str:
        """The time of its origin, ISO 8601 with milliseconds, UTC."""
        time = datetime.fromtimestamp(self.timestamp / 1000, UTC)
        return time.isoformat("T", "milliseconds").replace("+00:00", "Z")

    def order(self) -> tuple[int, int]:
        """Return the key by which CloudWatch Logs sorts events."""
        return self.timestamp, self.ingested


@dataclass
class LogReader:
    """Reads events of log groups; `pattern` is a filter pattern of CloudWatch Logs, empty for all events.

    `notice` receives one line for each log group that does not exist, once.
    """

    target: Target
    sources: Sequence[LogSource]
    pattern: str
    notice: Callable[[str], None]
    _absent: set[str] = field(default_factory=set)

    def since(self, start: int, source: LogSource) -> Iterator[LogEvent]:
        """Yield the events of a source since `start` in the order of their time.

        An empty page may have a successor: pagination ends without a token. Events of all streams of the
        group are interleaved.
        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        client = self.target.client("logs")
        request: dict[str, Any] = {"logGroupName": source.group, "startTime": start}
        if self.pattern:
            request["filterPattern"] = self.pattern
        try:
            for page in client.get_paginator("filter_log_events").paginate(**request):
                for event in page["events"]:
                    yield _event(source, event)
        except client.exceptions.ResourceNotFoundException:
            if source.group not in self._absent:
                self._absent.add(source.group)
                self.notice(f"log group {source.group} does not exist yet; {source.name} has written no log")
        except client.exceptions.ClientError as error:
            if self.pattern and error.response["Error"]["Code"] in _NO_PATTERN:
                reason = error.response["Error"]["Message"]
                raise VpcacheError(f"--filter is '{self.pattern}': {reason}") from error
            raise

    def merged(self, start: int) -> Iterator[LogEvent]:
        """Yield the events of all sources since `start` in the order of their time."""
        return merged(self.since(start, source) for source in self.sources)


def merged(streams: Iterable[Iterable[LogEvent]]) -> Iterator[LogEvent]:
    """Merge streams of events that are sorted by their time. Pure."""
    return heapq.merge(*streams, key=LogEvent.order)


@dataclass(frozen=True)
class Position:
    """How far a follower has read a log group: the start of its next request, and events since that time.

    The last time stamp alone would lose events with the same or an earlier time that arrive later, and repeat
    those that were there before. Events are recognised by their ID.
    """

    start: int
    seen: frozenset[tuple[str, int]] = frozenset()

    def new(self, events: Iterable[LogEvent]) -> list[LogEvent]:
        """Return the events that were not seen."""
        known = {id for id, _ in self.seen}
        return [event for event in events if event.id not in known]

    def after(self, events: Iterable[LogEvent]) -> Position:
        """Return the position after these events, at least `OVERLAP_MS` before the newest of all."""
        seen = self.seen | {(event.id, event.timestamp) for event in events}
        newest = max((timestamp for _, timestamp in seen), default=self.start)
        start = max(self.start, newest - OVERLAP_MS)
        return Position(start, frozenset(item for item in seen if item[1] >= start))


@dataclass
class Follower:
    """Polls log groups for events that it has not returned before."""

    reader: LogReader
    positions: dict[LogSource, Position]

    @classmethod
    def since(cls, reader: LogReader, start: int) -> Follower:
        """Return a follower that begins with the events since `start`."""
        return cls(reader, {source: Position(start) for source in reader.sources})

    def poll(self) -> list[LogEvent]:
        """Return the new events of all sources in the order of their time."""
        found = {}
        for source, position in self.positions.items():
            found[source] = position.new(self.reader.since(position.start, source))
            self.positions[source] = position.after(found[source])
        return list(merged(found.values()))


def _event(source: LogSource, event: dict[str, Any]) -> LogEvent:
    return LogEvent(
        source=source,
        stream=event["logStreamName"],
        id=event["eventId"],
        timestamp=event["timestamp"],
        ingested=event["ingestionTime"],
        message=event["message"].rstrip("\n"),
    )
