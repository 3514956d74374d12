"""What a drill's calls add up to: by second, and in the few figures that matter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vpcache.drills.load import Sample

RECOVERED = 0.95  # of the hit rate before


@dataclass(frozen=True)
class Second:
    """The calls due in one second. `at` counts from the moment of the fault; latencies are in ms."""

    at: int
    requests: int
    errors: int
    hit_rate: float | None
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Phase:
    """Calls of one phase of a drill, which lasts from `begin` to `end` on the load's clock, in seconds."""

    begin: float
    end: float
    samples: Sequence[Sample]

    @property
    def errors(self) -> int:
        """How many callers got no right answer."""
        return sum(sample.failed for sample in self.samples)

    @property
    def wrong(self) -> int:
        """How many got an answer that is not the right one."""
        return sum(sample.is_wrong for sample in self.samples)

    @property
    def known_errors(self) -> int:
        """How many got none for a key that had been stored before."""
        return sum(sample.failed for sample in self.samples if sample.is_known)

    @property
    def hit_rate(self) -> float | None:
        """The share of answers from the cache among those for known keys, None if there was no answer."""
        return _hit_rate(self.samples)

    @property
    def p99_ms(self) -> float:
        """The 99th percentile of latency."""
        return percentile([sample.ms for sample in self.samples], 0.99)

    def errors_end(self) -> float | None:
        """Seconds from the phase's begin from which on no call failed; None if they failed to its end."""
        failed = [sample.at for sample in self.samples if sample.failed]
        if not failed:
            return 0.0
        later = [sample.at for sample in self.samples if sample.at > failed[-1]]
        return max(0.0, later[0] - self.begin) if later else None

    def hit_rate_back(self, before: float) -> float | None:
        """Seconds until the hit rate of all that follows is 95 % of the rate before; None if it never is."""
        for second in range(math.floor(self.end - self.begin)):
            rate = _hit_rate([each for each in self.samples if each.at - self.begin >= second])
            if rate is not None and rate >= RECOVERED * before:
                return float(second)
        return None


def seconds(samples: Sequence[Sample], zero: float) -> list[Second]:
    """Return what happened in each whole second of the load, counted from `zero`."""
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
    """Return the smallest value that `share` of all are not above (nearest rank); NaN of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _hit_rate(samples: Iterable[Sample]) -> float | None:
    sources = [sample.source for sample in samples if sample.is_known and not sample.failed]
    return sources.count("cache") / len(sources) if sources else None
