"""Security groups, routes, NAT, elastic IPs and faults, with real packets through real namespaces."""

from __future__ import annotations

import os
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from tests.support.network.harness import (
    CACHE_ADDRESS,
    HOST,
    OTHER_HOST,
    SILENCE,
    TIMEOUT,
    UNUSED_ADDRESS,
    NetworkHarness,
    arrives,
    echoes,
    ip,
    needs_namespaces,
    ns,
)
from tests.support.network.isolation import isolated
from tests.support.network.scenario import (
    CLIENTS,
    EGRESS,
    NATS,
    OTHER,
    PORT,
    VPC,
    WEB_ADDRESS,
    interface,
    with_interfaces,
)
from vpcache.lab.addresses import resolver_address
from vpcache.lab.faults import Fault, FaultKind, isolated_interfaces
from vpcache.lab.network.kernel import KernelError
from vpcache.lab.network.naming import (
    INTERNET,
    INTERNET_CLIENT,
    gateway_namespace,
    router_namespace,
)
from vpcache.lab.network.netns import NAMED
from vpcache.lab.network.planner import plan
from vpcache.lab.network.steps import Network
from vpcache.lab.topology import Route, RouteTarget, Rule, Topology

pytestmark = needs_namespaces


@isolated
def test_group_reference_allows_only_its_members() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT + 1)
    assert network.call(ns("client-a"), CACHE_ADDRESS, PORT) == "10.0.0.140"
    assert network.call(ns("client-b"), CACHE_ADDRESS, PORT) == "10.0.0.200"
    assert network.is_silent(ns("client-a"), CACHE_ADDRESS, PORT + 1)
    assert network.is_silent(ns("other"), CACHE_ADDRESS, PORT)
    member = replace(OTHER, security_groups=frozenset({"sg-web", "sg-client"}))
    network.apply(with_interfaces(VPC, member))
    assert network.call(ns("other"), CACHE_ADDRESS, PORT) == "10.0.0.160"
    network.apply(VPC)
    assert network.is_silent(ns("other"), CACHE_ADDRESS, PORT)


@isolated
def test_group_without_egress_rules_allows_nothing_out() -> None:
    without_egress = replace(CLIENTS["a"], security_groups=frozenset({"sg-mute"}))
    open_cache = replace(VPC.security_groups[0], ingress=(Rule("tcp", (PORT, PORT), VPC.cidr),))
    vpc = replace(VPC, security_groups=(open_cache, *VPC.security_groups[1:]))
    network = NetworkHarness(with_interfaces(vpc, without_egress))
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    assert network.call(ns("client-b"), CACHE_ADDRESS, PORT) == "10.0.0.200"
    assert network.is_silent(ns("client-a"), CACHE_ADDRESS, PORT)


@isolated
def test_interface_answers_on_its_secondary_address() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), "10.0.0.151", PORT)
    assert network.call(ns("client-a"), "10.0.0.151", PORT) == "10.0.0.140"


@isolated
def test_each_zone_has_its_own_egress_address() -> None:
    network = NetworkHarness(VPC)
    network.serve(INTERNET, HOST, 443)
    assert {zone: network.call(ns(f"client-{zone}"), HOST, 443) for zone in EGRESS} == EGRESS
    assert network.call(ns("web"), HOST, 443) == WEB_ADDRESS


@isolated
def test_internet_reaches_only_open_ports_of_elastic_ips() -> None:
    network = NetworkHarness(VPC)
    for port in (80, 81):
        network.serve(ns("web"), "10.0.0.20", port)
    network.serve(ns("other"), "10.0.0.160", 80)
    assert network.call(INTERNET, WEB_ADDRESS, 80) == str(INTERNET_CLIENT)
    assert network.is_silent(INTERNET, WEB_ADDRESS, 81)
    with pytest.raises(OSError, match="unreachable"):
        network.call(INTERNET, "10.0.0.160", 80)


