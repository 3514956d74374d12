"""The queue of asynchronous invocations: runs, retries and reports events."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from moto.awslambda.exceptions import UnknownFunctionException

from vpcache.lab.aws.awslambda.config.event_config import EventConfig
from vpcache.lab.aws.awslambda.config.retries import Condition, after_failure, after_throttle
from vpcache.lab.aws.awslambda.config.targets import Attributes, send
from vpcache.lab.aws.awslambda.errors import ThrottledError
from vpcache.lab.aws.awslambda.invocation.records import (
    ExecutionResult,
    dead_letter_attributes,
    invocation_record,
)
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.clock import Instant
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.functions.spec import Event

_log = logging.getLogger(__name__)

_MINUTE_MS = 60_000


class Functions(Protocol):
    """The functions, as the queue accesses them. All methods may raise UnknownFunctionException."""

    def begin(self, name: FunctionName, event: Event) -> Callable[[], ExecutionResult]:
        """Reserve a slot of the concurrency limits and return a callable that runs the function, once.

        Raises ThrottledError.
        """
        ...

    def reserved(self, name: FunctionName) -> int | None:
        """Return a function's reserved concurrency."""
        ...

    def event_config(self, name: FunctionName) -> EventConfig:
        """Return the configuration for events of this qualifier."""
        ...

    def dropped(self, name: FunctionName) -> None:
        """Record an event that was discarded."""
        ...

    def dead_letter_target(self, name: FunctionName) -> str | None:
        """Return the ARN of the target for discarded events."""
        ...

    def may_send(self, name: FunctionName, target: str) -> bool:
        """Return whether a function's role may send to a target."""
        ...

    def put_event(self, name: str, payload: bytes) -> object:
        """Queue an event for a function."""
        ...


@dataclass(slots=True)
class _QueuedEvent:
    name: FunctionName
    arn: str  # with the qualifier
    event: Event
    queued_at: Instant = field(default_factory=lambda: Instant.after(0))
    attempts: int = 0
    throttles: int = 0  # consecutive
    last_result: ExecutionResult | None = None


class EventQueue:
    """The asynchronous events of one region's functions.

    AWS's delays are scaled: `minute_ms` is the length of a minute in milliseconds.
    """

    def __init__(self, functions: Functions, minute_ms: Callable[[], int]) -> None:
        self._functions = functions
        self._minute_ms = minute_ms
        self._scheduler = Scheduler("function events")
        self._running: dict[str, _QueuedEvent] = {}  # by the event's request ID

    def put(self, name: FunctionName, arn: str, event: Event) -> None:
        """Queue an event. `arn` is the function's ARN with the qualifier."""
        self._schedule(0, _QueuedEvent(name, arn, event))

    def resume(self) -> None:
        """Run the events again whose attempts a snapshot contains, as Lambda does: at least once."""
        running, self._running = self._running, {}
        for queued in running.values():
            self._schedule(0, queued)

    def _schedule(self, seconds: float, queued: _QueuedEvent) -> None:
        """Run an event after a delay in AWS's seconds."""
        self._scheduler.after(seconds * self._scale, partial(self._begin, queued))

    @property
    def _scale(self) -> float:
        return self._minute_ms() / _MINUTE_MS

    def _age(self, queued: _QueuedEvent) -> float:
        """Return an event's age in AWS's seconds."""
        return (time.monotonic() - queued.queued_at) / self._scale

    def _begin(self, queued: _QueuedEvent) -> None:
        """Start the next attempt in a thread, unless it is throttled."""
        with _dropped_if_deleted(queued):
            try:
                attempt = self._functions.begin(queued.name, queued.event)
            except ThrottledError:
                self._delay(queued)
            else:
                self._running[queued.event.request_id] = queued
                threading.Thread(target=self._attempt, args=(queued, attempt), daemon=True).start()

    def _attempt(self, queued: _QueuedEvent, attempt: Callable[[], ExecutionResult]) -> None:
        with _dropped_if_deleted(queued), self._running_until_end(queued):
            try:
                queued.last_result = attempt()
            except Exception:  # a failure of the lab; on AWS a system error, which counts as a throttle
                _log.exception("%s could not be run", queued.arn)
                self._delay(queued)
                return
            queued.attempts += 1
            queued.throttles = 0
            if queued.last_result.invocation.error:
                policy = self._functions.event_config(queued.name).retry_policy
                self._continue(queued, after_failure(queued.attempts, self._age(queued), policy))
            else:
                self._finish(queued, Condition.SUCCESS)

    @contextmanager
    def _running_until_end(self, queued: _QueuedEvent) -> Iterator[None]:
        try:
            yield
        finally:
            self._running.pop(queued.event.request_id, None)

    def _delay(self, queued: _QueuedEvent) -> None:
        """Schedule another attempt for an event that was throttled."""
        queued.throttles += 1
        policy = self._functions.event_config(queued.name).retry_policy
        reserved = self._functions.reserved(queued.name)
        self._continue(queued, after_throttle(queued.throttles, self._age(queued), policy, reserved))

    def _continue(self, queued: _QueuedEvent, decision: float | Condition) -> None:
        """Finish an event under a condition, or schedule its next attempt in this many seconds."""
        if isinstance(decision, Condition):
            self._finish(queued, decision)
        else:
            self._schedule(decision, queued)

    def _finish(self, queued: _QueuedEvent, condition: Condition) -> None:
        if condition is not Condition.SUCCESS:
            self._functions.dropped(queued.name)
        config = self._functions.event_config(queued.name)
        destination = config.on_success if condition is Condition.SUCCESS else config.on_failure
        if destination:
            record = invocation_record(
                queued.event, queued.arn, condition, queued.attempts, queued.last_result
            )
            self._send(queued, destination, record, {})
        dead_letters = self._functions.dead_letter_target(queued.name)
        if dead_letters and condition is not Condition.SUCCESS:
            attributes = dead_letter_attributes(queued.event, queued.last_result)
            self._send(queued, dead_letters, queued.event.payload.decode(), attributes)

    def _send(self, queued: _QueuedEvent, target: str, message: str, attributes: Attributes) -> None:
        if not self._functions.may_send(queued.name, target):  # AWS reports it as a metric
            _log.warning("the role of %s may not send the result of an event to %s", queued.name.name, target)
            return
        try:
            send(target, message, attributes, queued.event.trace_id, self._functions.put_event)
        except Exception as error:  # AWS reports it as a metric
            _log.warning("cannot send the result of an event to %s: %s", target, error)


@contextmanager
def _dropped_if_deleted(queued: _QueuedEvent) -> Iterator[None]:
    try:
        yield
    except UnknownFunctionException:
        _log.info("event %s was dropped: %s was deleted", queued.event.request_id, queued.arn)
