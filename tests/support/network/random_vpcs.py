"""Random variants of the source scenario's VPC: groups, overlapping routes, ACLs, elastic IPs. Pure."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from random import Random

from tests.support.network.harness import HOST, OTHER_HOST
from tests.support.network.scenario import ANYWHERE, NATS, PORT, SUBNETS, VPC, interface
from vpcache.lab.topology import (
    AclEntry,
    Interface,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTarget,
    Rule,
    SecurityGroup,
    Vpc,
)

PORTS = (80, PORT)
SOURCE_PORTS = (40000, 42999)
_PORT_RANGES = ((80, 80), (PORT, PORT), (80, PORT), (0, 65535), (1024, 65535), (40000, 65535), (0, 1023))
_ADDRESSES = ("10.0.0.20", "10.0.0.80", "10.0.0.140", "10.0.0.150", "10.0.0.200", "10.0.0.210")
_PEERS = (
    ANYWHERE,
    *(subnet.cidr for subnet in SUBNETS),
    *(IPv4Network(f"{address}/32") for address in _ADDRESSES),
    IPv4Network("198.51.100.0/24"),
    IPv4Network(f"{HOST}/32"),
    IPv4Network("10.0.0.0/25"),
)
_GROUPS = tuple(f"sg-{number}" for number in range(5))


def random_vpc(random: Random) -> Vpc:
    """Return a VPC whose groups, routes, ACLs and elastic IPs are random."""
    gateway = random.choice(("igw-1", "igw-1", "igw-1", None))
    return replace(
        VPC,
        internet_gateway_id=gateway,
        security_groups=tuple(_group(random, name) for name in _GROUPS),
        interfaces=tuple(sorted((*_interfaces(random), *NATS.values()), key=lambda each: each.id)),
        route_tables=tuple(_table(random, name, gateway) for name in ("rtb-a", "rtb-b", "rtb-public")),
        network_acls=_acls(random),
        cache_clusters=(),
    )


def _interfaces(random: Random) -> list[Interface]:
    return [
        interface(
            f"i{number}",
            address,
            *random.sample(_GROUPS, random.choice((1, 1, 2))),
            secondary=(str(IPv4Address(address) + 1),) if random.random() < 0.3 else (),
            public=f"203.0.113.{10 + number}" if random.random() < 0.5 else None,
        )
        for number, address in enumerate(_ADDRESSES)
    ]


def _group(random: Random, name: str) -> SecurityGroup:
    ingress = {_rule(random) for _ in range(random.randint(1, 5))}
    egress = {_rule(random) for _ in range(random.randint(0, 3))}
    if random.random() < 0.7:
        egress.add(Rule("all", None, ANYWHERE))
    return SecurityGroup(name, tuple(sorted(ingress, key=repr)), tuple(sorted(egress, key=repr)))


def _rule(random: Random) -> Rule:
    protocol = random.choice(("tcp", "udp", "all"))
    peer = random.choice(_GROUPS) if random.random() < 0.4 else random.choice(_PEERS)
    return Rule(protocol, None if protocol == "all" else random.choice(_PORT_RANGES), peer)


def _table(random: Random, name: str, gateway: str | None) -> RouteTable:
    destinations = [ANYWHERE] if random.random() < 0.9 else []
    more = (IPv4Network("198.51.100.0/24"), IPv4Network(f"{OTHER_HOST}/32"), IPv4Network("198.0.0.0/8"))
    destinations += random.sample(more, random.choice((0, 0, 1, 2)))
    is_public = name == "rtb-public"
    return RouteTable(name, tuple(_route(random, each, gateway, is_public) for each in destinations))


def _route(random: Random, destination: IPv4Network, gateway: str | None, is_public: bool) -> Route:
    internet = Route(destination, RouteTarget.INTERNET_GATEWAY if gateway else RouteTarget.BLACKHOLE)
    nat = Route(destination, RouteTarget.INTERFACE, f"eni-nat-{random.choice('ab')}")
    hole = Route(destination, RouteTarget.BLACKHOLE)
    return random.choice(
        (internet, internet, internet, hole) if is_public else (nat, nat, nat, internet, hole)
    )


def _acls(random: Random) -> tuple[NetworkAcl, ...]:
    subnets = random.sample([subnet.id for subnet in SUBNETS], random.choice((0, 0, 1, 2, 4)))
    return tuple(
        NetworkAcl(f"acl-{number}", frozenset({subnet}), _entries(random), _entries(random))
        for number, subnet in enumerate(subnets)
    )


def _entries(random: Random) -> tuple[AclEntry, ...]:
    numbers = random.sample(range(1, 200), random.randint(0, 3))
    entries = [_entry(random, number) for number in numbers]
    if random.random() < 0.75:
        entries.append(AclEntry(300, "all", None, ANYWHERE, allows=True))
    return tuple(sorted(entries, key=lambda each: each.number))


def _entry(random: Random, number: int) -> AclEntry:
    protocol = random.choice(("tcp", "udp", "all"))
    ports = None if protocol == "all" else random.choice(_PORT_RANGES)
    return AclEntry(number, protocol, ports, random.choice(_PEERS), allows=random.random() < 0.4)