@isolated
def test_internet_datagram_cannot_reach_a_private_address() -> None:
    network = NetworkHarness(VPC)
    (uplink,) = [link.device for link in plan(Topology((VPC,))).links if link.namespace == INTERNET]
    ip("-n", INTERNET, "route", "add", "10.0.0.0/24", "via", "169.254.0.2", "dev", uplink, "onlink")
    with (
        network.datagrams(INTERNET, HOST) as host,
        network.datagrams(ns("client-a"), "10.0.0.140") as client,
        network.datagrams(ns("other"), "10.0.0.160", 80) as other,
        network.datagrams(ns("web"), "10.0.0.20", 80) as web,
    ):
        for receiver in (other, web):
            assert arrives(client, receiver)
            assert not arrives(host, receiver, timeout=SILENCE)
        assert arrives(host, web, to=WEB_ADDRESS)


@isolated
def test_datagram_without_elastic_ip_cannot_leave_the_vpc() -> None:
    network = NetworkHarness(with_interfaces(VPC, interface("bare", "10.0.0.21", "sg-web")))
    with (
        network.datagrams(INTERNET, HOST, 80) as host,
        network.datagrams(ns("bare"), "10.0.0.21") as bare,
        network.datagrams(ns("web"), "10.0.0.20") as web,
    ):
        assert not arrives(bare, host, timeout=SILENCE)
        assert arrives(web, host)


@isolated
def test_link_local_packets_do_not_leave_the_vpc() -> None:
    network = NetworkHarness(VPC)
    with (
        network.datagrams(INTERNET, "169.254.0.1", 80) as gateway,
        network.datagrams(ns("web"), "10.0.0.20") as web,
    ):
        assert not arrives(web, gateway, timeout=SILENCE)


@isolated
def test_nat_gateway_accepts_no_inbound_connections() -> None:
    network = NetworkHarness(VPC)
    network.serve(INTERNET, HOST, 443)
    network.serve(ns("nat-a"), "10.0.0.10", 80)
    for port in (80, 81):
        assert network.is_silent(INTERNET, EGRESS["a"], port)
        assert network.is_silent(ns("client-a"), "10.0.0.10", port)
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]


@isolated
def test_removed_elastic_ip_cuts_its_connections() -> None:
    network = NetworkHarness(VPC)
    network.serve(INTERNET, HOST, 443)
    without_ip = replace(NATS["a"], public_address=None)
    with network.connected(ns("client-a"), HOST, 443) as (connection, _):
        network.apply(with_interfaces(VPC, without_ip))
        connection.settimeout(SILENCE)
        with pytest.raises(TimeoutError):
            echoes(connection)
    assert network.is_silent(ns("client-a"), HOST, 443)
    assert network.call(ns("client-b"), HOST, 443) == EGRESS["b"]


@isolated
def test_isolated_nat_gateway_affects_only_its_zone() -> None:
    network = NetworkHarness(VPC)
    network.serve(INTERNET, HOST, 443)
    isolated_ids = isolated_interfaces(Topology((VPC,)), [Fault.create(FaultKind.NAT_GATEWAY, "nat-a")])
    with (
        network.connected(ns("client-a"), HOST, 443) as (flow_a, _),
        network.connected(ns("client-b"), HOST, 443) as (flow_b, _),
    ):
        assert echoes(flow_a)
        network.apply(VPC, isolated=isolated_ids)
        assert network.is_silent(ns("client-a"), HOST, 443)
        assert network.call(ns("client-b"), HOST, 443) == EGRESS["b"]
        assert echoes(flow_b)
        flow_a.settimeout(SILENCE)
        with pytest.raises(TimeoutError):
            echoes(flow_a, b"lost")
        network.apply(VPC)
        assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]
        flow_a.settimeout(TIMEOUT)
        assert flow_a.recv(100) == b"lost"  # TCP sent it again


@isolated
def test_isolated_interface_neither_sends_nor_receives() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    with (
        network.datagrams(ns("cache"), CACHE_ADDRESS, PORT) as cache,
        network.datagrams(ns("client-a"), "10.0.0.140") as client,
    ):
        for interface_id in ("eni-client-a", "eni-cache"):
            network.apply(VPC, isolated=frozenset({interface_id}))
            assert network.is_silent(ns("client-a"), CACHE_ADDRESS, PORT)
            assert not arrives(client, cache, timeout=SILENCE)
        network.apply(VPC)
        assert arrives(client, cache)


