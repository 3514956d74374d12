"""Topologies of any size, in the form that the control plane derives."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from random import Random

from vpcache.lab.topology import (
    AclEntry,
    Interface,
    InterfaceKind,
    NatGateway,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTarget,
    Rule,
    SecurityGroup,
    Subnet,
    Topology,
    Vpc,
)

ANYWHERE = IPv4Network("0.0.0.0/0")
GROUP = "sg-all"
_ALL = (Rule("all", None, ANYWHERE),)


def site(zones: int, interfaces: int) -> Topology:
    """Return one VPC with a public subnet, a private subnet and a NAT gateway in each zone, and `interfaces`
    in the private subnets."""
    names = [f"us-east-1{chr(ord('a') + zone)}" for zone in range(zones)]
    public = [_subnet("public", 2 * at, name) for at, name in enumerate(names)]
    private = [_subnet("private", 2 * at + 1, name) for at, name in enumerate(names)]
    gateways = [
        Interface(
            f"eni-nat-{subnet.zone}",
            InterfaceKind.NAT_GATEWAY,
            subnet.id,
            subnet.zone,
            subnet.cidr.network_address + 4,
            public_address=IPv4Address("203.0.113.10") + at,
        )
        for at, subnet in enumerate(public)
    ]
    plain = [_plain(number, private[number % zones], number // zones) for number in range(interfaces)]
    tables = [
        RouteTable(f"rtb-{gateway.zone}", (Route(ANYWHERE, RouteTarget.INTERFACE, gateway.id),))
        for gateway in gateways
    ]
    vpc = Vpc(
        id="vpc-1",
        region="us-east-1",
        cidr=IPv4Network("10.0.0.0/16"),
        internet_gateway_id="igw-1",
        subnets=(*private, *public),
        route_tables=(*tables, RouteTable("rtb-public", (Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY),))),
        security_groups=(SecurityGroup(GROUP, _ALL, _ALL),),
        interfaces=(*gateways, *plain),
        nat_gateways=tuple(NatGateway(f"nat-{gateway.zone}", gateway.id) for gateway in gateways),
        cache_clusters=(),
    )
    return Topology((vpc,))


def busy_site(zones: int, interfaces: int, rules: int, seed: int) -> Topology:
    """Return `site` with half as many security groups as interfaces, each with random rules.

    An interface is in one to three groups. Peers of rules are groups and CIDR blocks, ports are few or many.
    """
    random = Random(seed)
    (vpc,) = site(zones, interfaces).vpcs
    groups = [f"sg-{number}" for number in range(interfaces // 2)]
    blocks = [vpc.cidr, ANYWHERE, *(subnet.cidr for subnet in vpc.subnets)]
    plain = [
        each
        if each.kind is InterfaceKind.NAT_GATEWAY
        else replace(each, security_groups=frozenset(random.sample(groups, random.choice((1, 2, 3)))))
        for each in vpc.interfaces
    ]
    egress = rules // 4
    rules_of = [
        (
            tuple(_rule(random, groups, blocks) for _ in range(rules - egress)),
            (*(_rule(random, groups, blocks) for _ in range(egress - 1)), *_ALL),
        )
        for _ in groups
    ]
    found = (SecurityGroup(group, *both) for group, both in zip(groups, rules_of, strict=True))
    return Topology((replace(vpc, interfaces=tuple(plain), security_groups=tuple(found)),))


def with_acl(topology: Topology) -> Topology:
    """Return a topology whose first subnet has a network ACL that passes no answers of most flows."""
    (vpc,) = topology.vpcs
    ingress = (AclEntry(100, "all", None, ANYWHERE, allows=True),)
    egress = (AclEntry(100, "tcp", (0, 20000), ANYWHERE, allows=True),)
    acl = NetworkAcl("acl-1", frozenset({vpc.subnets[0].id}), ingress, egress)
    return Topology((replace(vpc, network_acls=(acl,)),))


def _rule(random: Random, groups: list[str], blocks: list[IPv4Network]) -> Rule:
    low = random.randint(1, 60000)
    peer = random.choice(groups) if random.random() < 0.5 else random.choice(blocks)
    return Rule(random.choice(("tcp", "udp")), (low, low + random.choice((0, 0, 10, 1000))), peer)


def _subnet(kind: str, number: int, zone: str) -> Subnet:
    table = "rtb-public" if kind == "public" else f"rtb-{zone}"
    return Subnet(f"subnet-{kind}-{zone}", IPv4Network(f"10.0.{number}.0/24"), zone, table)


def _plain(number: int, subnet: Subnet, at: int) -> Interface:
    return Interface(
        f"eni-{number}",
        InterfaceKind.PLAIN,
        subnet.id,
        subnet.zone,
        subnet.cidr.network_address + 4 + at,
        security_groups=frozenset({GROUP}),
    )
