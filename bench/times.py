"""What is said of a series of times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Of `count` times, the median and the 99th percentile, in µs."""

    p50: float
    p99: float
    count: int


def times(series: Sequence[float]) -> Times:
    """Sum up a series of times, in µs."""
    ordered = sorted(series)
    return Times(percentile(ordered, 0.5), percentile(ordered, 0.99), len(ordered))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the ordered values lie."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
