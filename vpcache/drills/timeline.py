"""The calls of a drill by second, and the figures of its phases."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vpcache.drills.load import Sample

RECOVERED = 0.95  # of the hit rate before


@dataclass(frozen=True)
class Second:
    """The calls due in one second. `at` counts from the injection of the fault; latencies are in ms."""

    at: int
    requests: int
    errors: int
    hit_rate: float | None
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Phase:
    """The calls of one phase of a drill, from `begin` to `end`, in seconds since the load began."""

    begin: float
    end: float
    samples: Sequence[Sample]

    @property
    def errors(self) -> int:
        """The number of calls with an error or a wrong answer."""
        return sum(sample.failed for sample in self.samples)

    @property
    def wrong(self) -> int:
        """The number of calls with a wrong answer."""
        return sum(sample.is_wrong for sample in self.samples)

    @property
    def known_errors(self) -> int:
        """The number of errors of calls for keys that were stored before the load."""
        return sum(sample.failed for sample in self.samples if sample.is_known)

    @property
    def hit_rate(self) -> float | None:
        """The share of cache hits among the answers for known keys, None without answers."""
        return _hit_rate(self.samples)

    @property
    def p99_ms(self) -> float:
        """The 99th percentile of latency."""
        return percentile([sample.ms for sample in self.samples], 0.99)

    def errors_end(self) -> float | None:
        """Return the seconds until the first call after the last error; None if there is none."""
        failed = [sample.at for sample in self.samples if sample.failed]
        if not failed:
            return 0.0
        later = [sample.at for sample in self.samples if sample.at > failed[-1]]
        return max(0.0, later[0] - self.begin) if later else None

    def hit_rate_back(self, before: float) -> float | None:
        """Return the seconds until later calls have 95 % of the hit rate `before`; None if never."""
        for second in range(math.floor(self.end - self.begin)):
            rate = _hit_rate([sample for sample in self.samples if sample.at - self.begin >= second])
            if rate is not None and rate >= RECOVERED * before:
                return float(second)
        return None


def seconds(samples: Sequence[Sample], zero: float) -> list[Second]:
    """Return the timeline of whole seconds, counted from `zero`."""
    by_second: dict[int, list[Sample]] = {}
    begin, end = math.ceil(-zero), math.floor(samples[-1].at - zero)
    for sample in samples:
        if begin <= sample.at - zero < end:
            by_second.setdefault(math.floor(sample.at - zero), []).append(sample)
    return [
        Second(
            at,
            len(group),
            sum(sample.failed for sample in group),
            _hit_rate(group),
            percentile([sample.ms for sample in group], 0.5),
            percentile([sample.ms for sample in group], 0.99),
        )
        for at, group in sorted(by_second.items())
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the percentile `share` (0 to 1) by nearest rank; NaN without values."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _hit_rate(samples: Iterable[Sample]) -> float | None:
    sources = [sample.source for sample in samples if sample.is_known and not sample.failed]
    return sources.count("cache") / len(sources) if sources else None
