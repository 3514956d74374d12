"""The metrics of functions in CloudWatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.functions import create, eventually
from tests.support.served.region import Region
from vpcache.lab.aws.awslambda.invocation import metrics
from vpcache.lab.aws.awslambda.invocation.concurrency import Running
from vpcache.lab.aws.awslambda.invocation.metrics import FunctionMetrics


class Metrics:
    """Reads the metrics of a region's functions."""

    def __init__(self, region: Region) -> None:
        self._cloudwatch = region.client("cloudwatch")

    def statistics(self, name: str, **dimensions: str) -> dict[str, Any]:
        """Return the statistics of the last minutes, summed up: {} if there are none."""
        now = datetime.now(UTC)
        points = self._cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum", "Maximum", "SampleCount"],
        )["Datapoints"]
        return points[0] if points else {}

    def total(self, name: str, **dimensions: str) -> float | None:
        """Return a metric's sum."""
        return self.statistics(name, **dimensions).get("Sum")

    def names(self, **dimensions: str) -> set[str]:
        """Return the names of the metrics with these dimensions."""
        pages = self._cloudwatch.get_paginator("list_metrics").paginate(
            Namespace="AWS/Lambda",
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        )
        return {metric["MetricName"] for page in pages for metric in page["Metrics"]}


@pytest.fixture
def cloudwatch(region: Region) -> Metrics:
    return Metrics(region)


def test_invocations_and_errors_are_counted(region: Region, functions: Any, cloudwatch: Metrics) -> None:
    create(functions)
    assert cloudwatch.names(FunctionName="one") == set()
    functions.invoke(FunctionName="one")
    region.runner.answer = lambda _: (b'{"errorMessage": "no"}', True)
    functions.invoke(FunctionName="one")

    function = {"FunctionName": "one", "Resource": "one"}
    assert cloudwatch.total("Invocations", **function) == 2
    assert cloudwatch.total("Errors", **function) == 1
    assert cloudwatch.total("Throttles", **function) == 0
    duration = cloudwatch.statistics("Duration", **function)
    assert (duration["SampleCount"], duration["Unit"]) == (2, "Milliseconds")
    assert 0 < duration["Maximum"] < 60_000
    assert cloudwatch.statistics("ConcurrentExecutions", FunctionName="one")["Maximum"] == 1


def test_metrics_distinguish_aliases(functions: Any, cloudwatch: Metrics) -> None:
    create(functions, Publish=True)
    functions.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    functions.invoke(FunctionName="one:live")
    assert cloudwatch.total("Invocations", FunctionName="one", Resource="one:live") == 1
    assert cloudwatch.total("Invocations", FunctionName="one", Resource="one") is None


def test_throttles_are_no_invocations(functions: Any, cloudwatch: Metrics) -> None:
    create(functions)
    functions.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="Rate Exceeded"):
        functions.invoke(FunctionName="one")
    assert cloudwatch.names(FunctionName="one") == {"Throttles"}
    assert cloudwatch.total("Throttles", FunctionName="one", Resource="one") == 1


def test_events_are_counted_when_received_and_dropped(
    region: Region, functions: Any, cloudwatch: Metrics
) -> None:
    region.settings = region.settings.changed({"async_minute_ms": 60})
    region.runner.answer = lambda _: (b'{"errorMessage": "no"}', True)
    create(functions)
    functions.invoke(FunctionName="one", InvocationType="Event")
    function = {"FunctionName": "one", "Resource": "one"}
    eventually(lambda: cloudwatch.total("AsyncEventsDropped", **function))
    assert cloudwatch.total("AsyncEventsReceived", **function) == 1
    assert cloudwatch.total("AsyncEventsDropped", **function) == 1
    assert cloudwatch.total("Errors", **function) == 3


def test_oldest_metrics_are_discarded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_AGGREGATES", 4)
    kept = FunctionMetrics()
    kept.running("first", Running(of_function=1, of_all_functions=1))
    for name in ("second", "third", "fourth", "fifth"):
        kept.running(name, Running(of_function=1, of_all_functions=1))
    functions = {each.dimensions[0].value for each in kept.data() if each.dimensions}
    assert len(kept.data()) == 4
    assert "first" not in functions
    assert "fifth" in functions
