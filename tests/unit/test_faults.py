from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scenario import CACHE, NATS, VPC

from vpcache.lab.errors import LabError
from vpcache.lab.faults import (
    MODES,
    Fault,
    FaultKind,
    Mode,
    UnknownTargetError,
    by_target,
    check_target,
    down_hosts,
    out_zones,
    severed,
    standing,
)
from vpcache.lab.hosts import HOSTS, ORIGIN
from vpcache.lab.topology import Topology

TOPOLOGY = Topology((VPC,))
KNOWN = {
    FaultKind.ZONE: "us-east-1b",
    FaultKind.NAT_GATEWAY: "nat-a",
    FaultKind.CACHE_NODE: "kv/0001",
    FaultKind.INTERFACE: "eni-web",
    FaultKind.ORIGIN: ORIGIN,
    FaultKind.DNS: "vpc-1",
}


@pytest.mark.parametrize(
    ("kind", "interfaces"),
    [
        (FaultKind.ZONE, {"eni-client-b", "eni-nat-b"}),
        (FaultKind.NAT_GATEWAY, {NATS["a"].id}),
        (FaultKind.CACHE_NODE, {CACHE.id}),
        (FaultKind.INTERFACE, {"eni-web"}),
        (FaultKind.ORIGIN, set()),
        (FaultKind.DNS, set()),
    ],
)
def test_a_fault_severs_the_interfaces_behind_its_target(kind: FaultKind, interfaces: set[str]) -> None:
    assert severed(TOPOLOGY, [Fault(kind, KNOWN[kind])]) == interfaces


def test_faults_add_up() -> None:
    faults = [Fault(FaultKind.NAT_GATEWAY, "nat-a"), Fault(FaultKind.INTERFACE, "eni-web")]
    assert severed(TOPOLOGY, faults) == {"eni-nat-a", "eni-web"}
    assert severed(TOPOLOGY, []) == frozenset()


def test_a_zone_without_interfaces_can_be_taken_away() -> None:
    bare = Topology((replace(VPC, interfaces=()),))
    assert severed(bare, [Fault(FaultKind.ZONE, "us-east-1a")]) == frozenset()


def test_the_origin_is_a_host_and_no_interface() -> None:
    faults = [Fault(FaultKind.ORIGIN, ORIGIN), Fault(FaultKind.NAT_GATEWAY, "nat-a")]
    assert down_hosts(faults) == {HOSTS[ORIGIN]}


@pytest.mark.parametrize("kind", FaultKind)
def test_an_unknown_target_is_refused_with_those_that_exist(kind: FaultKind) -> None:
    with pytest.raises(UnknownTargetError) as refusal:
        check_target(TOPOLOGY, Fault(kind, "moon"))
    assert KNOWN[kind] in refusal.value.candidates
    for word in (kind, "'moon'", KNOWN[kind]):
        assert word in str(refusal.value)


def test_a_refusal_says_when_there_is_nothing_to_take_away() -> None:
    with pytest.raises(UnknownTargetError, match="none yet"):
        severed(Topology(), [Fault(FaultKind.ZONE, "us-east-1a")])


def test_a_fault_stands_as_long_as_its_target() -> None:
    faults = tuple(Fault(kind, target) for kind, target in KNOWN.items())
    assert standing(TOPOLOGY, faults) == faults
    assert standing(Topology(), faults) == (Fault(FaultKind.ORIGIN, ORIGIN),)


def test_a_kind_may_come_as_text() -> None:
    fault = Fault("zone", "us-east-1b")
    assert fault == Fault(FaultKind.ZONE, "us-east-1b")
    assert fault.label == "zone us-east-1b: out"
    assert severed(TOPOLOGY, [fault]) == {"eni-client-b", "eni-nat-b"}


@pytest.mark.parametrize("mode", MODES[FaultKind.CACHE_NODE][1:])
def test_a_node_whose_process_is_wrong_is_not_cut_off(mode: Mode) -> None:
    assert severed(TOPOLOGY, [Fault(FaultKind.CACHE_NODE, "kv/0001", mode)]) == frozenset()


@pytest.mark.parametrize("mode", MODES[FaultKind.ORIGIN][1:])
def test_an_origin_that_answers_badly_is_not_down(mode: Mode) -> None:
    assert down_hosts([Fault(FaultKind.ORIGIN, ORIGIN, mode)]) == frozenset()


def test_faults_are_found_by_kind() -> None:
    zone, node = Fault(FaultKind.ZONE, "us-east-1b"), Fault(FaultKind.CACHE_NODE, "kv/0001", Mode.HUNG)
    assert by_target([zone, node], FaultKind.CACHE_NODE) == {"kv/0001": node}
    assert out_zones([zone, node]) == {"us-east-1b"}


def test_a_fault_is_in_its_kinds_usual_mode_unless_told() -> None:
    assert Fault(FaultKind.CACHE_NODE, "kv/0001").mode is Mode.OUT
    slow = Fault(FaultKind.ORIGIN, ORIGIN, "slow")
    assert (slow.mode, slow.seconds) == (Mode.SLOW, 2.0)
    assert Fault(FaultKind.ORIGIN, ORIGIN, "slow", 0.5).label == f"origin {ORIGIN}: slow by 0.5 s"


@pytest.mark.parametrize(
    "wanted",
    [
        ("comet", "x"),
        (None, "x"),
        ("zone", 5),
        ("zone", ["a"]),
        ("zone", "us-east-1a", "slow"),
        ("origin", ORIGIN, "late"),
        ("origin", ORIGIN, "slow", 0),
        ("origin", ORIGIN, "slow", "2"),
        ("origin", ORIGIN, "down", 2),
    ],
)
def test_a_malformed_fault_is_refused(wanted: tuple[Any, ...]) -> None:
    with pytest.raises(LabError, match="unknown"):
        Fault(*wanted)
