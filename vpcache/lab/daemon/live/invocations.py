"""What functions do: counts, durations and the newest log lines, by function, from each invocation."""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from vpcache.lab.functions.spec import Event, FunctionRunner, FunctionSpec, Invocation

KEPT_LINES = 200
"""The newest log lines of a function that are kept, and the durations of which the median is taken."""
_MAX_FUNCTIONS = 500
_MAX_MESSAGE = 4000  # characters of a log line
_MAX_PAYLOAD = 4000  # bytes of an event that is kept
_EDGE = 512  # bytes at either end of an answer, which have its headers
_CACHE_STATE = re.compile(rb'"x-cache"\s*:\s*"(hit|miss|bypass|stale)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LogLine:
    """An event of a function's log; `seq` numbers the lines of all functions, `time` is in ms (epoch)."""

    seq: int
    function: str  # ARN without version
    time: int
    message: str


@dataclass(slots=True)
class _Activity:
    invocations: int = 0
    errors: int = 0
    running: int = 0
    states: dict[str, int] = field(default_factory=lambda: {"hits": 0, "misses": 0, "stale": 0})
    durations: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))  # ms
    lines: deque[LogLine] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    last_payload: str | None = None

    def figures(self) -> dict[str, Any]:
        """Return the figures of a function in the form of the page."""
        durations = list(self.durations)
        return {
            "invocations": self.invocations,
            "errors": self.errors,
            "running": self.running,
            "p50_ms": round(statistics.median(durations), 2) if durations else None,
            **self.states,
            "last_payload": self.last_payload,
        }


class WatchedRunner:
    """A `FunctionRunner` that passes all calls on to `runner`, and keeps what invocations did.

    That costs an invocation some microseconds, whether or not anybody looks. The memory is bounded: 200 lines
    of each of 500 functions.
    """

    def __init__(self, runner: FunctionRunner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        self._activities: OrderedDict[str, _Activity] = OrderedDict()
        self._changes = 0
        self._lines = 0

    @property
    def changes(self) -> int:
        """A number that changes with everything that `figures` and `lines` return."""
        return self._changes

    @property
    def last_line(self) -> int:
        """The number of the newest log line, 0 without lines."""
        return self._lines

    def figures(self) -> dict[str, dict[str, Any]]:
        """Return the figures since the lab started, by the functions' ARNs.

        They are `invocations`, `errors`, `running`, `p50_ms` of the last 200, `hits`, `misses` and `stale`
        by the header x-cache of the answers, and `last_payload`.
        """
        with self._lock:
            return {arn: activity.figures() for arn, activity in self._activities.items()}

    def lines(self, after: int, until: int) -> list[LogLine]:
        """Return the kept lines with numbers above `after` and up to `until`, oldest first."""
        with self._lock:
            found = [line for each in self._activities.values() for line in _newer(each.lines, after)]
        return sorted((line for line in found if line.seq <= until), key=attrgetter("seq"))

    def check(self, function: FunctionSpec) -> None:
        """See `FunctionRunner`."""
        self._runner.check(function)

    def check_runtime(self, runtime: str) -> None:
        """See `FunctionRunner`."""
        self._runner.check_runtime(runtime)

    def forget(self, function_arn: str, version: str) -> None:
        """See `FunctionRunner`."""
        self._runner.forget(function_arn, version)

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        """Run `function` and keep what it did; see `FunctionRunner`."""
        self._begin(function.arn, event)
        began = time.perf_counter()
        invocation = None
        try:
            invocation = self._runner.invoke(function, event)
            return invocation
        finally:
            self._end(function.arn, invocation, (time.perf_counter() - began) * 1000)

    def _begin(self, arn: str, event: Event) -> None:
        with self._lock:
            activity = self._activities.setdefault(arn, _Activity())
            while len(self._activities) > _MAX_FUNCTIONS:
                self._activities.popitem(last=False)
            activity.running += 1
            if len(event.payload) <= _MAX_PAYLOAD:
                activity.last_payload = event.payload.decode(errors="replace")
            self._changes += 1

    def _end(self, arn: str, invocation: Invocation | None, milliseconds: float) -> None:
        state = cache_state(invocation.payload) if invocation else None
        with self._lock:
            activity = self._activities.setdefault(arn, _Activity())
            activity.running = max(0, activity.running - 1)
            activity.invocations += 1
            activity.errors += invocation is None or invocation.error is not None
            activity.durations.append(milliseconds)
            if state:
                activity.states[state] += 1
            for event in invocation.log if invocation else ():
                self._lines += 1
                message = event.message.rstrip("\n")[:_MAX_MESSAGE]
                activity.lines.append(LogLine(self._lines, arn, event.timestamp, message))
            self._changes += 1


def cache_state(answer: bytes) -> str | None:
    """Return hits, misses or stale by the header x-cache of an answer, None if it has none.

    The answer is that of a proxy integration, whose headers come before or after the body. A bypass counts as
    a miss, as in the metrics of the cached API.
    """
    found = _CACHE_STATE.search(answer, 0, _EDGE) or _CACHE_STATE.search(answer, max(0, len(answer) - _EDGE))
    if not found:
        return None
    return {b"hit": "hits", b"stale": "stale"}.get(found[1].lower(), "misses")


def _newer(lines: Iterable[LogLine], after: int) -> Iterator[LogLine]:
    return (line for line in lines if line.seq > after)
