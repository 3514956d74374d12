"""The logs of functions, in CloudWatch Logs."""

from __future__ import annotations

import threading
from typing import Any

from moto.logs.models import logs_backends

from vpcache.lab.aws.awslambda.roles import ExecutionRoles, may_log
from vpcache.lab.functions.spec import Invocation

KEPT_EVENTS = 10_000
"""The maximum number of events per log group, which bounds the memory of a lab that runs for days."""


class FunctionLogs:
    """Stores the logs of one region's functions."""

    def __init__(self, account: str, region: str, roles: ExecutionRoles) -> None:
        self._account = account
        self._region = region
        self._roles = roles
        self._lock = threading.Lock()

    def keep(self, group: str, role_arn: str, invocation: Invocation) -> None:
        """Append an invocation's events to the stream of the process that ran it, if the role allows it.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
        """
        events = [{"timestamp": event.timestamp, "message": event.message} for event in invocation.log]
        logs = logs_backends[self._account][self._region]
        has_group = group in logs.groups
        has_stream = has_group and invocation.log_stream in logs.groups[group].streams
        missing = [*([] if has_group else ["LogGroup"]), *([] if has_stream else ["LogStream"])]
        if not may_log(self._roles, role_arn, self._region, group, *missing):
            return
        with self._lock:  # moto creates groups and streams without a lock
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, invocation.log_stream)
            if events:
                logs.put_log_events(group, invocation.log_stream, events)
            delete_oldest(logs.groups[group].streams)


def delete_oldest(streams: dict[str, Any]) -> None:
    """Delete a group's oldest events beyond KEPT_EVENTS, and the streams that become empty."""
    excess = sum(len(stream.events) for stream in streams.values()) - KEPT_EVENTS
    while excess > 0:
        name, stream = min(
            ((name, stream) for name, stream in streams.items() if stream.events),
            key=lambda each: each[1].events[0].timestamp,
        )
        count = min(excess, len(stream.events))
        del stream.events[:count]
        excess -= count
        if not stream.events:
            del streams[name]
