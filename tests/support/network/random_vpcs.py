"""Random topologies on the source scenario's VPC: groups, routes, ACLs, gateways, addresses. Pure.

Prefix lists are absent: in a topology they are one rule or route for each of their entries.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from random import Random

from tests.support.network.harness import HOST, OTHER_HOST
from tests.support.network.random_filters import ANYWHERE_IPV6, GROUPS, acls, group
from tests.support.network.scenario import ANYWHERE, NATS, SUBNETS, VPC
from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.network.naming import INTERNET_IPV6_CLIENT, INTERNET_IPV6_HOSTS
from vpcache.lab.topology import (
    GatewayEndpoint,
    Interface,
    InterfaceKind,
    IpNetwork,
    Route,
    RouteTable,
    RouteTarget,
    Subnet,
    Topology,
    Vpc,
)

HOSTS = (
    IPv4Address(HOST),
    IPv4Address(OTHER_HOST),
    SERVICE_ADDRESSES["s3"],
    SERVICE_ADDRESSES["dynamodb"],
)
IPV6_HOSTS = (INTERNET_IPV6_CLIENT,)
SECONDARY_CIDR = IPv4Network("10.2.0.0/25")
_IPV6_CIDR = IPv6Network("2600:1f18:a:100::/56")
_MORE_SUBNETS = (Subnet("subnet-second", IPv4Network("10.2.0.0/26"), "us-east-1a", "rtb-second"),)
_OTHER_SUBNET = Subnet("subnet-far", IPv4Network("10.1.0.0/26"), "us-east-1a", "rtb-far")
_KINDS = (InterfaceKind.PLAIN, InterfaceKind.FUNCTION, InterfaceKind.CACHE_NODE, InterfaceKind.ENDPOINT)
_PRIVATE, _PUBLIC = ("rtb-a", "rtb-b"), ("rtb-public", "rtb-second")


def random_topology(random: Random) -> Topology:
    """Return one VPC of which nearly everything is random, and in half of the cases a second one."""
    first = random_vpc(random)
    return Topology((first, _far_vpc(random))) if random.random() < 0.5 else Topology((first,))


def random_vpc(random: Random) -> Vpc:
    """Return a VPC whose groups, routes, ACLs, gateways and addresses are random."""
    gateway = random.choice(("igw-1", "igw-1", "igw-1", None))
    subnets = (*SUBNETS, *_MORE_SUBNETS)
    endpoints = tuple(
        GatewayEndpoint(f"vpce-{service}", service) for service in SERVICE_ADDRESSES if random.random() < 0.5
    )
    vpc = replace(
        VPC,
        internet_gateway_id=gateway,
        has_egress_only_gateway=random.random() < 0.5,
        subnets=subnets,
        secondary_cidrs=(SECONDARY_CIDR,),
        ipv6_cidrs=(_IPV6_CIDR,) if random.random() < 0.5 else (),
        security_groups=tuple(group(random, name) for name in GROUPS),
        network_acls=acls(random, subnets),
        gateway_endpoints=endpoints,
        cache_clusters=(),
        interfaces=(),
    )
    interfaces = (*_interfaces(random, vpc), *_nat_gateways(random))
    vpc = replace(vpc, interfaces=tuple(sorted(interfaces, key=lambda each: each.id)))
    tables = (*_PRIVATE, *_PUBLIC)
    return replace(vpc, route_tables=tuple(_table(random, vpc, name) for name in tables))


def _far_vpc(random: Random) -> Vpc:
    """Return a public VPC of one interface, which the first VPC reaches through the internet only."""
    far = Interface(
        "eni-far",
        InterfaceKind.PLAIN,
        _OTHER_SUBNET.id,
        _OTHER_SUBNET.zone,
        IPv4Address("10.1.0.20"),
        security_groups=frozenset({"sg-0"}),
        public_address=IPv4Address("203.0.113.60"),
    )
    return replace(
        VPC,
        id="vpc-2",
        cidr=IPv4Network("10.1.0.0/24"),
        internet_gateway_id="igw-2",
        subnets=(_OTHER_SUBNET,),
        route_tables=(RouteTable("rtb-far", (Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY),)),),
        security_groups=(group(random, "sg-0", names=("sg-0",)),),
        network_acls=acls(random, (_OTHER_SUBNET,)),
        interfaces=(far,),
        nat_gateways=(),
        cache_clusters=(),
    )


def _interfaces(random: Random, vpc: Vpc) -> list[Interface]:
    """Return two interfaces in some subnets and one in the others, with random addresses."""
    numbered = [(subnet, place) for subnet in vpc.subnets for place in (12, 22)[: random.choice((1, 1, 2))]]
    return [_interface(random, vpc, number, *each) for number, each in enumerate(numbered)]


def _interface(random: Random, vpc: Vpc, number: int, subnet: Subnet, place: int) -> Interface:
    address = subnet.cidr.network_address + place
    secondary = (address + 1,) if random.random() < 0.3 else ()
    elastic = [IPv4Address(f"203.0.113.{10 + 2 * number + each}") for each in range(2)]
    ipv6 = random.random() < 0.6 and bool(vpc.ipv6_cidrs)
    block = _IPV6_CIDR.network_address + (vpc.subnets.index(subnet) << 64)
    return Interface(
        f"eni-i{number}",
        random.choice(_KINDS),
        subnet.id,
        subnet.zone,
        address,
        secondary,
        frozenset(random.sample(GROUPS, random.choice((1, 1, 2)))),
        public_address=elastic[0] if random.random() < 0.5 else None,
        secondary_elastic_ips=tuple((each, elastic[1]) for each in secondary if random.random() < 0.5),
        source_dest_check=random.random() < 0.8,
        ipv6_addresses=(IPv6Address(int(block) + place),) if ipv6 else (),
    )


def _nat_gateways(random: Random) -> list[Interface]:
    """Return the interfaces of both NAT gateways; a private NAT gateway has no public address."""
    return [
        replace(each, public_address=None if random.random() < 0.1 else each.public_address)
        for each in NATS.values()
    ]


def _table(random: Random, vpc: Vpc, name: str) -> RouteTable:
    destinations = [ANYWHERE] if random.random() < 0.9 else []
    more = [
        IPv4Network(each) for each in ("198.51.100.0/24", f"{OTHER_HOST}/32", "198.0.0.0/8", "203.0.113.0/24")
    ]
    destinations += random.sample(more, random.choice((0, 0, 1, 2)))
    routes = [_route(random, vpc, each, is_public=name in _PUBLIC) for each in destinations]
    routes += [
        Route(
            IPv4Network(SERVICE_ADDRESSES[endpoint.service]),
            RouteTarget.GATEWAY_ENDPOINT,
            endpoint_id=endpoint.id,
        )
        for endpoint in vpc.gateway_endpoints
        if random.random() < 0.6
    ]
    return RouteTable(name, (*routes, *_ipv6_routes(random, vpc)))


def _route(random: Random, vpc: Vpc, destination: IPv4Network, *, is_public: bool) -> Route:
    target = RouteTarget.INTERNET_GATEWAY if vpc.internet_gateway_id else RouteTarget.BLACKHOLE
    internet, hole = Route(destination, target), Route(destination, RouteTarget.BLACKHOLE)
    nat = Route(destination, RouteTarget.INTERFACE, f"eni-nat-{random.choice('ab')}")
    plain = Route(destination, RouteTarget.INTERFACE, "eni-i0")  # an interface that forwards nothing
    return random.choice(
        (internet, internet, internet, internet, hole)
        if is_public
        else (nat, nat, nat, nat, internet, hole, plain)
    )


def _ipv6_routes(random: Random, vpc: Vpc) -> list[Route]:
    """Return routes of IPv6. The gateways of one table are of one kind.

    The lab's router lets the internet in by the subnet, not by the route to the caller.
    """
    if not vpc.ipv6_cidrs:
        return []
    gateways = [RouteTarget.BLACKHOLE]
    gateways += [RouteTarget.INTERNET_GATEWAY] * 3 if vpc.internet_gateway_id else []
    gateways += [RouteTarget.EGRESS_ONLY_GATEWAY] * 2 if vpc.has_egress_only_gateway else []
    destinations: list[IpNetwork] = [
        ANYWHERE_IPV6,
        *random.sample([INTERNET_IPV6_HOSTS], random.choice((0, 0, 1))),
    ]
    gateway = random.choice(gateways)
    return [Route(each, gateway) for each in destinations]
