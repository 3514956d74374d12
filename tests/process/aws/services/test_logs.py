from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.served.region import Region, api_error, unique


@pytest.fixture
def logs(region: Region) -> Any:
    """A client of the region's CloudWatch Logs."""
    return region.client("logs")


def test_class_of_a_log_group_is_kept(logs: Any) -> None:
    names = {"STANDARD": unique("plain"), "INFREQUENT_ACCESS": unique("rare")}
    logs.create_log_group(logGroupName=names["STANDARD"])
    logs.create_log_group(logGroupName=names["INFREQUENT_ACCESS"], logGroupClass="INFREQUENT_ACCESS")

    for group_class, name in names.items():
        (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert group["logGroupClass"] == group_class
        (found,) = logs.describe_log_groups(logGroupClass=group_class)["logGroups"]
        assert found["logGroupName"] == name


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ERROR", ["ERROR one", "ERROR two"]),
        ("ERROR two", ["ERROR two"]),
        ('"ROR o"', ["ERROR one"]),
        ("?one ?three", ["ERROR one", "INFO three"]),
        ("ERROR -two", ["ERROR one"]),
        ("[level=ERROR, name]", ["ERROR one", "ERROR two"]),
        ("", ["ERROR one", "ERROR two", "INFO three"]),
    ],
)
def test_filter_pattern_selects_events(logs: Any, pattern: str, found: list[str]) -> None:
    group = unique("group")
    put_events(logs, group, "ERROR one", "ERROR two", "INFO three")

    events = logs.filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
    assert [each["message"] for each in events] == found


@pytest.mark.parametrize("pattern", ["", "event"])
def test_events_of_all_streams_are_interleaved(logs: Any, pattern: str) -> None:
    """Since 2019 AWS ignores the parameter interleaved; pages continue in the order of the time."""
    group, now = unique("group"), int(time.time() * 1000)
    logs.create_log_group(logGroupName=group)
    for stream, offsets in (("one", (0, 2, 4)), ("two", (1, 3, 5))):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": now + offset, "message": f"event {offset}"} for offset in offsets]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern=pattern, PaginationConfig={"PageSize": 2}
    )
    found = [event["timestamp"] - now for page in pages for event in page["events"]]
    assert found == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "pattern", ['{ $.level = "ERROR" }', "[level=%ERR%, name]", "[(level), name]", "%ERR%"]
)
def test_filter_pattern_of_structure_is_refused_by_name(logs: Any, pattern: str) -> None:
    group = unique("group")
    logs.create_log_group(logGroupName=group)

    error = api_error(logs.filter_log_events, logGroupName=group, filterPattern=pattern)
    assert error[:2] == (501, "NotImplemented")
    assert "filterPattern" in error.message


def test_metric_filter_makes_metrics_of_events(region: Region, logs: Any) -> None:
    group, namespace = unique("group"), unique("space")
    logs.create_log_group(logGroupName=group)
    logs.put_metric_filter(
        logGroupName=group,
        filterName="errors",
        filterPattern="ERROR",
        metricTransformations=[
            {"metricName": "Errors", "metricNamespace": namespace, "metricValue": "2", "defaultValue": 0.0}
        ],
    )
    put_events(logs, group, "ERROR one", "INFO two", "ERROR three")

    now = datetime.now(UTC)
    (point,) = region.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName="Errors",
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    assert (point["Sum"], point["SampleCount"]) == (4, 3)
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []


def test_metric_value_of_a_field_is_refused_by_name(logs: Any) -> None:
    group = unique("group")
    logs.create_log_group(logGroupName=group)
    transformation = {"metricName": "m", "metricNamespace": "n", "metricValue": "$.size"}

    error = api_error(
        logs.put_metric_filter,
        logGroupName=group,
        filterName="f",
        filterPattern="",
        metricTransformations=[transformation],
    )
    assert error[:2] == (501, "NotImplemented")
    assert "metricTransformations.metricValue" in error.message


def put_events(logs: Any, group: str, *messages: str) -> None:
    """Store events in a stream of a log group, which is created if it does not exist."""
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName=group,
        logStreamName="s",
        logEvents=[{"timestamp": now + index, "message": each} for index, each in enumerate(messages)],
    )
