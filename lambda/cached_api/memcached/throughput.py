"""The throughput to the cache nodes, estimated from the worker's own traffic."""

from collections import deque

_SAMPLES = 8
_MIN_SAMPLES = 3  # fewer do not allow an estimate
_MIN_BYTES = 16 * 1024  # a smaller transfer measures the round trip only


class Throughput:
    """Estimates by the best of the last few transfers: a slow one is usually the machine's fault."""

    def __init__(self):
        self._round_trips: deque[float] = deque(maxlen=_SAMPLES)
        self._rates: deque[float] = deque(maxlen=_SAMPLES)

    def record_round_trip(self, seconds):
        """Record the duration of a command without a value."""
        self._round_trips.append(seconds)

    def record_transfer(self, size, seconds):
        """Record the duration of a transfer of `size` bytes."""
        if size >= _MIN_BYTES and self._round_trips:
            self._rates.append(size / max(seconds - min(self._round_trips), 1e-6))

    def bytes_per_second(self):
        """Return the estimate, infinite until there are enough samples."""
        return max(self._rates) if len(self._rates) >= _MIN_SAMPLES else float("inf")
