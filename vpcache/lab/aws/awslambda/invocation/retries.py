"""When an event that failed is tried again, in AWS's seconds.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_MINUTE = 60.0
_LONGEST_BACKOFF = 300.0


class Condition(StrEnum):
    """What became of an event in the end, in the words of AWS's invocation records."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a function that failed is run again, and how old its events get, in seconds."""

    max_retries: int = 2
    max_age: float = 21600.0


def after_failure(attempts: int, age: float, policy: RetryPolicy) -> float | Condition:
    """Return how long to wait after so many attempts of which the last one failed, or why not to."""
    if attempts > policy.max_retries:
        return Condition.RETRIES_EXHAUSTED
    return _within(attempts * _MINUTE, age, policy)


def after_throttle(
    throttles: int, age: float, policy: RetryPolicy, reserved: int | None
) -> float | Condition:
    """Return how long to wait after an event was throttled so many times in a row, or why not to."""
    if reserved == 0:
        return Condition.ZERO_RESERVED_CONCURRENCY
    return _within(min(2.0 ** (throttles - 1), _LONGEST_BACKOFF), age, policy)


def _within(wait: float, age: float, policy: RetryPolicy) -> float | Condition:
    return Condition.EVENT_AGE_EXCEEDED if age + wait > policy.max_age else wait
