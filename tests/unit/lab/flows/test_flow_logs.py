"""The intervals of flow logs, with a scheduler that a test controls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.support.network.scenario import VPC
from vpcache.lab.daemon.flow_logs import FlowLogs
from vpcache.lab.flows.packets import TCP, Flow, Verdict
from vpcache.lab.flows.records import Record
from vpcache.lab.flows.traffic import FlowCount, Traffic
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import FlowLog, Topology

CACHE = next(each for each in VPC.interfaces if each.id == "eni-cache")
CALL = Flow(Verdict.ACCEPTED, "gateway", "eni-cache", bytes(4), bytes(4), TCP, 1, 2)
MINUTELY = FlowLog("fl-1", VPC.id, "ALL", 60, ("interface-id", "packets"))
SLOW = replace(MINUTELY, id="fl-2", interval_seconds=600)


class Deliveries:
    """Flow logs with one packet a minute, and what they deliver."""

    def __init__(self) -> None:
        self.looks = 0
        self.delivered: dict[str, list[list[str]]] = {}
        self.minutes: set[int] = set()
        settings = LabSettings(flow_log_minute_ms=20)
        self.flow_logs = FlowLogs(self.take, self.deliver, lambda: settings)

    def take(self, vpc_id: str) -> Traffic:
        self.looks += 1
        return Traffic({CALL: FlowCount(1, 60, 1.0, 1.0, 0)}, {"eni-cache": CACHE})

    def deliver(self, region: str, flow_log: FlowLog, records: Sequence[Record], minutes: int) -> None:
        self.delivered.setdefault(flow_log.id, []).append([record.text for record in records])
        self.minutes.add(minutes)

    def reconcile(self, *flow_logs: FlowLog) -> None:
        self.flow_logs.reconcile(Topology((replace(VPC, flow_logs=flow_logs),)))


def test_records_are_delivered_at_the_end_of_each_interval() -> None:
    deliveries = Deliveries()
    deliveries.reconcile(MINUTELY, SLOW)
    _wait(lambda: SLOW.id in deliveries.delivered)
    deliveries.reconcile()

    assert deliveries.delivered[SLOW.id][0] == ["eni-cache 10"]
    assert {tuple(each) for each in deliveries.delivered[MINUTELY.id]} == {("eni-cache 1",)}
    assert len(deliveries.delivered[MINUTELY.id]) >= 9
    assert deliveries.minutes == {1, 10}


def test_nothing_runs_without_a_flow_log() -> None:
    deliveries = Deliveries()
    deliveries.reconcile()
    time.sleep(0.1)
    assert deliveries.looks == 0
    deliveries.reconcile(MINUTELY)
    _wait(lambda: deliveries.looks > 1)
    deliveries.reconcile()
    time.sleep(0.1)
    before = deliveries.looks
    time.sleep(0.2)
    assert deliveries.looks == before


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
