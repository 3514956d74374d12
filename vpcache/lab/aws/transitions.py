"""States on the way: what AWS shows while it makes, changes or deletes something."""

from __future__ import annotations

import time


class Transition:
    """A state that is shown for a while before the one that it leads to."""

    def __init__(self) -> None:
        self._state = ""
        self._end = 0.0

    def begin(self, state: str, milliseconds: int) -> None:
        """Show `state` for so long, whatever was shown before."""
        self._state = state
        self._end = time.monotonic() + milliseconds / 1000

    @property
    def is_over(self) -> bool:
        """Whether the state that it led to has been reached."""
        return time.monotonic() >= self._end

    def state(self, settled: str) -> str:
        """Return the state to show, `settled` being the one that this leads to."""
        return settled if self.is_over else self._state
