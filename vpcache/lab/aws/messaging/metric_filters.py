"""Metric filters: metrics from log events.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from vpcache.lab.aws.messaging.filter_patterns import matcher

_NO_UNIT = "None"


class Datum(NamedTuple):
    """A value of a metric, in a namespace, as PutMetricData takes it."""

    namespace: str
    metric: dict[str, Any]


def check_metric_filter(metric_filter: Mapping[str, Any]) -> None:
    """Raise NotImplementedError for a filter whose metrics the lab cannot compute."""
    matcher(metric_filter["filterPattern"])
    for each in metric_filter["metricTransformations"]:
        if not _is_number(each["metricValue"]):
            raise NotImplementedError(
                f"The metricTransformations.metricValue {each['metricValue']} of PutMetricFilter is not "
                "emulated by the lab: only numbers are."
            )


def metrics(
    metric_filters: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]
) -> Iterator[Datum]:
    """Yield the metrics that filters make of log events.

    An event that does not match gives the default value, if there is one.
    """
    events = list(events)
    for each in metric_filters:
        matches = matcher(each["filterPattern"])
        for transformation in each["metricTransformations"]:
            for event in events:
                name = "metricValue" if matches(event["message"]) else "defaultValue"
                if transformation.get(name) is not None:
                    yield _datum(transformation, float(transformation[name]), event["timestamp"])


def _datum(transformation: Mapping[str, Any], value: float, timestamp: int) -> Datum:
    metric = {
        "MetricName": transformation["metricName"],
        "Timestamp": datetime.fromtimestamp(timestamp / 1000, UTC).replace(tzinfo=None),  # as moto's times
        "Unit": transformation.get("unit", _NO_UNIT),
        "Value": value,
    }
    return Datum(transformation["metricNamespace"], metric)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