@isolated
def test_only_the_host_that_is_down_is_silent() -> None:
    network = NetworkHarness(VPC)
    for host in (HOST, OTHER_HOST):
        network.serve(INTERNET, host, 443)
    network.apply(VPC, down=frozenset({IPv4Address(HOST)}))
    assert network.is_silent(ns("client-a"), HOST, 443)
    assert network.call(ns("client-a"), OTHER_HOST, 443) == EGRESS["a"]
    network.apply(VPC)
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]


@isolated
def test_host_that_is_down_neither_sends_nor_receives() -> None:
    network = NetworkHarness(VPC)
    with network.datagrams(INTERNET, HOST, 80) as host, network.datagrams(ns("web"), "10.0.0.20", 80) as web:
        assert arrives(web, host)
        assert arrives(host, web, to=WEB_ADDRESS)
        network.apply(VPC, down=frozenset({IPv4Address(HOST)}))
        assert not arrives(web, host, timeout=SILENCE)
        with pytest.raises(PermissionError):  # dropped before it leaves
            arrives(host, web, to=WEB_ADDRESS)


@isolated
def test_interface_drops_packets_for_other_addresses() -> None:
    to_web = Route(IPv4Network(f"{UNUSED_ADDRESS}/32"), RouteTarget.INTERFACE, "eni-web")
    tables = tuple(replace(table, routes=(*table.routes, to_web)) for table in VPC.route_tables)
    network = NetworkHarness(replace(VPC, route_tables=tables))
    ip("-n", ns("web"), "address", "add", f"{UNUSED_ADDRESS}/32", "dev", "lo")
    with (
        network.datagrams(ns("client-a"), "10.0.0.140") as client,
        network.datagrams(ns("web"), "10.0.0.20", 80) as web,
        network.datagrams(ns("web"), UNUSED_ADDRESS, 80) as unused,
    ):
        assert arrives(client, web)
        assert not arrives(client, unused, timeout=SILENCE)


@isolated
def test_packets_without_route_are_dropped() -> None:
    network = NetworkHarness(VPC)
    assert network.is_silent(ns("client-a"), UNUSED_ADDRESS, 443)  # nowhere on the internet
    assert network.is_silent(ns("client-a"), "10.0.0.180", 443)  # nowhere in the VPC
    assert network.is_silent(ns("client-a"), "169.254.0.2", 443)  # a link of the lab's own
    assert network.is_silent(ns("client-a"), "10.0.0.129", 443)  # the router
    network.apply(replace(VPC, route_tables=tuple(replace(table, routes=()) for table in VPC.route_tables)))
    assert network.is_silent(ns("client-a"), UNUSED_ADDRESS, 443)


@isolated
def test_forged_source_address_is_dropped() -> None:
    network = NetworkHarness(VPC)
    ip("-n", ns("other"), "address", "add", "10.0.0.140/32", "dev", "eth0")
    with (
        network.datagrams(ns("cache"), CACHE_ADDRESS, PORT) as cache,
        network.datagrams(ns("other"), "10.0.0.140") as forged,
        network.datagrams(ns("client-a"), "10.0.0.140") as client,
    ):
        assert not arrives(forged, cache, timeout=SILENCE)
        assert arrives(client, cache)


@isolated
def test_resolver_is_reachable_without_egress_rules() -> None:
    without_egress = replace(CLIENTS["a"], security_groups=frozenset({"sg-mute"}))
    network = NetworkHarness(with_interfaces(VPC, without_egress))
    resolver = str(resolver_address(VPC.cidr))
    router = router_namespace(VPC.id)
    for address in (resolver, "169.254.169.253"):
        network.serve(router, address, 53)
        assert network.call(ns("client-a"), address, 53) == "10.0.0.140"
    with (
        network.datagrams(ns("client-a"), "10.0.0.140", 5000) as client,
        network.datagrams(router, resolver, 53) as server,
        network.datagrams(router, resolver, 54) as other,
    ):
        assert arrives(client, server)
        assert arrives(server, client)
        assert not arrives(client, other, timeout=SILENCE)


