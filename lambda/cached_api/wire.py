"""How fast bytes go to the nodes, as far as the worker's own traffic tells."""

from collections import deque

_SAMPLES = 8
_FEW = 3  # too few to judge by
_MIN_BYTES = 16 * 1024  # less than this tells of the round trip only


class Wire:
    """Judges by the best of the last few, since a late answer tells of the machine, not of the wire."""

    def __init__(self):
        self._round_trips = deque(maxlen=_SAMPLES)
        self._rates = deque(maxlen=_SAMPLES)

    def saw_round_trip(self, seconds):
        """Take note of how long a command without a value took."""
        self._round_trips.append(seconds)

    def saw_transfer(self, size, seconds):
        """Take note of how long `size` bytes took."""
        if size >= _MIN_BYTES and self._round_trips:
            self._rates.append(size / max(seconds - min(self._round_trips), 1e-6))

    def bytes_per_second(self):
        """Return the rate, infinite as long as nothing speaks against it."""
        return max(self._rates) if len(self._rates) >= _FEW else float("inf")
