"""The source scenario's VPC as a topology: two zones with a NAT gateway each, and some interfaces."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from vpcache.lab.topology import (
    CacheCluster,
    CacheNode,
    Interface,
    InterfaceKind,
    NatGateway,
    Route,
    RouteTable,
    RouteTarget,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)

ANYWHERE = IPv4Network("0.0.0.0/0")
EVERYTHING_OUT = (Rule("all", None, ANYWHERE),)
ZONES = {"a": "us-east-1a", "b": "us-east-1b"}
EGRESS = {"a": "203.0.113.1", "b": "203.0.113.2"}
WEB_ADDRESS = "203.0.113.3"
PORT = 11211

SUBNETS = (
    Subnet("subnet-private-a", IPv4Network("10.0.0.128/26"), ZONES["a"], "rtb-a"),
    Subnet("subnet-private-b", IPv4Network("10.0.0.192/26"), ZONES["b"], "rtb-b"),
    Subnet("subnet-public-a", IPv4Network("10.0.0.0/26"), ZONES["a"], "rtb-public"),
    Subnet("subnet-public-b", IPv4Network("10.0.0.64/26"), ZONES["b"], "rtb-public"),
)
GROUPS = (
    SecurityGroup(
        "sg-cache",
        ingress=(Rule("tcp", (PORT, PORT), "sg-client"), Rule("udp", (PORT, PORT), "sg-client")),
        egress=EVERYTHING_OUT,
    ),
    SecurityGroup("sg-client", ingress=(), egress=EVERYTHING_OUT),
    SecurityGroup("sg-mute", ingress=(), egress=()),
    SecurityGroup(
        "sg-web",
        ingress=(Rule("tcp", (80, 80), ANYWHERE), Rule("udp", (80, 80), ANYWHERE)),
        egress=EVERYTHING_OUT,
    ),
)


def interface(
    name: str,
    address: str,
    *groups: str,
    kind: InterfaceKind = InterfaceKind.PLAIN,
    secondary: tuple[str, ...] = (),
    public: str | None = None,
) -> Interface:
    """Return the interface `eni-<name>` in the subnet that contains `address`."""
    subnet = next(subnet for subnet in SUBNETS if IPv4Address(address) in subnet.cidr)
    return Interface(
        f"eni-{name}",
        kind,
        subnet.id,
        subnet.zone,
        IPv4Address(address),
        tuple(map(IPv4Address, secondary)),
        frozenset(groups),
        IPv4Address(public) if public else None,
    )


CACHE = interface("cache", "10.0.0.150", "sg-cache", kind=InterfaceKind.CACHE_NODE, secondary=("10.0.0.151",))
CLIENTS = {
    "a": interface("client-a", "10.0.0.140", "sg-client"),
    "b": interface("client-b", "10.0.0.200", "sg-client"),
}
NATS = {
    "a": interface("nat-a", "10.0.0.10", kind=InterfaceKind.NAT_GATEWAY, public=EGRESS["a"]),
    "b": interface("nat-b", "10.0.0.70", kind=InterfaceKind.NAT_GATEWAY, public=EGRESS["b"]),
}
OTHER = interface("other", "10.0.0.160", "sg-web")
WEB = interface("web", "10.0.0.20", "sg-web", public=WEB_ADDRESS)

VPC = Vpc(
    id="vpc-1",
    region="us-east-1",
    cidr=IPv4Network("10.0.0.0/24"),
    internet_gateway_id="igw-1",
    subnets=SUBNETS,
    route_tables=(
        *(
            RouteTable(f"rtb-{zone}", (Route(ANYWHERE, RouteTarget.INTERFACE, f"eni-nat-{zone}"),))
            for zone in ZONES
        ),
        RouteTable("rtb-public", (Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY),)),
    ),
    security_groups=GROUPS,
    interfaces=(CACHE, *CLIENTS.values(), *NATS.values(), OTHER, WEB),
    nat_gateways=(NatGateway("nat-a", "eni-nat-a"), NatGateway("nat-b", "eni-nat-b")),
    cache_clusters=(
        CacheCluster(
            "kv",
            "us-east-1",
            "vpc-1",
            "kv.cfg.example",
            1,
            (
                CacheNode(
                    "0001",
                    CACHE.id,
                    CACHE.zone,
                    CACHE.address,
                    CACHE.secondary_addresses[0],
                    "kv.0001.example",
                    PORT,
                ),
            ),
        ),
    ),
)


def with_interfaces(vpc: Vpc, *interfaces: Interface) -> Vpc:
    """Return `vpc` with `interfaces` added, which replace those with the same ID."""
    merged = {interface.id: interface for interface in (*vpc.interfaces, *interfaces)}
    return replace(vpc, interfaces=tuple(merged[key] for key in sorted(merged)))
