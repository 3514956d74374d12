"""Events that nobody waits for: run, tried again, and reported where the function says."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from moto.awslambda.exceptions import UnknownFunctionException

from vpcache.lab.aws.awslambda.errors import ThrottledError
from vpcache.lab.aws.awslambda.invocation.event_config import EventConfig
from vpcache.lab.aws.awslambda.invocation.records import (
    ExecutionResult,
    dead_letter_attributes,
    invocation_record,
)
from vpcache.lab.aws.awslambda.invocation.retries import Condition, after_failure, after_throttle
from vpcache.lab.aws.awslambda.invocation.targets import Attributes, send
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.scheduler import Timetable
from vpcache.lab.functions.spec import Event

_log = logging.getLogger(__name__)

_MINUTE_MS = 60_000


class Functions(Protocol):
    """What a queue of events asks of those who know functions; all may raise UnknownFunctionException."""

    def begin(self, name: FunctionName, event: Event) -> Callable[[], ExecutionResult]:
        """Take a place among the concurrent invocations and return what runs the function in it, once.

        Raises ThrottledError.
        """
        ...

    def reserved(self, name: FunctionName) -> int | None:
        """Return how many concurrent invocations are reserved for a function."""
        ...

    def event_config(self, name: FunctionName) -> EventConfig:
        """Return what holds for events of this qualifier."""
        ...

    def dead_letter_target(self, name: FunctionName) -> str | None:
        """Return where the payloads of events that are given up go."""
        ...

    def put_event(self, name: str, payload: bytes) -> object:
        """Queue an event for a function."""
        ...


@dataclass(slots=True)
class _Queued:
    name: FunctionName
    arn: str  # with the qualifier
    event: Event
    since: float = field(default_factory=time.monotonic)
    attempts: int = 0
    throttles: int = 0  # in a row
    last: ExecutionResult | None = None


class EventQueue:
    """The events of one region's functions.

    All of AWS's times are shortened alike: `minute_ms` tells how many milliseconds a minute takes.
    """

    def __init__(self, functions: Functions, minute_ms: Callable[[], int]) -> None:
        self._functions = functions
        self._minute_ms = minute_ms
        self._timetable = Timetable("function events")

    def put(self, name: FunctionName, arn: str, event: Event) -> None:
        """Run an event soon. `arn` is what is meant, with its qualifier."""
        self._after(0, _Queued(name, arn, event))

    def _after(self, seconds: float, queued: _Queued) -> None:
        """Try an event in so many of AWS's seconds."""
        self._timetable.after(seconds * self._scale, lambda: self._begin(queued))

    @property
    def _scale(self) -> float:
        return self._minute_ms() / _MINUTE_MS

    def _age(self, queued: _Queued) -> float:
        """Return an event's age in AWS's seconds."""
        return (time.monotonic() - queued.since) / self._scale

    def _begin(self, queued: _Queued) -> None:
        """Begin the next attempt in a thread of its own, unless it is throttled."""
        with _dropped_if_gone(queued):
            try:
                attempt = self._functions.begin(queued.name, queued.event)
            except ThrottledError:
                self._put_off(queued)
            else:
                threading.Thread(target=self._attempt, args=(queued, attempt), daemon=True).start()

    def _attempt(self, queued: _Queued, attempt: Callable[[], ExecutionResult]) -> None:
        with _dropped_if_gone(queued):
            try:
                queued.last = attempt()
            except Exception:  # the lab's own failure: on AWS a system error, which counts as a throttle
                _log.exception("%s could not be run", queued.arn)
                self._put_off(queued)
                return
            queued.attempts += 1
            queued.throttles = 0
            if queued.last.invocation.error:
                policy = self._functions.event_config(queued.name).retry_policy
                self._go_on(queued, after_failure(queued.attempts, self._age(queued), policy))
            else:
                self._finish(queued, Condition.SUCCESS)

    def _put_off(self, queued: _Queued) -> None:
        queued.throttles += 1
        policy = self._functions.event_config(queued.name).retry_policy
        reserved = self._functions.reserved(queued.name)
        self._go_on(queued, after_throttle(queued.throttles, self._age(queued), policy, reserved))

    def _go_on(self, queued: _Queued, what: float | Condition) -> None:
        if isinstance(what, Condition):
            self._finish(queued, what)
        else:
            self._after(what, queued)

    def _finish(self, queued: _Queued, condition: Condition) -> None:
        config = self._functions.event_config(queued.name)
        destination = config.on_success if condition is Condition.SUCCESS else config.on_failure
        if destination:
            record = invocation_record(queued.event, queued.arn, condition, queued.attempts, queued.last)
            self._send(destination, record, {})
        dead_letters = self._functions.dead_letter_target(queued.name)
        if dead_letters and condition is not Condition.SUCCESS:
            attributes = dead_letter_attributes(queued.event, queued.last)
            self._send(dead_letters, queued.event.payload.decode(), attributes)

    def _send(self, target: str, message: str, attributes: Attributes) -> None:
        try:
            send(target, message, attributes, self._functions.put_event)
        except Exception as error:  # on AWS a metric tells of it
            _log.warning("%s cannot be told of an event: %s", target, error)


@contextmanager
def _dropped_if_gone(queued: _Queued) -> Iterator[None]:
    try:
        yield
    except UnknownFunctionException:
        _log.info("event %s is dropped: %s is gone", queued.event.request_id, queued.arn)
