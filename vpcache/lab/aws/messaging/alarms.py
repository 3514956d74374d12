"""CloudWatch: moto's backend with all filters of alarms, and pages of them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.cloudwatch.urls import url_bases
from moto.core.responses import ActionResult

from vpcache.lab.aws.dispatch import UrlModule

_MAX_RECORDS = 100
_NEW = "INSUFFICIENT_DATA"  # the state of an alarm before its first evaluation


class AlarmsBackend(CloudWatchBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """CloudWatch of one region."""

    @property
    def _url_module(self) -> UrlModule:
        return _CLOUDWATCH_URLS

    def put_metric_alarm(self, **parameters: Any) -> Any:
        """Create an alarm, or change one, which keeps its state. Alarms are not evaluated."""
        old = self.alarms.get(parameters["name"])
        alarm = super().put_metric_alarm(**parameters)
        alarm.state_value = old.state_value if old else _NEW
        if old:
            alarm.state_reason, alarm.state_reason_data = old.state_reason, old.state_reason_data
            alarm.state_updated_timestamp = old.state_updated_timestamp
        return alarm


class _AlarmsResponse(CloudWatchResponse):  # type: ignore[misc]
    """The API of CloudWatch, with the parameters of descriptions that moto ignores."""

    def describe_alarms(self) -> ActionResult:
        """Answer DescribeAlarms."""
        names, prefix = self._get_param("AlarmNames", []), self._get_param("AlarmNamePrefix", "")
        state, action = self._get_param("StateValue"), self._get_param("ActionPrefix", "")
        alarms = [
            each
            for each in sorted(self.cloudwatch_backend.describe_alarms(), key=lambda alarm: str(alarm.name))
            if (not names or each.name in names)
            and each.name.startswith(prefix)
            and state in (None, each.state_value)
            and (not action or any(arn.startswith(action) for arn in each.alarm_actions))
        ]
        first = _position(self._get_param("NextToken"))
        end = first + (self._get_int_param("MaxRecords") or _MAX_RECORDS)
        token = {"NextToken": str(end)} if end < len(alarms) else {}
        return ActionResult({"MetricAlarms": alarms[first:end], "CompositeAlarms": [], **token})

    def describe_alarms_for_metric(self) -> ActionResult:
        """Answer DescribeAlarmsForMetric."""
        parameters = self._get_params()
        alarms = [each for each in self.cloudwatch_backend.describe_alarms() if _watches(each, parameters)]
        return ActionResult({"MetricAlarms": alarms})


def _watches(alarm: Any, parameters: Mapping[str, Any]) -> bool:
    """Return whether an alarm watches the metric that a request describes."""
    fields = {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic": alarm.statistic,
        "ExtendedStatistic": alarm.extended_statistic,
        "Period": alarm.period,
        "Unit": alarm.unit,
    }
    wanted = sorted(
        (each.get("Name", ""), each.get("Value", "")) for each in parameters.get("Dimensions") or ()
    )
    has_dimensions = not wanted or sorted((each.name, each.value) for each in alarm.dimensions) == wanted
    return has_dimensions and all(parameters.get(name) in (None, value) for name, value in fields.items())


def _position(token: str | None) -> int:
    if token is not None and not token.isdecimal():
        raise InvalidParameterValue("The value for NextToken is invalid.")
    return int(token or "0")


_CLOUDWATCH_URLS = UrlModule(url_bases, {"{0}/$": _AlarmsResponse.dispatch})