@isolated
def test_interface_changes_keep_other_connections() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    network.serve(INTERNET, HOST, 443)
    with (
        network.connected(ns("client-a"), CACHE_ADDRESS, PORT) as (inside, _),
        network.connected(ns("client-a"), HOST, 443) as (outside, _),
    ):
        network.apply(with_interfaces(VPC, interface("more", "10.0.0.170", "sg-client")))
        assert network.call(ns("more"), CACHE_ADDRESS, PORT) == "10.0.0.170"
        assert echoes(inside)
        assert echoes(outside)
        network.apply(VPC)
        assert not (NAMED / ns("more")).exists()
        assert echoes(inside)
        assert echoes(outside)


@isolated
def test_vpcs_with_the_same_cidr_are_isolated() -> None:
    interfaces = tuple(replace(each, id=f"{each.id}-2", public_address=None) for each in VPC.interfaces)
    other = replace(
        VPC,
        id="vpc-2",
        interfaces=interfaces,
    )
    network = NetworkHarness(VPC, other)
    for suffix in ("", "-2"):
        network.serve(ns(f"cache{suffix}"), CACHE_ADDRESS, PORT, name=f"cache{suffix} ")
    assert network.call(ns("client-a"), CACHE_ADDRESS, PORT) == "cache 10.0.0.140"
    assert network.call(ns("client-a-2"), CACHE_ADDRESS, PORT) == "cache-2 10.0.0.140"


@isolated
def test_reapplying_the_same_network_runs_no_process() -> None:
    network = NetworkHarness(VPC)
    os.environ["PATH"] = "/nonexistent"
    network.apply(VPC)
    with pytest.raises(KernelError, match="cannot run nft"):
        network.apply(VPC, isolated=frozenset({"eni-web"}))


@isolated
def test_removed_network_leaves_no_namespaces_and_links() -> None:
    network = NetworkHarness(VPC)
    before = {path.name for path in NAMED.iterdir()}
    assert {INTERNET, router_namespace(VPC.id), gateway_namespace(VPC.id), ns("cache")} <= before
    process = network.namespaces.popen(ns("cache"), ["sleep", "60"])
    devices = Path(f"/proc/{process.pid}/net/dev")
    assert "eth0" in devices.read_text()
    try:
        network.apply()
        assert {path.name for path in NAMED.iterdir()} == {INTERNET}
        assert len(ip("-n", INTERNET, "-o", "link").splitlines()) == 1
        assert not ip("-n", INTERNET, "route")
        assert "eth0" not in devices.read_text()
    finally:
        process.kill()
        process.wait()
    network.kernel.close()
    assert not list(NAMED.iterdir())
    assert len(ip("-o", "link").splitlines()) == 1


@isolated
def test_apply_after_a_failure_is_complete() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    more = with_interfaces(VPC, interface("more", "10.0.0.170", "sg-client"))
    conflict = ["blackhole", "10.0.0.170", "table", "100"]
    ip("-n", router_namespace(VPC.id), "route", "add", *conflict)
    with pytest.raises(
        KernelError, match=rf"ip route add 10\.0\.0\.170 .* {router_namespace(VPC.id)}.*File exists"
    ):
        network.apply(more)
    with pytest.raises(OSError, match="unreachable"):
        network.call(ns("client-a"), CACHE_ADDRESS, PORT)
    assert not (NAMED / ns("more")).exists()  # it was incomplete
    ip("-n", router_namespace(VPC.id), "route", "del", *conflict)
    network.apply(more)
    assert "UP" in ip("-n", ns("more"), "link", "show", "lo")
    for name in ("more", "client-a"):
        assert network.call(ns(name), CACHE_ADDRESS, PORT)
    network.kernel.apply(Network())
    assert not list(NAMED.iterdir())
