"""What a drill's calls add up to: by second, and in the few figures that matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
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
    """The calls due between two moments, in seconds of the load's clock."""

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
        """Seconds from the phase's begin after which no call failed; None if they failed to its end."""
        failed = [sample.at for sample in self.samples if sample.failed]
        if not failed:
            return 0.0
        later = [sample.at for sample in self.samples if sample.at > failed[-1]]
        return later[0] - self.begin if later else None

    def hit_rate_back(self, before: float) -> float | None:
        """Seconds until each window of a second has 95 % of the hit rate before; None if it never has."""
        windows = [
            (begin, _hit_rate([s for s in self.samples if begin <= s.at - self.begin < begin + 1]))
            for begin in range(math.ceil(self.end - self.begin))
        ]
        low = [begin for begin, rate in windows if rate is not None and rate < RECOVERED * before]
        if not low:
            return 0.0
        return float(low[-1] + 1) if low[-1] < windows[-1][0] else None


def phase(samples: Iterable[Sample], begin: float, end: float) -> Phase:
    """Return the calls due from `begin` on and before `end`."""
    return Phase(begin, end, [sample for sample in samples if begin <= sample.at < end])


def seconds(samples: Sequence[Sample], zero: float) -> list[Second]:
    """Return what happened in each second, counted from `zero`."""
    by_second: dict[int, list[Sample]] = {}
    for sample in samples:
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
    known = _known_answers(samples, lambda _: True)
    return _known_answers(samples, lambda sample: sample.source == "cache") / known if known else None


def _known_answers(samples: Iterable[Sample], which: Callable[[Sample], bool]) -> int:
    return sum(1 for sample in samples if sample.is_known and not sample.failed and which(sample))
