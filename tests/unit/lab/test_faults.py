"""Faults: validation, targets and effects."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.support.network.scenario import CACHE, NATS, VPC
from vpcache.lab.addresses import HOSTS, ORIGIN
from vpcache.lab.errors import LabError
from vpcache.lab.faults import (
    MODES,
    AmbiguousTargetError,
    Fault,
    FaultKind,
    Mode,
    UnknownTargetError,
    active_faults,
    by_target,
    check_unambiguous,
    down_hosts,
    isolated_interfaces,
    out_zones,
    resolved,
)
from vpcache.lab.topology import FunctionUrl, Topology, Vpc

TOPOLOGY = Topology((VPC,))
KNOWN = {
    FaultKind.ZONE: "us-east-1b",
    FaultKind.NAT_GATEWAY: "nat-a",
    FaultKind.CACHE_NODE: "us-east-1/kv/0001",
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
def test_fault_isolates_the_interfaces_of_its_target(kind: FaultKind, interfaces: set[str]) -> None:
    assert isolated_interfaces(TOPOLOGY, [Fault.create(kind, KNOWN[kind])]) == interfaces


def test_isolated_interfaces_of_several_faults_are_combined() -> None:
    faults = [Fault.create(FaultKind.NAT_GATEWAY, "nat-a"), Fault.create(FaultKind.INTERFACE, "eni-web")]
    assert isolated_interfaces(TOPOLOGY, faults) == {"eni-nat-a", "eni-web"}
    assert isolated_interfaces(TOPOLOGY, []) == frozenset()


def test_fault_of_a_zone_without_interfaces_is_valid() -> None:
    topology = Topology((replace(VPC, interfaces=()),))
    assert isolated_interfaces(topology, [Fault.create(FaultKind.ZONE, "us-east-1a")]) == frozenset()


def test_origin_fault_isolates_a_host_not_an_interface() -> None:
    faults = [Fault.create(FaultKind.ORIGIN, ORIGIN), Fault.create(FaultKind.NAT_GATEWAY, "nat-a")]
    assert down_hosts(TOPOLOGY, faults) == {HOSTS[ORIGIN]}


def test_origin_fault_of_a_function_url_isolates_its_host() -> None:
    url = FunctionUrl("abc.lambda-url.us-east-1.on.aws", IPv4Address("198.51.100.64"))
    fault = Fault.create(FaultKind.ORIGIN, url.hostname)
    with_url = Topology(function_urls=(url,))
    assert down_hosts(with_url, [fault]) == {url.address}
    assert active_faults(with_url, [fault]) == (fault,)
    assert active_faults(Topology(), [fault]) == ()


@pytest.mark.parametrize("kind", FaultKind)
def test_unknown_target_error_lists_candidates(kind: FaultKind) -> None:
    with pytest.raises(UnknownTargetError) as error:
        resolved(TOPOLOGY, Fault.create(kind, "moon"))
    assert KNOWN[kind] in error.value.candidates
    assert str(error.value).startswith(f"unknown {kind} 'moon'; choose from ")
    assert KNOWN[kind] in str(error.value)


def in_region(region: str) -> Vpc:
    """Return a VPC in another region with a cluster of the same ID."""
    (cluster,) = VPC.cache_clusters
    return replace(VPC, id=f"vpc-{region}", region=region, cache_clusters=(replace(cluster, region=region),))


def test_unique_cache_node_resolves_without_region() -> None:
    short = Fault.create(FaultKind.CACHE_NODE, "kv/0001", Mode.HUNG)
    assert resolved(TOPOLOGY, short).target == "us-east-1/kv/0001"
    assert resolved(TOPOLOGY, short).mode is Mode.HUNG


def test_ambiguous_cache_node_requires_its_region() -> None:
    both = Topology((VPC, in_region("eu-west-1")))
    with pytest.raises(AmbiguousTargetError) as error:
        resolved(both, Fault.create(FaultKind.CACHE_NODE, "kv/0001"))
    assert str(error.value) == (
        "ambiguous cache_node 'kv/0001'; choose from eu-west-1/kv/0001, us-east-1/kv/0001"
    )
    full = Fault.create(FaultKind.CACHE_NODE, "eu-west-1/kv/0001")
    assert resolved(both, full) == full


def test_fault_matches_names_with_and_without_region() -> None:
    here, there = (
        Fault.create(FaultKind.CACHE_NODE, f"{region}/kv/0001") for region in ("us-east-1", "eu-west-1")
    )
    assert here.is_about("cache_node", "kv/0001") and here.is_about("cache_node", "us-east-1/kv/0001")
    assert not here.is_about("cache_node", "eu-west-1/kv/0001")
    assert not here.is_about("interface", "kv/0001")
    check_unambiguous([here], "cache_node", "kv/0001")
    check_unambiguous([here, there], "cache_node", "eu-west-1/kv/0001")
    with pytest.raises(AmbiguousTargetError, match="eu-west-1/kv/0001"):
        check_unambiguous([here, there], "cache_node", "kv/0001")


def test_unknown_target_error_without_candidates() -> None:
    with pytest.raises(UnknownTargetError, match="unknown zone 'us-east-1a'; the lab has none yet"):
        isolated_interfaces(Topology(), [Fault.create(FaultKind.ZONE, "us-east-1a")])


def test_fault_ends_with_its_target() -> None:
    faults = tuple(Fault.create(kind, target) for kind, target in KNOWN.items())
    assert active_faults(TOPOLOGY, faults) == faults
    assert active_faults(Topology(), faults) == (Fault.create(FaultKind.ORIGIN, ORIGIN),)


def test_fault_accepts_kind_as_text() -> None:
    fault = Fault.create("zone", "us-east-1b")
    assert fault == Fault.create(FaultKind.ZONE, "us-east-1b")
    assert fault.label == "zone us-east-1b: out"
    assert isolated_interfaces(TOPOLOGY, [fault]) == {"eni-client-b", "eni-nat-b"}


@pytest.mark.parametrize("mode", MODES[FaultKind.CACHE_NODE][1:])
def test_process_fault_of_a_node_does_not_isolate_it(mode: Mode) -> None:
    assert (
        isolated_interfaces(TOPOLOGY, [Fault.create(FaultKind.CACHE_NODE, "us-east-1/kv/0001", mode)])
        == frozenset()
    )


@pytest.mark.parametrize("mode", MODES[FaultKind.ORIGIN][1:])
def test_answering_origin_is_not_isolated(mode: Mode) -> None:
    assert down_hosts(TOPOLOGY, [Fault.create(FaultKind.ORIGIN, ORIGIN, mode)]) == frozenset()


def test_faults_are_selected_by_kind() -> None:
    zone, node = (
        Fault.create(FaultKind.ZONE, "us-east-1b"),
        Fault.create(FaultKind.CACHE_NODE, "us-east-1/kv/0001", Mode.HUNG),
    )
    assert by_target([zone, node], FaultKind.CACHE_NODE) == {"us-east-1/kv/0001": node}
    assert out_zones([zone, node]) == {"us-east-1b"}


def test_fault_has_the_default_mode_of_its_kind() -> None:
    assert Fault.create(FaultKind.CACHE_NODE, "us-east-1/kv/0001").mode is Mode.OUT
    slow = Fault.create(FaultKind.ORIGIN, ORIGIN, "slow")
    assert (slow.mode, slow.seconds) == (Mode.SLOW, 2.0)
    assert Fault.create(FaultKind.ORIGIN, ORIGIN, "slow", 0.5).label == f"origin {ORIGIN}: slow by 0.5 s"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("comet", "x"), "unknown fault kind 'comet'; choose from zone, nat_gateway, "),
        ((None, "x"), "unknown fault kind None; choose from zone, nat_gateway, "),
        (("zone", 5), "invalid target 5: must be a string"),
        (("zone", ["a"]), "invalid target ['a']: must be a string"),
        (("zone", "us-east-1a", "slow"), "unknown mode 'slow' of zone faults; choose from out"),
        (
            ("origin", ORIGIN, "late"),
            "unknown mode 'late' of origin faults; choose from down, slow, ",
        ),
        (("origin", ORIGIN, "slow", 0), "invalid seconds 0: must be a number greater than 0"),
        (("origin", ORIGIN, "slow", "2"), "invalid seconds '2': must be a number greater than 0"),
        (
            ("origin", ORIGIN, "down", 2),
            "invalid seconds 2: mode down takes none",
        ),
    ],
)
def test_invalid_fault_is_rejected(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(LabError) as error:
        Fault.create(*arguments)
    assert str(error.value).startswith(message)
