"""What functions write, in CloudWatch Logs."""

from __future__ import annotations

import threading
import time

from moto.logs.models import logs_backends

from vpcache.lab.functions import Invocation

KEPT_LINES = 10_000
"""Of each stream, so that a lab under load for days does not grow."""


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
            del logs.groups[group].streams[done.log_stream].events[:-KEPT_LINES]
