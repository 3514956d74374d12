"""The metrics of functions, in the CloudWatch namespace AWS/Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.cloudwatch.models import MetricAggregatedDatum

from vpcache.lab.aws.awslambda.invocation.concurrency import Running

NAMESPACE = "AWS/Lambda"
COUNT, MILLISECONDS = "Count", "Milliseconds"
KEPT_AGGREGATES = 50_000
"""The maximum number of minutes of all metrics, which bounds the memory of a lab that runs for days."""

_Dimensions = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Aggregate:
    """The values of one metric in one minute."""

    unit: str
    count: int = 0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)


class FunctionMetrics:
    """The metrics of one region's functions, aggregated by minute as Lambda does. For several threads."""

    def __init__(self) -> None:
        self._aggregates: OrderedDict[tuple[datetime, _Dimensions, str], _Aggregate] = OrderedDict()
        self._lock = threading.Lock()

    def ended(self, function: str, qualifier: str | None, milliseconds: float, *, failed: bool) -> None:
        """Record an invocation that ran, by the function's name and the version or alias that was invoked."""
        self._record(function, qualifier, "Invocations", 1, COUNT)
        self._record(function, qualifier, "Errors", int(failed), COUNT)
        self._record(function, qualifier, "Throttles", 0, COUNT)
        self._record(function, qualifier, "Duration", milliseconds, MILLISECONDS)

    def throttled(self, function: str, qualifier: str | None) -> None:
        """Record an invocation that was throttled."""
        self._record(function, qualifier, "Throttles", 1, COUNT)

    def running(self, function: str, running: Running) -> None:
        """Record the numbers of concurrent invocations when one begins."""
        self._add((), "ConcurrentExecutions", running.of_all_functions, COUNT)
        self._add((("FunctionName", function),), "ConcurrentExecutions", running.of_function, COUNT)

    def event_received(self, function: str, qualifier: str | None) -> None:
        """Record an asynchronous event that was queued."""
        self._record(function, qualifier, "AsyncEventsReceived", 1, COUNT)

    def event_dropped(self, function: str, qualifier: str | None) -> None:
        """Record an asynchronous event that was discarded."""
        self._record(function, qualifier, "AsyncEventsDropped", 1, COUNT)

    def data(self) -> list[MetricAggregatedDatum]:
        """Return all metrics in moto's form."""
        with self._lock:
            aggregates = [
                (minute, dimensions, name, each.unit, each.count, each.total, each.minimum, each.maximum)
                for (minute, dimensions, name), each in self._aggregates.items()
            ]
        return [
            MetricAggregatedDatum(
                namespace=NAMESPACE,
                name=name,
                min_stat=minimum,
                max_stat=maximum,
                sample_count=count,
                sum_stat=total,
                dimensions=[{"Name": key, "Value": value} for key, value in dimensions],
                timestamp=minute,
                unit=unit,
            )
            for minute, dimensions, name, unit, count, total, minimum, maximum in aggregates
        ]

    def _record(self, function: str, qualifier: str | None, name: str, value: float, unit: str) -> None:
        for dimensions in _dimensions(function, qualifier):
            self._add(dimensions, name, value, unit)

    def _add(self, dimensions: _Dimensions, name: str, value: float, unit: str) -> None:
        minute = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)  # as moto's times
        key = (minute, dimensions, name)
        with self._lock:
            if key not in self._aggregates:
                self._aggregates[key] = _Aggregate(unit)
            self._aggregates[key].add(value)
            if len(self._aggregates) > KEPT_AGGREGATES:
                self._aggregates.popitem(last=False)


def _dimensions(function: str, qualifier: str | None) -> Iterator[_Dimensions]:
    """Yield the dimensions of a value: all functions, the function, and the version or alias."""
    yield ()
    yield (("FunctionName", function),)
    yield (("FunctionName", function), ("Resource", f"{function}:{qualifier}" if qualifier else function))
