"""The logs of functions, in CloudWatch Logs."""

from __future__ import annotations

import threading
import time
from typing import Any

from moto.logs.models import logs_backends

from vpcache.lab.functions.spec import Invocation

KEPT_LINES = 10_000
"""The maximum number of lines per log group, which bounds the memory of a lab that runs for days."""


class FunctionLogs:
    """Stores the logs of one region's functions."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()

    def keep(self, group: str, invocation: Invocation) -> None:
        """Append an invocation's lines to the stream of the worker that ran it."""
        now = int(time.time() * 1000)
        lines = invocation.log.decode(errors="replace").splitlines()
        logs = logs_backends[self._account][self._region]
        with self._lock:  # moto creates groups and streams without a lock
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, invocation.log_stream)
            logs.put_log_events(
                group, invocation.log_stream, [{"timestamp": now, "message": line} for line in lines]
            )
            _delete_oldest_lines(logs.groups[group].streams)


def _delete_oldest_lines(streams: dict[str, Any]) -> None:
    """Delete a group's oldest lines beyond KEPT_LINES, and the streams that become empty."""
    excess = sum(len(stream.events) for stream in streams.values()) - KEPT_LINES
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
