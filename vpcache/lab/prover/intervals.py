"""Sets of integers as ranges: the algebra of ports and addresses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
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
        return cls(_merged(sorted(ranges)))

    @classmethod
    def union(cls, sets: Iterable[Intervals]) -> Intervals:
        """Return the union of several sets."""
        return cls.of(*chain.from_iterable(each.ranges for each in sets))

    def __or__(self, other: Intervals) -> Intervals:
        if other._covers(self):
            return other
        if self._covers(other):
            return self
        return Intervals(_merged(sorted(self.ranges + other.ranges)))

    def __and__(self, other: Intervals) -> Intervals:
        if other._covers(self):
            return self
        if self._covers(other):
            return other
        return Intervals(_common(self.ranges, other.ranges))

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

    def _covers(self, other: Intervals) -> bool:
        """Return whether one range contains all of `other`, the frequent case that needs no comparison."""
        if len(self.ranges) != 1 or not other.ranges:
            return not other.ranges
        ((low, high),) = self.ranges
        return low <= other.ranges[0][0] and other.ranges[-1][1] <= high

    def size(self) -> int:
        """Return how many numbers the set has."""
        return sum(high - low + 1 for low, high in self.ranges)


def _merged(ranges: Sequence[Range]) -> tuple[Range, ...]:
    """Return sorted ranges as disjoint ranges."""
    found: list[Range] = []
    last = -1
    for each in ranges:
        low, high = each
        if found and low <= last + 1:
            if high > last:
                found[-1] = (found[-1][0], high)
                last = high
        else:
            found.append(each)
            last = high
    return tuple(found)


def _common(left: tuple[Range, ...], right: tuple[Range, ...]) -> tuple[Range, ...]:
    found = []
    i = j = 0
    while i < len(left) and j < len(right):
        (left_low, left_high), (right_low, right_high) = left[i], right[j]
        low = left_low if left_low > right_low else right_low
        high = left_high if left_high < right_high else right_high
        if low <= high:
            found.append((low, high))
        if left_high < right_high:
            i += 1
        else:
            j += 1
    return tuple(found)


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
