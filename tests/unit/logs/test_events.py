"""The order of log events, the memory of a follower, and the text of a line."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from vpcache.cli.views.logs import parse_duration, short_stream, text_line
from vpcache.errors import VpcacheError
from vpcache.logs.events import OVERLAP_MS, LogEvent, Position, merged
from vpcache.logs.sources import LogSource

API = LogSource("/aws/lambda/two-api", "two-api", "api")
STREAM = "2026/01/31/[$LATEST]0123456789abcdef0123456789abcdef"


def event(id: str, timestamp: int, ingested: int = 0, message: str = "text") -> LogEvent:
    return LogEvent(API, STREAM, id, timestamp, ingested, message)


def test_events_of_several_groups_are_in_the_order_of_their_time():
    first = [event("a", 1), event("b", 5)]
    second = [event("c", 2), event("d", 5, ingested=-1)]
    assert [each.id for each in merged([first, second])] == ["a", "c", "d", "b"]


def test_event_is_returned_once():
    position = Position(0)
    assert position.new([event("a", 1)]) == [event("a", 1)]
    assert position.after([event("a", 1)]).new([event("a", 1), event("b", 1)]) == [event("b", 1)]


def test_late_event_within_the_overlap_is_requested():
    position = Position(0).after([event("a", 100_000)])
    assert position.start == 100_000 - OVERLAP_MS


@given(st.lists(st.lists(st.tuples(st.integers(0, 200), st.integers(0, OVERLAP_MS)), max_size=8)))
def test_follower_neither_loses_nor_repeats_an_event(batches):
    """Events arrive in batches, each at most the overlap before the newest event so far."""
    arrived: list[LogEvent] = []
    printed: list[str] = []
    position, newest = Position(0), OVERLAP_MS
    for batch in batches:
        for step, late in batch:
            newest += step
            arrived.append(event(str(len(arrived)), newest - late))
        new = position.new(each for each in arrived if each.timestamp >= position.start)
        printed += [each.id for each in new]
        position = position.after(new)
    assert sorted(printed, key=int) == [each.id for each in arrived]


def test_follower_forgets_events_before_its_start():
    position = Position(0).after([event("a", 0)]).after([event("b", OVERLAP_MS + 1)])
    assert position.seen == {("b", OVERLAP_MS + 1)}


def test_line_has_time_function_and_stream():
    line = text_line(event("a", 1_769_817_600_123), width=5, with_date=False)
    assert line == "00:00:00.123 api   01234567 text"


def test_line_of_a_function_in_one_zone_has_the_zone():
    source = LogSource("g", "two-probe-eu-west-1a", "probe", "eu-west-1a")
    line = text_line(LogEvent(source, STREAM, "a", 0, 0, "text"), width=5, with_date=True)
    assert line == "1970-01-01T00:00:00.000Z probe eu-west-1a text"


def test_control_characters_of_a_message_are_escaped():
    line = text_line(event("a", 0, message="\x1b[31mred\tcolumn\x07"), width=3, with_date=False)
    assert line.endswith("\\x1b[31mred\tcolumn\\x07")


@pytest.mark.parametrize(("stream", "short"), [(STREAM, "01234567"), ("access_log-1", "access_l"), ("", "")])
def test_stream_is_shortened_to_its_id(stream, short):
    assert short_stream(stream) == short


@pytest.mark.parametrize(
    ("text", "duration"),
    [("90s", timedelta(seconds=90)), ("10m", timedelta(minutes=10)), ("7d", timedelta(days=7))],
)
def test_duration_is_a_number_with_a_unit(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "0m", "1.5h", "10 m", "10min", "٣m"])
def test_other_duration_is_rejected(text):
    with pytest.raises(VpcacheError, match=r"--since is '.*': must be a number with the unit s, m, h or d"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["366d", "99999999999999999999d"])
def test_duration_above_a_year_is_rejected(text):
    with pytest.raises(VpcacheError, match=f"--since is '{text}': must be at most 365d"):
        parse_duration(text)
