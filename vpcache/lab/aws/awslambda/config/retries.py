"""Delays between the attempts of an asynchronous invocation, in AWS's seconds.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_MINUTE = 60.0
_MAX_BACKOFF = 300.0


class Condition(StrEnum):
    """The final result of an event, as AWS's invocation records name it."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The maximum number of retries, and the maximum age of an event in seconds."""

    max_retries: int = 2
    max_age: float = 21600.0


def after_failure(attempts: int, age: float, policy: RetryPolicy) -> float | Condition:
    """Return the delay before the next attempt after a failure, or the condition that ends the event."""
    if attempts > policy.max_retries:
        return Condition.RETRIES_EXHAUSTED
    return _within(attempts * _MINUTE, age, policy)


def after_throttle(
    throttles: int, age: float, policy: RetryPolicy, reserved: int | None
) -> float | Condition:
    """Return the delay after a number of consecutive throttles, or the condition that ends the event."""
    if reserved == 0:
        return Condition.ZERO_RESERVED_CONCURRENCY
    return _within(min(2.0 ** (throttles - 1), _MAX_BACKOFF), age, policy)


def _within(wait: float, age: float, policy: RetryPolicy) -> float | Condition:
    return Condition.EVENT_AGE_EXCEEDED if age + wait > policy.max_age else wait
