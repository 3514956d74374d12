"""Readings of the lab for the page: what changed, and nothing else."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from tests.support.network.scenario import VPC
from vpcache.lab.daemon.link_counters import Counters
from vpcache.lab.daemon.live.drill_progress import DrillProgress
from vpcache.lab.daemon.live.invocations import WatchedRunner
from vpcache.lab.daemon.live.model import Model
from vpcache.lab.daemon.live.observer import Observer
from vpcache.lab.faults import Fault
from vpcache.lab.topology import Topology

PARTS = {
    "drill",
    "drops",
    "elastic_ips",
    "fault_choices",
    "faults",
    "faulty",
    "functions",
    "internet",
    "outside",
    "stacks",
    "traffic",
}


class Lab:
    """A lab whose parts are set by hand, and which counts how often they are read."""

    def __init__(self) -> None:
        self.topology = Topology((VPC,))
        self.faults: tuple[Fault, ...] = ()
        self.counters = {"eni-cache": Counters(1, 100, 2, 200)}
        self.models = self.drops_read = self.closed = 0
        self.runner: Any = WatchedRunner(None)  # type: ignore[arg-type]  # runs nothing

    def model(self) -> Model:
        self.models += 1
        return Model()

    def drops(self) -> tuple[Any, ...]:
        self.drops_read += 1
        return ()

    def follow(self, topology: Topology) -> None:
        assert topology is self.topology

    def read(self) -> dict[str, Counters]:
        return self.counters

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def observer(lab: Lab) -> Observer:
    counters: Any = lab
    return Observer(
        lab,
        counters,
        lab.runner,
        DrillProgress(),
        drops=lab.drops,
        model=lab.model,
        at_rest=nullcontext,
        lab={"endpoint": "http://127.0.0.1:4600", "pid": 1},
    )


def test_snapshot_has_all_parts(observer: Observer) -> None:
    observer.open()
    assert observer.snapshot().keys() == PARTS | {"time", "lab", "logs"}


def test_lab_at_rest_changes_nothing_and_is_read_little(observer: Observer, lab: Lab) -> None:
    observer.open()
    for _ in range(10):
        assert observer.changes() == {}
    assert lab.models == 1
    assert lab.drops_read <= 3, "dropped packets need packets"


def test_packet_changes_the_traffic_for_two_readings(observer: Observer, lab: Lab) -> None:
    observer.open()
    lab.counters = {"eni-cache": Counters(3, 300, 2, 200)}
    changed = observer.changes()
    assert changed.keys() == {"time", "traffic"}
    assert changed["traffic"]["eni-cache"]["sent"]["packets_per_second"] > 0
    assert observer.changes()["traffic"]["eni-cache"]["sent"]["packets_per_second"] == 0
    assert observer.changes() == {}
    assert lab.drops_read >= 2


def test_fault_changes_the_faults_only(observer: Observer, lab: Lab) -> None:
    observer.open()
    lab.faults = (Fault.create("nat_gateway", "nat-a"),)
    changed = observer.changes()
    assert changed.keys() == {"time", "faults", "faulty"}
    assert changed["faulty"] == {"eni-nat-a": "out", "nat-a": "out"}


def test_changed_topology_is_read_again(observer: Observer, lab: Lab) -> None:
    observer.open()
    lab.topology = Topology((VPC,))
    assert observer.changes() == {}, "an equal topology shows nothing new"
    lab.topology = Topology((replace(VPC, nat_gateways=VPC.nat_gateways[:1]),))
    assert observer.changes().keys() == {"time", "stacks", "fault_choices"}
    assert lab.models == 3


def test_closed_observer_holds_nothing_and_begins_again(observer: Observer, lab: Lab) -> None:
    observer.open()
    observer.close()
    assert lab.closed == 1
    assert observer.changes().keys() >= PARTS
