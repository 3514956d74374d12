"""The algebra of ranges, compared with Python's sets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vpcache.lab.prover.intervals import Intervals

LARGEST = 40
RANGES = st.lists(
    st.tuples(st.integers(0, LARGEST), st.integers(0, LARGEST)).map(lambda pair: (min(pair), max(pair))),
    max_size=6,
)


def numbers(intervals: Intervals) -> set[int]:
    return {number for low, high in intervals.ranges for number in range(low, high + 1)}


@given(RANGES)
def test_union_of_ranges_has_their_numbers(ranges):
    expected = {number for low, high in ranges for number in range(low, high + 1)}
    assert numbers(Intervals.of(*ranges)) == expected


@given(RANGES)
def test_ranges_are_sorted_and_neither_overlap_nor_touch(ranges):
    result = Intervals.of(*ranges).ranges
    assert all(left[1] + 1 < right[0] for left, right in pairwise(result))


@given(RANGES, RANGES)
def test_operations_are_those_of_sets(left, right):
    one, other = Intervals.of(*left), Intervals.of(*right)
    assert numbers(one & other) == numbers(one) & numbers(other)
    assert numbers(one | other) == numbers(one) | numbers(other)
    assert numbers(one - other) == numbers(one) - numbers(other)
    assert one.issubset(other) == (numbers(one) <= numbers(other))
    assert one.size() == len(numbers(one))


@given(RANGES, st.integers(-1, LARGEST + 1))
def test_membership_is_that_of_sets(ranges, number):
    intervals = Intervals.of(*ranges)
    assert (number in intervals) == (number in numbers(intervals))
