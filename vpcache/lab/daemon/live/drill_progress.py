"""The progress of a drill, which the drill's process reports to the page."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from vpcache.lab.errors import LabError

_TEXTS = ("name", "zone", "stack", "phase")
_FIGURES = ("at", "requests", "errors", "hit_rate", "p50_ms", "p99_ms")
_SILENT_SECONDS = 15.0  # a drill reports once a second
_MAX_SECONDS = 600  # of a drill that are shown, the newest


class DrillProgress:
    """Holds the progress of the latest drill of the lab. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._reported: tuple[float, dict[str, Any]] | None = None

    @property
    def latest(self) -> dict[str, Any] | None:
        """The progress, None before the first drill. A drill that is silent for seconds was killed."""
        if self._reported is None:
            return None
        at, progress = self._reported
        if progress["is_running"] and self._clock() - at > _SILENT_SECONDS:
            return progress | {"is_running": False, "phase": "interrupted"}
        return progress

    def report(self, body: Mapping[str, Any]) -> None:
        """Replace the progress. Raises LabError if a value is missing or invalid."""
        self._reported = self._clock(), checked(body)


def checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the progress in a request's body. Raises LabError that names the invalid value."""
    seconds = body.get("seconds")
    if not isinstance(seconds, list) or not all(isinstance(each, dict) for each in seconds):
        raise LabError(f"seconds of a drill is {seconds!r}: must be a list of objects")
    for name in _TEXTS:
        if not isinstance(body.get(name), str):
            raise LabError(f"{name} of a drill is {body.get(name)!r}: must be a string")
    return {
        **{name: body[name] for name in _TEXTS},
        "is_running": body.get("is_running") is True,
        **{name: _number(name, body.get(name)) for name in ("injected", "removed")},
        "seconds": [
            {name: _number(name, each.get(name)) for name in _FIGURES} for each in seconds[-_MAX_SECONDS:]
        ],
    }


def _number(name: str, value: object) -> float | None:
    """Return a number; None for none and for NaN. Raises LabError for anything else."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LabError(f"{name} of a drill is {value!r}: must be a number")
    return value
