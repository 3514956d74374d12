"""Statistics of durations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Median and 99th percentile of `count` durations, in µs."""

    p50: float
    p99: float
    count: int


def times(series: Sequence[float]) -> Times:
    """Return the statistics of a series of durations, in µs."""
    ordered = sorted(series)
    return Times(percentile(ordered, 0.5), percentile(ordered, 0.99), len(ordered))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the percentile `share` (0 to 1) of ordered values."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
