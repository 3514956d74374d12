"""Writes the records of flow logs at the end of each aggregation interval."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.flows.records import GATEWAY_ENDPOINT, INTERNET_GATEWAY, Record, Window, records
from vpcache.lab.flows.traffic import Traffic
from vpcache.lab.network.naming import GATEWAY, endpoint_device
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import FlowLog, Topology, Vpc

Deliver = Callable[[str, FlowLog, Sequence[Record], int], None]
"""Delivers the records of a region's flow log for a number of minutes."""

_MINUTE = 60  # seconds of an aggregation interval


@dataclass(frozen=True, slots=True)
class _Interval:
    """The interval of a flow log that has not ended: its start, its minutes so far, and their traffic."""

    start: float
    minutes: int = 0
    traffic: Traffic = field(default_factory=Traffic)


class FlowLogs:
    """Looks at the traffic once a minute, as long as there is a flow log; a setting shortens the minutes."""

    def __init__(
        self, take: Callable[[str], Traffic], deliver: Deliver, settings: Callable[[], LabSettings]
    ) -> None:
        self._take = take
        self._deliver = deliver
        self._settings = settings
        self._lock = threading.Lock()
        self._scheduler = Scheduler("flow logs")
        self._vpcs: tuple[Vpc, ...] = ()
        self._intervals: dict[str, _Interval] = {}
        self._is_scheduled = False

    def reconcile(self, topology: Topology) -> None:
        """Begin the intervals of new flow logs, and forget those of deleted ones."""
        now = time.time()
        with self._lock:
            self._vpcs = tuple(vpc for vpc in topology.vpcs if vpc.flow_logs)
            ids = [flow_log.id for vpc in self._vpcs for flow_log in vpc.flow_logs]
            self._intervals = {each: self._intervals.get(each, _Interval(now)) for each in ids}
            if ids and not self._is_scheduled:
                self._schedule()

    def _schedule(self) -> None:
        self._is_scheduled = True
        self._scheduler.after(self._settings().flow_log_minute_ms / 1000, self._end_minute)

    def _end_minute(self) -> None:
        with self._lock:
            ended = [each for vpc in self._vpcs for each in self._ended(vpc, time.time())]
            self._is_scheduled = False
            if self._vpcs:
                self._schedule()
        for flow_log, window, interval in ended:
            found = records(flow_log, window, interval.traffic)
            self._deliver(window.vpc.region, flow_log, found, interval.minutes)

    def _ended(self, vpc: Vpc, now: float) -> list[tuple[FlowLog, Window, _Interval]]:
        """Add a minute's traffic to the intervals of a VPC's flow logs; return those that have ended."""
        traffic = self._take(vpc.id)
        ended = []
        for flow_log in vpc.flow_logs:
            before = self._intervals[flow_log.id]
            interval = replace(before, minutes=before.minutes + 1, traffic=before.traffic.plus(traffic))
            if interval.minutes * _MINUTE >= flow_log.interval_seconds:
                ended.append((flow_log, Window(vpc, ACCOUNT, interval.start, now, _paths(vpc)), interval))
                interval = _Interval(now)
            self._intervals[flow_log.id] = interval
        return ended


def _paths(vpc: Vpc) -> dict[str, int]:
    endpoints = {endpoint_device(endpoint.id): GATEWAY_ENDPOINT for endpoint in vpc.gateway_endpoints}
    return {GATEWAY: INTERNET_GATEWAY, **endpoints}
