"""Times of the monotonic clock in the model."""

from __future__ import annotations

import time


class Instant(float):
    """A time of the monotonic clock, in seconds.

    A snapshot keeps its distance from now, because each process may count from another time
    (clock_gettime(2)). Calculations with it return plain numbers.
    """

    __slots__ = ()

    @classmethod
    def after(cls, seconds: float) -> Instant:
        """Return the time in this many seconds, which may be negative."""
        return cls(time.monotonic() + seconds)
