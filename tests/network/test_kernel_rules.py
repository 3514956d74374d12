"""Network ACLs, source/destination check, ICMP, changes of rules and NAT timeouts, with real packets."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.support.network.harness import (
    CACHE_ADDRESS,
    HOST,
    SILENCE,
    TIMEOUT,
    NetworkHarness,
    arrives,
    echoes,
    needs_namespaces,
    ns,
)
from tests.support.network.isolation import isolated
from tests.support.network.scenario import (
    ANYWHERE,
    CLIENTS,
    EGRESS,
    OTHER,
    PORT,
    VPC,
    WEB,
    WEB_ADDRESS,
    interface,
    with_interfaces,
)
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.network.planner import plan
from vpcache.lab.topology import AclEntry, NetworkAcl, Route, RouteTarget, Rule, SecurityGroup, Topology, Vpc

pytestmark = needs_namespaces

ALLOW_ALL = AclEntry(100, "all", None, ANYWHERE, allows=True)
CLIENT_A, CLIENT_B = (str(CLIENTS[zone].address) for zone in "ab")


def with_nacl(
    *subnets: str,
    ingress: tuple[AclEntry, ...] = (ALLOW_ALL,),
    egress: tuple[AclEntry, ...] = (ALLOW_ALL,),
) -> Vpc:
    """Return the VPC with a network ACL on some of its subnets."""
    return replace(VPC, network_acls=(NetworkAcl("acl-1", frozenset(subnets), ingress, egress),))


def deny(number: int, cidr: str, protocol: str = "all", ports: tuple[int, int] | None = None) -> AclEntry:
    return AclEntry(number, protocol, ports, IPv4Network(cidr), allows=False)


def pings(network: NetworkHarness, namespace: str, address: str, timeout: float) -> bool:
    """Send an echo request and return whether the reply arrives within `timeout` seconds.

    The first packet may take a second: the kernel repeats an ARP request that it sent before the link was up.
    """

    def create() -> socket.socket:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    body = os.urandom(8)  # identifier, sequence and content
    checksum = sum(struct.unpack("!4H", body)) + 0x0800
    while checksum >> 16:
        checksum = (checksum & 0xFFFF) + (checksum >> 16)
    with network.namespaces.run(namespace, create) as end:
        end.settimeout(timeout)
        end.sendto(struct.pack("!BBH", 8, 0, ~checksum & 0xFFFF) + body, (address, 0))
        try:
            while not (answer := end.recv(100)[20:]).endswith(body) or answer[0] != 0:
                pass
        except TimeoutError:
            return False
        return True


def with_groups(vpc: Vpc, *groups: SecurityGroup) -> Vpc:
    merged = {group.id: group for group in (*vpc.security_groups, *groups)}
    return replace(vpc, security_groups=tuple(merged[key] for key in sorted(merged)))


@isolated
def test_nacl_entry_with_the_lowest_number_decides() -> None:
    network = NetworkHarness(with_nacl("subnet-private-a", ingress=(deny(90, f"{CLIENT_B}/32"), ALLOW_ALL)))
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)
    network.apply(with_nacl("subnet-private-a", ingress=(deny(110, f"{CLIENT_B}/32"), ALLOW_ALL)))
    assert network.call(ns("client-b"), CACHE_ADDRESS, PORT) == CLIENT_B
    network.apply(with_nacl("subnet-private-a", ingress=()))
    assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)


@isolated
def test_nacl_does_not_apply_within_subnet_or_to_resolver() -> None:
    network = NetworkHarness(with_nacl("subnet-private-a", ingress=(), egress=()))
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    network.serve("router-vpc-1", "10.0.0.2", 53)
    assert network.call(ns("client-a"), CACHE_ADDRESS, PORT) == CLIENT_A
    assert network.call(ns("client-a"), "10.0.0.2", 53) == CLIENT_A
    assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)


@isolated
def test_nacl_is_stateless() -> None:
    high_ports = AclEntry(100, "tcp", (1024, 65535), ANYWHERE, allows=True)
    only_port = AclEntry(100, "tcp", (PORT, PORT), ANYWHERE, allows=True)
    network = NetworkHarness(with_nacl("subnet-private-a", ingress=(only_port,), egress=()))
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)
    network.apply(with_nacl("subnet-private-a", ingress=(only_port,), egress=(high_ports,)))
    with network.connected(ns("client-b"), CACHE_ADDRESS, PORT) as (flow, _):
        network.apply(with_nacl("subnet-private-a", ingress=(deny(90, "0.0.0.0/0"),), egress=(high_ports,)))
        flow.settimeout(SILENCE)
        with pytest.raises(TimeoutError):  # an open connection is no exception
            echoes(flow)


@isolated
def test_nacl_applies_to_internet_traffic() -> None:
    network = NetworkHarness(with_nacl("subnet-public-a", ingress=(deny(90, f"{HOST}/32"), ALLOW_ALL)))
    network.serve(INTERNET, HOST, 443)
    assert network.is_silent(ns("client-a"), HOST, 443)
    assert network.call(ns("client-b"), HOST, 443) == EGRESS["b"]


def test_open_nacl_adds_no_rules() -> None:
    assert plan(Topology((with_nacl("subnet-private-a"),))) == plan(Topology((VPC,)))


@isolated
def test_source_dest_check_controls_forwarding() -> None:
    router = interface("router", "10.0.0.30", "sg-web", public="203.0.113.9")
    to_router = (Route(ANYWHERE, RouteTarget.INTERFACE, router.id),)
    tables = tuple(
        replace(each, routes=to_router) if each.id == "rtb-a" else each for each in VPC.route_tables
    )
    open_group = SecurityGroup("sg-web", (Rule("all", None, ANYWHERE),), (Rule("all", None, ANYWHERE),))
    vpc = with_groups(replace(VPC, route_tables=tables), open_group)
    network = NetworkHarness(with_interfaces(vpc, router))
    inside = ["ip", "netns", "exec", ns("router")]
    subprocess.run([*inside, "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)
    rules = "table ip nat { chain out { type nat hook postrouting priority srcnat; masquerade; }; }"
    subprocess.run([*inside, "nft", "-f", "-"], input=rules, text=True, check=True)
    network.serve(INTERNET, HOST, 443)
    assert network.is_silent(ns("client-a"), HOST, 443)
    network.apply(with_interfaces(vpc, replace(router, source_dest_check=False)))
    assert network.call(ns("client-a"), HOST, 443) == "203.0.113.9"
    network.apply(with_interfaces(vpc, router))
    assert network.is_silent(ns("client-a"), HOST, 443)


@isolated
def test_security_group_filters_icmp_by_type_and_code() -> None:
    def vpc(ports: tuple[int, int] | None) -> Vpc:
        return with_groups(
            VPC, SecurityGroup("sg-web", (Rule("icmp", ports, VPC.cidr),), VPC.security_groups[3].egress)
        )

    network = NetworkHarness(VPC)
    address = str(OTHER.address)
    assert not pings(network, ns("client-a"), address, SILENCE)
    for ports, passes in ((None, True), ((8, -1), True), ((8, 0), True), ((8, 1), False), ((13, -1), False)):
        network.apply(vpc(ports))
        assert pings(network, ns("client-a"), address, TIMEOUT if passes else SILENCE) == passes, ports


@isolated
def test_nacl_denies_icmp_only() -> None:
    no_echo = deny(90, "0.0.0.0/0", "icmp", (8, -1))
    open_group = SecurityGroup("sg-cache", (Rule("all", None, ANYWHERE),), (Rule("all", None, ANYWHERE),))
    network = NetworkHarness(
        with_groups(with_nacl("subnet-private-a", ingress=(no_echo, ALLOW_ALL)), open_group)
    )
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    assert not pings(network, ns("client-b"), CACHE_ADDRESS, SILENCE)
    assert pings(network, ns("client-a"), CACHE_ADDRESS, TIMEOUT)
    assert network.call(ns("client-b"), CACHE_ADDRESS, PORT)


@isolated
def test_changed_security_group_keeps_open_connections() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    closed = replace(VPC.security_groups[0], ingress=())
    with network.connected(ns("client-a"), CACHE_ADDRESS, PORT) as (flow, _):
        network.apply(with_groups(VPC, closed))
        assert network.is_silent(ns("client-a"), CACHE_ADDRESS, PORT)
        assert echoes(flow)
        member = replace(CLIENTS["a"], security_groups=frozenset({"sg-web"}))
        network.apply(with_interfaces(VPC, member))
        assert network.is_silent(ns("client-a"), CACHE_ADDRESS, PORT)
        assert echoes(flow)


@isolated
def test_self_referencing_group_allows_only_its_members() -> None:
    own = replace(VPC.security_groups[0], ingress=(Rule("all", None, "sg-cache"),))
    peer = interface("peer", "10.0.0.210", "sg-cache")
    network = NetworkHarness(with_interfaces(with_groups(VPC, own), peer))
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    assert network.call(ns("peer"), CACHE_ADDRESS, PORT) == "10.0.0.210"
    assert network.is_silent(ns("client-a"), CACHE_ADDRESS, PORT)


@isolated
def test_egress_rules_filter_by_cidr_and_port() -> None:
    narrow = SecurityGroup("sg-client", (), (Rule("tcp", (443, 445), IPv4Network(f"{HOST}/32")),))
    network = NetworkHarness(with_groups(VPC, narrow))
    for port in (443, 445, 446):
        network.serve(INTERNET, HOST, port)
    network.serve(INTERNET, "198.51.100.20", 443)
    assert network.call(ns("client-a"), HOST, 443) == network.call(ns("client-a"), HOST, 445) == EGRESS["a"]
    assert network.is_silent(ns("client-a"), HOST, 446)
    assert network.is_silent(ns("client-a"), "198.51.100.20", 443)


@isolated
def test_route_changes_apply_to_an_attached_table() -> None:
    def routed(*routes: Route) -> Vpc:
        tables = tuple(
            replace(each, routes=routes) if each.id == "rtb-a" else each for each in VPC.route_tables
        )
        return replace(VPC, route_tables=tables)

    by = {zone: Route(ANYWHERE, RouteTarget.INTERFACE, f"eni-nat-{zone}") for zone in "ab"}
    network = NetworkHarness(VPC)
    network.serve(INTERNET, HOST, 443)
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]
    network.apply(routed(by["b"]))
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["b"]
    network.apply(routed(by["a"], Route(IPv4Network(f"{HOST}/32"), RouteTarget.INTERFACE, "eni-nat-b")))
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["b"]  # the longest prefix wins
    network.apply(routed(by["a"], Route(IPv4Network(f"{HOST}/32"), RouteTarget.BLACKHOLE)))
    assert network.is_silent(ns("client-a"), HOST, 443)
    network.apply(routed())
    assert network.is_silent(ns("client-a"), HOST, 443)
    network.apply(VPC)
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]


@isolated
def test_nat_gateway_resets_idle_connections() -> None:
    network = NetworkHarness(VPC)
    network.serve(INTERNET, HOST, 443)
    network.kernel.apply(plan(Topology((VPC,)), nat_idle_seconds=1))
    with network.connected(ns("client-a"), HOST, 443) as (flow, _):
        assert echoes(flow)
        time.sleep(1.5)  # longer than the idle timeout
        with pytest.raises(ConnectionResetError):
            echoes(flow)


def test_nat_gateway_idle_timeout_defaults_to_350_seconds() -> None:
    sysctls = dict(plan(Topology((VPC,))).namespaces[ns("nat-a")].sysctls)
    assert sysctls["net/netfilter/nf_conntrack_tcp_timeout_established"] == "350"


@isolated
def test_nat_gateway_returns_udp_replies() -> None:
    network = NetworkHarness(VPC)
    with (
        network.datagrams(INTERNET, HOST, 53) as host,
        network.datagrams(ns("client-a"), CLIENT_A) as client,
    ):
        assert arrives(client, host)
        host.settimeout(TIMEOUT)
        client.sendto(b"question", (HOST, 53))
        _, caller = host.recvfrom(100)
        assert caller[0] == EGRESS["a"]
        host.sendto(b"answer", caller)
        client.settimeout(TIMEOUT)
        assert client.recv(100) == b"answer"


@isolated
def test_elastic_ip_moves_to_another_interface() -> None:
    successor = interface("successor", "10.0.0.21", "sg-web", public=WEB_ADDRESS)
    network = NetworkHarness(VPC)
    network.serve(ns("web"), str(WEB.address), 80, name="web ")
    assert network.call(INTERNET, WEB_ADDRESS, 80).startswith("web ")
    network.apply(with_interfaces(VPC, replace(WEB, public_address=None)))
    network.apply(with_interfaces(VPC, replace(WEB, public_address=None), successor))
    network.serve(ns("successor"), str(successor.address), 80, name="successor ")
    assert network.call(INTERNET, WEB_ADDRESS, 80).startswith("successor ")


@isolated
def test_elastic_ip_of_a_secondary_address_reaches_it_only() -> None:
    second, private = IPv4Address("203.0.113.9"), IPv4Address("10.0.0.21")
    web = replace(WEB, secondary_addresses=(private,), secondary_elastic_ips=((private, second),))
    network = NetworkHarness(with_interfaces(VPC, web))
    network.serve(ns("web"), str(WEB.address), 80, name="primary ")
    network.serve(ns("web"), str(private), 80, name="secondary ")

    assert network.call(INTERNET, WEB_ADDRESS, 80).startswith("primary ")
    assert network.call(INTERNET, str(second), 80).startswith("secondary ")
