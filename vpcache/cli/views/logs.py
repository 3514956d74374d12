"""The command for the logs of a stack's functions."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from invoke.exceptions import Exit

from vpcache.cli.console import print_notice, user_errors
from vpcache.cli.stack import chosen_stack
from vpcache.cli.target_choice import TargetChoice
from vpcache.errors import VpcacheError
from vpcache.logs.events import Follower, LogEvent, LogReader
from vpcache.logs.sources import LogSource, chosen_sources, log_sources

_SINCE = re.compile(r"([0-9]+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_SINCE = timedelta(days=365)
_POLL_SECONDS = 2.0
"""CloudWatch Logs allows 25 FilterLogEvents requests a second in most regions, and five in the others:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""
_INTERRUPTED = 130  # the exit status of a shell after Ctrl-C, also that of `tail -f`
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class LogOptions:
    """The options of the task as typed, empty if omitted."""

    function: str
    since: str
    pattern: str
    follow: bool


@user_errors
def logs(
    root: Path, environment: str, target: TargetChoice, name: str, options: LogOptions, *, as_json: bool
) -> None:
    """Print the log lines of a stack's functions, with `follow` until Ctrl-C."""
    duration = parse_duration(options.since)
    start = int((time.time() - duration.total_seconds()) * 1000)
    stack = chosen_stack(root, environment, target, name)
    sources = chosen_sources(log_sources(stack.written_state(), stack.name), options.function, stack.name)
    reader = LogReader(stack.target, sources, options.pattern, print_notice)
    line = _line_writer(sources, as_json=as_json, with_date=duration > timedelta(days=1))
    if options.follow:
        _follow(Follower.since(reader, start), line)
        return
    if not _print(reader.merged(start), line):
        pattern = f" that match '{options.pattern}'" if options.pattern else ""
        print_notice(f"no log lines{pattern} in the last {options.since}; use a longer --since")


def parse_duration(text: str) -> timedelta:
    """Return a duration such as 90s, 10m, 2h or 7d. Raises VpcacheError for any other text."""
    found = _SINCE.fullmatch(text)
    if found is None or not int(found[1]):
        raise VpcacheError(f"--since is '{text}': must be a number with the unit s, m, h or d, e.g. 10m")
    if len(found[1]) > 8 or (duration := timedelta(**{_UNITS[found[2]]: int(found[1])})) > _MAX_SINCE:
        raise VpcacheError(f"--since is '{text}': must be at most {_MAX_SINCE.days}d")
    return duration


def _follow(follower: Follower, line: Callable[[LogEvent], str]) -> None:
    try:
        while True:
            _print(follower.poll(), line)
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        raise Exit(code=_INTERRUPTED) from None


def _print(events: Iterable[LogEvent], line: Callable[[LogEvent], str]) -> int:
    """Print events and return their number. Each poll is flushed: a reader of a pipe gets it at once."""
    count = 0
    for event in events:
        print(line(event))
        count += 1
    sys.stdout.flush()
    return count


def _line_writer(
    sources: Iterable[LogSource], *, as_json: bool, with_date: bool
) -> Callable[[LogEvent], str]:
    if as_json:
        return _json_line
    width = max(len(source.label) for source in sources)
    return lambda event: text_line(event, width=width, with_date=with_date)


def text_line(event: LogEvent, *, width: int, with_date: bool) -> str:
    """Return an event as a line: time (UTC), function, zone or the start of the stream's ID, message.

    Control characters are escaped: a message may contain what a caller of the function sent.
    """
    moment = event.time if with_date else event.time[11:-1]
    place = event.source.zone or short_stream(event.stream)
    message = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", event.message)
    return f"{moment} {event.source.label:<{width}} {place} {message}"


def short_stream(stream: str) -> str:
    """Return the first digits of the ID in a stream's name, e.g. `2026/01/31/[$LATEST]0123456789abcdef`."""
    return stream.rpartition("]")[2][:8]


def _json_line(event: LogEvent) -> str:
    return json.dumps(
        {
            "time": event.time,
            "function": event.source.name,
            "zone": event.source.zone or None,
            "log_group": event.source.group,
            "stream": event.stream,
            "id": event.id,
            "message": event.message,
        }
    )
