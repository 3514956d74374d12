"""Sets of integers as ranges: the algebra of ports and addresses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

Range = tuple[int, int]
"""A range of integers; both bounds belong to it."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """A set of integers. `ranges` are sorted, disjoint and not adjacent: equal sets are equal values."""

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, *ranges: Range) -> Intervals:
        """Return the union of `ranges`, which may overlap and come in any order."""
        return cls(tuple(_merged(sorted(ranges))))

    @classmethod
    def union(cls, sets: Iterable[Intervals]) -> Intervals:
        """Return the union of several sets."""
        return cls.of(*chain.from_iterable(each.ranges for each in sets))

    def __or__(self, other: Intervals) -> Intervals:
        if not self.ranges or self.ranges == other.ranges:
            return other
        return Intervals.of(*self.ranges, *other.ranges) if other.ranges else self

    def __and__(self, other: Intervals) -> Intervals:
        return Intervals(tuple(_common(self.ranges, other.ranges)))

    def __sub__(self, other: Intervals) -> Intervals:
        return Intervals(tuple(_without(self.ranges, other.ranges)))

    def __contains__(self, number: int) -> bool:
        position = bisect_right(self.ranges, (number, number))
        at_or_before = self.ranges[max(0, position - 1) : position + 1]
        return any(low <= number <= high for low, high in at_or_before)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def issubset(self, other: Intervals) -> bool:
        """Return whether every number of this set is in `other`."""
        return not self - other

    def size(self) -> int:
        """Return how many numbers the set has."""
        return sum(high - low + 1 for low, high in self.ranges)


def _merged(ranges: Iterable[Range]) -> Iterator[Range]:
    current: Range | None = None
    for low, high in ranges:
        if current is None:
            current = (low, high)
        elif low <= current[1] + 1:
            current = (current[0], max(current[1], high))
        else:
            yield current
            current = (low, high)
    if current is not None:
        yield current


def _common(left: tuple[Range, ...], right: tuple[Range, ...]) -> Iterator[Range]:
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low <= high:
            yield low, high
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1


def _without(left: tuple[Range, ...], right: tuple[Range, ...]) -> Iterator[Range]:
    j = 0
    for low, high in left:
        start = low
        while j < len(right) and right[j][1] < start:
            j += 1
        k = j
        while k < len(right) and right[k][0] <= high:
            if right[k][0] > start:
                yield start, right[k][0] - 1
            start = max(start, right[k][1] + 1)
            k += 1
        if start <= high:
            yield start, high
