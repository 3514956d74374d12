"""CloudWatch Logs: moto's backend with the classes of log groups.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

from __future__ import annotations

import json

from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse
from moto.logs.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule

_STANDARD = "STANDARD"


class LogGroupsBackend(LogsBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """CloudWatch Logs of one region."""

    @property
    def _url_module(self) -> UrlModule:
        return _LOGS_URLS


class _LogGroupsResponse(LogsResponse):  # type: ignore[misc]
    """The API of CloudWatch Logs, with the classes of log groups."""

    def create_log_group(self) -> str:
        """Answer CreateLogGroup."""
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
