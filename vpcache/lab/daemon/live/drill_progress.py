"""The progress of a drill, which the drill's process reports to the page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vpcache.lab.errors import LabError

_TEXTS = ("name", "zone", "stack", "phase")
_FIGURES = ("at", "requests", "errors", "hit_rate", "p50_ms", "p99_ms")
_MAX_SECONDS = 600  # of a drill that are shown, the newest


class DrillProgress:
    """Holds the progress of the latest drill of the lab."""

    def __init__(self) -> None:
        self.latest: dict[str, Any] | None = None

    def report(self, body: Mapping[str, Any]) -> None:
        """Replace the progress. Raises LabError if a value is missing or invalid."""
        self.latest = checked(body)


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
