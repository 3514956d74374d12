import math

import pytest

from vpcache.drills.drill import Report
from vpcache.drills.load import Sample
from vpcache.drills.timeline import Phase, percentile, seconds


def hit(at, ms=1.0):
    return Sample(at, ms, "cache", is_known=True)


def miss(at, is_known=True):
    return Sample(at, 60.0, "origin", is_known=is_known)


def failure(at, ms=10.0, is_known=True):
    return Sample(at, ms, None, is_known=is_known, problem="timed out")


def test_percentile_is_the_nearest_rank():
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile(list(range(1, 101)), 0.99) == 99
    assert math.isnan(percentile([], 0.5))


def test_hit_rate_counts_answers_for_known_keys_only():
    phase = Phase(0, 1, [hit(0), miss(0.1), miss(0.2, is_known=False), failure(0.3)])
    assert phase.hit_rate == 0.5
    assert Phase(0, 1, [failure(0)]).hit_rate is None


def test_wrong_answer_is_an_error():
    wrong = Sample(0.5, 1.0, "cache", is_known=True, is_wrong=True)
    phase = Phase(0, 1, [hit(0), wrong])
    assert (phase.errors, phase.wrong, phase.known_errors) == (1, 1, 1)


@pytest.mark.parametrize(
    ("samples", "end"),
    [
        ([hit(10.2), hit(11)], 0.0),
        ([hit(10.2), failure(11.5), hit(12.25), hit(13)], 2.25),
        ([failure(9.9), hit(9.95)], 0.0),  # it was in flight when the fault came
        ([hit(10.2), failure(11.5)], None),
    ],
)
def test_errors_end_at_the_first_call_after_the_last_error(samples, end):
    assert Phase(10, 14, samples).errors_end() == end


@pytest.mark.parametrize(
    ("samples", "back"),
    [
        ([hit(10.1), hit(11.1), hit(12.1)], 0.0),
        ([miss(10.1), hit(11.1), hit(12.1)], 1.0),
        ([hit(10.1), miss(11.1), hit(12.1)], 2.0),
        ([hit(10.1), hit(11.1), miss(12.1)], None),
        ([miss(10.1), *[hit(10.2 + n / 10) for n in range(19)]], 0.0),  # 95 % of all that follows
        ([failure(10.1), failure(11.1), failure(12.1)], None),
    ],
)
def test_hit_rate_is_back_when_all_later_calls_have_it(samples, back):
    assert Phase(10, 13.4, samples).hit_rate_back(1.0) == back


def test_call_in_flight_at_the_injection_counts_as_during():
    report = Report(
        "zone", "us-east-1a", 2.0, 4.0, [hit(1), failure(1.9, ms=500), failure(3), hit(4), hit(5)]
    )
    assert (report.before.errors, report.during.errors, report.after.errors) == (0, 2, 0)
    assert len(report.before.samples) + len(report.during.samples) + len(report.after.samples) == 5


def test_timeline_has_whole_seconds_from_the_injection():
    samples = [hit(n / 4) for n in range(14)]  # until 3.25 s
    timeline = seconds(samples, zero=1.5)
    assert [(second.at, second.requests) for second in timeline] == [(-1, 4), (0, 4)]
