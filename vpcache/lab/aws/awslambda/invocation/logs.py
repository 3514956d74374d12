"""What functions write, in CloudWatch Logs."""

from __future__ import annotations

import threading
import time
from typing import Any

from moto.logs.models import logs_backends

from vpcache.lab.functions.spec import Invocation

KEPT_LINES = 10_000
"""Of each group, so that a lab under load for days does not grow."""


class FunctionLogs:
    """Keeps the logs of one region's functions."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()

    def keep(self, group: str, done: Invocation) -> None:
        """Append an invocation's lines to the stream of the worker that ran it."""
        now = int(time.time() * 1000)
        lines = done.log.decode(errors="replace").splitlines()
        logs = logs_backends[self._account][self._region]
        with self._lock:  # moto looks first and makes then, for groups and streams alike
            logs.ensure_log_group(group)
            logs.ensure_log_stream(group, done.log_stream)
            logs.put_log_events(
                group, done.log_stream, [{"timestamp": now, "message": line} for line in lines]
            )
            _forget_the_oldest(logs.groups[group].streams)


def _forget_the_oldest(streams: dict[str, Any]) -> None:
    """Bring a group's lines down to those kept, and take away the streams that have none left."""
    over = sum(len(stream.events) for stream in streams.values()) - KEPT_LINES
    while over > 0:
        name, stream = min(
            ((name, stream) for name, stream in streams.items() if stream.events),
            key=lambda each: each[1].events[0].timestamp,
        )
        forgotten = min(over, len(stream.events))
        del stream.events[:forgotten]
        over -= forgotten
        if not stream.events:
            del streams[name]
