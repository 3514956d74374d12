"""IPv6 inside a VPC and to the internet, with real packets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.network.dual_stack import ADDRESSES, ANYWHERE_IPV6, dual_stack
from tests.support.network.harness import NetworkHarness, echoes, needs_namespaces, ns
from tests.support.network.isolation import isolated
from tests.support.network.scenario import ANYWHERE, EVERYTHING_OUT, PORT, VPC
from vpcache.lab.network.consistency import differences
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.network.netns import has_ipv6
from vpcache.lab.topology import AclEntry, NetworkAcl

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(not has_ipv6(), reason="this machine's kernel has no IPv6"),
]

HOST = "2001:db8::21"
CLIENT = "2001:db8::1"  # the internet's own address
DUAL_STACK = dual_stack(VPC)


@isolated
def test_group_reference_allows_its_members_over_ipv6() -> None:
    network = NetworkHarness(DUAL_STACK)
    network.serve(ns("cache"), ADDRESSES["eni-cache"], PORT)
    assert network.call(ns("client-a"), ADDRESSES["eni-cache"], PORT) == ADDRESSES["eni-client-a"]
    assert network.call(ns("client-b"), ADDRESSES["eni-cache"], PORT) == ADDRESSES["eni-client-b"]
    assert network.is_silent(ns("other"), ADDRESSES["eni-cache"], PORT)


@isolated
def test_internet_gateway_forwards_ipv6_in_both_directions() -> None:
    network = NetworkHarness(DUAL_STACK)
    network.serve(INTERNET, HOST, 443)
    network.serve(ns("web"), ADDRESSES["eni-web"], 80)
    assert network.call(ns("web"), HOST, 443) == ADDRESSES["eni-web"]
    assert network.call(INTERNET, ADDRESSES["eni-web"], 80) == CLIENT
    assert network.is_silent(INTERNET, ADDRESSES["eni-web"], 81)


@isolated
def test_egress_only_gateway_forwards_outbound_connections_only() -> None:
    network = NetworkHarness(DUAL_STACK)
    network.serve(INTERNET, HOST, 443)
    network.serve(ns("other"), ADDRESSES["eni-other"], 80)
    assert network.call(ns("other"), HOST, 443) == ADDRESSES["eni-other"]
    assert network.call(ns("web"), ADDRESSES["eni-other"], 80) == ADDRESSES["eni-web"]
    assert network.is_silent(INTERNET, ADDRESSES["eni-other"], 80)


@isolated
def test_egress_only_gateway_alone_carries_no_ipv4() -> None:
    network = NetworkHarness(replace(DUAL_STACK, internet_gateway_id=None))
    network.serve(INTERNET, HOST, 443)
    network.serve(INTERNET, "198.51.100.10", 443)
    assert network.call(ns("other"), HOST, 443) == ADDRESSES["eni-other"]
    assert network.is_silent(ns("other"), "198.51.100.10", 443)
    assert network.is_silent(ns("web"), HOST, 443)  # its route leads to the detached internet gateway


@isolated
def test_ipv6_without_a_route_is_dropped() -> None:
    tables = tuple(
        replace(table, routes=tuple(each for each in table.routes if each.destination.version == 4))
        for table in DUAL_STACK.route_tables
    )
    network = NetworkHarness(replace(DUAL_STACK, route_tables=tables))
    network.serve(INTERNET, HOST, 443)
    assert network.is_silent(ns("client-a"), HOST, 443)


@isolated
def test_rules_of_ipv4_allow_no_ipv6() -> None:
    groups = tuple(
        replace(group, egress=EVERYTHING_OUT) if group.id == "sg-client" else group
        for group in DUAL_STACK.security_groups
    )
    network = NetworkHarness(replace(DUAL_STACK, security_groups=groups))
    network.serve(INTERNET, HOST, 443)
    assert network.is_silent(ns("client-a"), HOST, 443)


@isolated
def test_network_acl_without_ipv6_entries_denies_ipv6() -> None:
    allow = AclEntry(100, "all", None, ANYWHERE, allows=True)
    allow_ipv6 = AclEntry(101, "all", None, ANYWHERE_IPV6, allows=True)
    subnets = frozenset({"subnet-private-a"})
    network = NetworkHarness(
        replace(DUAL_STACK, network_acls=(NetworkAcl("acl-1", subnets, (allow,), (allow,)),))
    )
    network.serve(ns("cache"), ADDRESSES["eni-cache"], PORT)
    network.serve(ns("cache"), "10.0.0.150", PORT)
    assert network.is_silent(ns("client-b"), ADDRESSES["eni-cache"], PORT)
    assert network.call(ns("client-b"), "10.0.0.150", PORT) == "10.0.0.200"
    entries = (allow, allow_ipv6)
    network.apply(replace(DUAL_STACK, network_acls=(NetworkAcl("acl-1", subnets, entries, entries),)))
    assert network.call(ns("client-b"), ADDRESSES["eni-cache"], PORT) == ADDRESSES["eni-client-b"]


@isolated
def test_forged_ipv6_source_address_is_dropped() -> None:
    network = NetworkHarness(DUAL_STACK)
    network.serve(INTERNET, HOST, 443)
    forged = "2600:1f18:a:100::dead"
    network.namespaces.popen(
        ns("other"), ["ip", "address", "add", f"{forged}/128", "dev", "eth0", "nodad"]
    ).wait()
    with network.namespaces.socket_to(ns("other"), HOST) as connection:
        connection.bind((forged, 0))
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.connect((HOST, 443))


@isolated
def test_open_ipv6_connections_outlive_unrelated_changes() -> None:
    network = NetworkHarness(DUAL_STACK)
    network.serve(ns("cache"), ADDRESSES["eni-cache"], PORT)
    with network.connected(ns("client-a"), ADDRESSES["eni-cache"], PORT) as (connection, _):
        network.apply(replace(DUAL_STACK, interfaces=DUAL_STACK.interfaces[:-1]))
        assert echoes(connection)


@isolated
def test_dual_stack_network_has_no_drift_and_goes_back_to_ipv4() -> None:
    network = NetworkHarness(DUAL_STACK)
    assert differences(network.namespaces, network.kernel.applied) == []
    network.apply(VPC)
    assert differences(network.namespaces, network.kernel.applied) == []
    network.serve(INTERNET, HOST, 443)
    with pytest.raises(OSError, match="Network is unreachable"):
        network.call(ns("client-a"), HOST, 443)
