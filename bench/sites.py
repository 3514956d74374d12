"""Topologies of any size, in the form that the control plane derives."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from vpcache.lab.topology import (
    Interface,
    InterfaceKind,
    NatGateway,
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
