"""CloudWatch Logs: moto's backend with classes of log groups, filter patterns and metric filters.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse
from moto.logs.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.messaging.filter_patterns import matcher
from vpcache.lab.aws.messaging.metric_filters import check_metric_filter, metrics

_STANDARD = "STANDARD"


class LogGroupsBackend(LogsBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """CloudWatch Logs of one region."""

    @property
    def _url_module(self) -> UrlModule:
        return _LOGS_URLS

    def put_log_events(self, log_group_name: str, log_stream_name: str, log_events: list[Any]) -> Any:
        """Store log events, and record the metrics that the group's filters make of them."""
        if not log_events or any({"message", "timestamp"} - each.keys() for each in log_events):
            raise InvalidParameterException("Member must not be null", "logEvents", log_events)
        answer = super().put_log_events(log_group_name, log_stream_name, log_events)
        metric_filters = self.filters.get_matching_filters(log_group_name=log_group_name)
        cloudwatch = cloudwatch_backends[self.account_id][self.region_name]
        for namespace, metric in metrics(metric_filters, log_events):
            cloudwatch.put_metric_data(namespace, [metric])
        return answer

    def put_metric_filter(self, *arguments: Any) -> None:
        """Create a metric filter, or replace the one with this name.

        `arguments` are name, pattern, log group and transformations.
        """
        name, pattern, group, transformations = arguments
        if group not in self.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        check_metric_filter({"filterPattern": pattern, "metricTransformations": transformations})
        self.filters.delete_filter(name, group)
        super().put_metric_filter(*arguments)

    def delete_log_group(self, log_group_name: str) -> None:
        """Delete a log group with its metric filters."""
        super().delete_log_group(log_group_name)
        for each in self.filters.get_matching_filters(log_group_name=log_group_name):
            self.filters.delete_filter(each["filterName"], log_group_name)

    def delete_metric_filter(self, filter_name: str, log_group_name: str) -> None:
        """Delete a metric filter."""
        known = self.filters.get_matching_filters(log_group_name=log_group_name)
        if filter_name not in (each["filterName"] for each in known):
            raise ResourceNotFoundException("The specified metric filter does not exist.")
        super().delete_metric_filter(filter_name, log_group_name)

    def filter_log_events(self, *arguments: Any) -> Any:
        """Return the events that match a pattern; the last argument but one is the pattern.

        moto ignores most patterns, so it gets none. AWS ignores the last argument: streams are interleaved.
        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        """
        *selection, limit, token, pattern, _ = arguments
        matches = matcher(pattern)
        if not pattern:
            return super().filter_log_events(*selection, limit, token, pattern, True)
        events, _, streams = super().filter_log_events(*selection, None, None, "", True)
        found = [each for each in events if matches(each["message"])]
        first = int(token) if str(token or "").isdecimal() else 0
        end = first + (limit or len(found))
        return found[first:end], str(end) if end < len(found) else None, streams


class _LogGroupsResponse(LogsResponse):  # type: ignore[misc]
    """The API of CloudWatch Logs, with the classes of log groups."""

    def create_log_group(self) -> str:
        """Answer CreateLogGroup."""
        self._get_validated_param("logGroupName", "Member must not be null", lambda name: name is not None)
        answer: str = super().create_log_group()
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        group.log_group_class = self._get_param("logGroupClass") or _STANDARD
        return answer

    def describe_log_groups(self) -> str:
        """Answer DescribeLogGroups, with the class of each group."""
        answer = json.loads(super().describe_log_groups())
        wanted = self._get_param("logGroupClass")
        for each in answer["logGroups"]:
            group = self.logs_backend.groups.get(each["logGroupName"])
            each["logGroupClass"] = getattr(group, "log_group_class", _STANDARD)
        answer["logGroups"] = [
            each for each in answer["logGroups"] if wanted in (None, each["logGroupClass"])
        ]
        return json.dumps(answer)


_LOGS_URLS = UrlModule(url_bases, {"{0}/$": _LogGroupsResponse.dispatch})
