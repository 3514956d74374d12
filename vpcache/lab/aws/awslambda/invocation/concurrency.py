"""Limits of concurrent invocations."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from vpcache.lab.aws.awslambda.errors import ThrottledError

MIN_UNRESERVED = 100  # concurrency that AWS keeps for functions without a reservation


@dataclass(frozen=True, slots=True)
class Running:
    """The numbers of running invocations, of one function and of all functions of a region."""

    of_function: int
    of_all_functions: int


class Concurrency:
    """Counts the running invocations by function; all versions of a function count together."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, function: str, reserved: Mapping[str, int], account: int) -> Iterator[Running]:
        """Count an invocation inside a `with` block, which gets the numbers. Raises ThrottledError.

        `reserved` is the reserved concurrency by function, `account` the account's limit for all functions.
        """
        with self._lock:
            reason = throttle_reason(function, self._running, reserved, account)
            if reason:
                raise ThrottledError(reason)
            self._running[function] += 1
            running = Running(self._running[function], self._running.total())
        try:
            yield running
        finally:
            with self._lock:
                self._running[function] -= 1


def throttle_reason(
    function: str, running: Mapping[str, int], reserved: Mapping[str, int], account: int
) -> str | None:
    """Return the API's ThrottleReason for another invocation of a function, None if it is allowed."""
    if function in reserved:
        is_full = running.get(function, 0) >= reserved[function]
        return "ReservedFunctionConcurrentInvocationLimitExceeded" if is_full else None
    used = sum(count for each, count in running.items() if each not in reserved)
    is_full = used >= account - sum(reserved.values())
    return "ConcurrentInvocationLimitExceeded" if is_full else None
