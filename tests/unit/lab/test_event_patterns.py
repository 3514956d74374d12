"""Filter patterns of event sources: operators, combinations, and patterns that AWS refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vpcache.lab.aws.awslambda.event_sources.patterns import PatternError, matches, parse_pattern
from vpcache.lab.aws.awslambda.event_sources.records import failed_ids, passes

IDS = ("a", "b", "c")


def does_match(pattern: Any, event: Any) -> bool:
    return matches(parse_pattern(json.dumps(pattern)), event)


@pytest.mark.parametrize(
    ("rule", "accepted", "refused"),
    [
        (["x", "y"], ["x", "y", ["z", "y"]], ["z", 1, None, {}, []]),
        ([None], [None], ["", 0, False]),
        ([""], [""], [None, " "]),
        ([1.0], [1, [2, 1]], ["1", True]),
        ([True], [True], [1, "true"]),
        ([{"equals-ignore-case": "Ab"}], ["aB", "AB"], ["a", 1]),
        ([{"prefix": "us-"}], ["us-east", "us-"], ["eu-us-", 1]),
        ([{"prefix": {"equals-ignore-case": "US-"}}], ["us-east"], ["eu"]),
        ([{"suffix": ".png"}], ["a.png"], ["a.PNG", "png"]),
        ([{"suffix": {"equals-ignore-case": ".png"}}], ["a.PNG"], ["png"]),
        ([{"numeric": ["=", 5]}], [5, 5.0], ["5", 6]),
        ([{"numeric": [">", 100]}], [100.5], [100, True]),
        ([{"numeric": [">=", 1, "<", 3]}], [1, 2.9], [0, 3]),
        ([{"anything-but": ["x", 3]}], ["y", 4], ["x", 3]),
        ([{"anything-but": "x"}], ["y"], ["x"]),
        ([{"anything-but": {"prefix": "x"}}], ["yx"], ["xy"]),
        ([{"anything-but": {"suffix": ["x", "z"]}}], ["xy"], ["yx", "z"]),
        (["x", {"prefix": "y"}], ["x", "yy"], ["xx"]),
    ],
)
def test_operator_accepts_and_refuses_values(rule: Any, accepted: list[Any], refused: list[Any]) -> None:
    assert [each for each in accepted if not does_match({"field": rule}, {"field": each})] == []
    assert [each for each in refused if does_match({"field": rule}, {"field": each})] == []
    assert not does_match({"field": rule}, {"other": accepted[0]})


def test_exists_needs_or_forbids_a_field() -> None:
    present, absent = {"a": {"b": [{"exists": True}]}}, {"a": {"b": [{"exists": False}]}}
    for event, is_present in (({"a": {"b": None}}, True), ({"a": {}}, False), ({}, False)):
        assert does_match(present, event) is is_present
        assert does_match(absent, event) is not is_present


def test_fields_are_all_required_and_alternatives_are_not() -> None:
    both = {"a": [1], "b": [2]}
    assert does_match(both, {"a": 1, "b": 2}) and not does_match(both, {"a": 1, "b": 3})
    either = {"c": [0], "$or": [{"a": [1]}, {"b": {"d": [2]}}]}
    assert does_match(either, {"a": 1, "c": 0}) and does_match(either, {"b": {"d": 2}, "c": 0})
    assert not does_match(either, {"a": 2, "c": 0}) and not does_match(either, {"a": 1})


@pytest.mark.parametrize(
    "pattern",
    [
        "no json",
        "null",
        "[]",
        "{}",
        '"text"',
        '{"a": "b"}',
        '{"a": []}',
        '{"a": {}}',
        '{"a": [["b"]]}',
        '{"a": [{}]}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"prefix": "x", "suffix": "y"}]}',
        '{"a": [{"unknown": "x"}]}',
        '{"a": [{"exists": "true"}]}',
        '{"a": [{"numeric": [">"]}]}',
        '{"a": [{"numeric": [">", "1"]}]}',
        '{"a": [{"numeric": ["~", 1]}]}',
        '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": {"numeric": [">", 1]}}]}',
        '{"$or": [{"a": [1]}]}',
    ],
)
def test_invalid_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        parse_pattern(pattern)


def test_operators_that_lambda_does_not_list_are_refused_by_name() -> None:
    with pytest.raises(NotImplementedError, match="wildcard"):
        parse_pattern('{"a": [{"wildcard": "*"}]}')


@pytest.mark.parametrize(
    ("pattern", "body", "is_passed"),
    [
        ({"body": {"key": ["x"]}}, '{"key": "x"}', True),
        ({"body": {"key": ["x"]}}, '{"key": "y"}', False),
        ({"body": {"key": ["x"]}}, "key", False),
        ({"body": {"key": [{"exists": False}]}}, "text", False),
        ({"body": ["text"]}, "text", True),
        ({"body": ["text"]}, "other", False),
        ({"body": [{"prefix": "{"}]}, '{"key": "x"}', False),
        ({"eventSource": ["aws:sqs"]}, "text", True),
        ({"eventSource": ["aws:sqs"]}, '{"key": "x"}', True),
    ],
)
def test_body_is_filtered_by_its_format(pattern: Any, body: str, is_passed: bool) -> None:
    record = {"body": body, "eventSource": "aws:sqs"}
    assert passes([parse_pattern(json.dumps(pattern))], record) is is_passed
    assert passes([], record)
    other = parse_pattern('{"eventSource": ["other"]}')
    assert passes([other, parse_pattern(json.dumps(pattern))], record) is is_passed


@pytest.mark.parametrize(
    ("result", "failed"),
    [
        (b"{}", ""),
        (b"null", ""),
        (b'""', ""),
        (b'{"batchItemFailures": []}', ""),
        (b'{"batchItemFailures": null}', ""),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}', "b"),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": ""}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": {}}]}', "abc"),
        (b'{"batchItemFailures": [{"foo": "b"}]}', "abc"),
        (b'{"batchItemFailures": ["b"]}', "abc"),
        (b'{"batchItemFailures": "b"}', "abc"),
        (b'"done"', "abc"),
        (b"no json", "abc"),
    ],
)
def test_invalid_report_of_failures_fails_the_whole_batch(result: bytes, failed: str) -> None:
    assert failed_ids(result, IDS) == set(failed)
