"""Transitional states, which AWS shows while it creates, changes or deletes a resource."""

from __future__ import annotations

import time
from typing import Any

from vpcache.lab.aws.clock import Instant

_PAST = Instant("-inf")


class Transition:
    """A state that is shown for a limited time, before the final state."""

    def __init__(self) -> None:
        self._state = ""
        self._end = _PAST

    def begin(self, state: str, milliseconds: int) -> None:
        """Show `state` for this time. Replaces an earlier transition."""
        self._state = state
        self._end = Instant.after(milliseconds / 1000)

    @property
    def is_over(self) -> bool:
        """Whether the final state has been reached."""
        return time.monotonic() >= self._end

    def state(self, final: str) -> str:
        """Return the state to show: `final` once the transition is over."""
        return final if self.is_over else self._state

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a snapshot, the same for each transition to `_state` that is over."""
        return vars(self) | ({"_end": _PAST} if self.is_over else {})
