"""Random security groups and network ACLs for the random topologies. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from random import Random

from tests.support.network.harness import HOST
from tests.support.network.scenario import ANYWHERE, PORT, SUBNETS
from vpcache.lab.network.naming import INTERNET_IPV6_HOSTS
from vpcache.lab.topology import AclEntry, IpNetwork, NetworkAcl, Rule, SecurityGroup, Subnet

ANYWHERE_IPV6 = IPv6Network("::/0")
PORTS = (80, PORT)
SOURCE_PORTS = (40000, 42999)
GROUPS = tuple(f"sg-{number}" for number in range(5))
_PORT_RANGES = ((80, 80), (PORT, PORT), (80, PORT), (0, 65535), (1024, 65535), (40000, 65535), (0, 1023))
_ICMP_TYPES = ((-1, -1), (8, -1), (8, 0), (0, -1), (0, 0), (3, 4))
_ICMPV6_TYPES = ((-1, -1), (128, -1), (129, -1), (128, 0), (129, 0), (2, 0))
_PEERS: tuple[IpNetwork, ...] = (
    ANYWHERE,
    ANYWHERE,
    ANYWHERE_IPV6,
    *(subnet.cidr for subnet in SUBNETS),
    *(IPv4Network(f"10.0.0.{number}/32") for number in (12, 76, 140, 141, 204)),
    *map(IPv4Network, ("198.51.100.0/24", f"{HOST}/32", "10.0.0.0/25", "10.2.0.0/26", "203.0.113.0/26")),
    INTERNET_IPV6_HOSTS,
    IPv6Network("2600:1f18:a:100::/63"),
)


def group(random: Random, name: str, names: Sequence[str] = GROUPS) -> SecurityGroup:
    """Return a security group of which some rules name one of the groups `names`."""
    ingress = {_rule(random, names) for _ in range(random.randint(1, 5))}
    egress = {_rule(random, names) for _ in range(random.randint(0, 3))}
    everything = {Rule("all", None, ANYWHERE), Rule("all", None, ANYWHERE_IPV6)}
    if random.random() < 0.4:
        ingress |= everything
    if random.random() < 0.8:
        egress |= everything
    return SecurityGroup(name, tuple(sorted(ingress, key=repr)), tuple(sorted(egress, key=repr)))


def acls(random: Random, subnets: Sequence[Subnet]) -> tuple[NetworkAcl, ...]:
    """Return network ACLs of some of the subnets."""
    count = random.choice((0, 0, 1, 2, len(subnets)))
    chosen = random.sample([subnet.id for subnet in subnets], min(count, len(subnets)))
    return tuple(
        NetworkAcl(f"acl-{subnet}", frozenset({subnet}), _entries(random), _entries(random))
        for subnet in chosen
    )


def _rule(random: Random, names: Sequence[str]) -> Rule:
    protocol, ports = _traffic(random)
    return Rule(protocol, ports, random.choice(names) if random.random() < 0.4 else random.choice(_PEERS))


def _entries(random: Random) -> tuple[AclEntry, ...]:
    numbers = random.sample(range(1, 200), random.randint(0, 3))
    entries = [_entry(random, number) for number in numbers]
    if random.random() < 0.75:
        everywhere = (ANYWHERE, ANYWHERE_IPV6)
        entries += [AclEntry(300 + each.version, "all", None, each, allows=True) for each in everywhere]
    return tuple(sorted(entries, key=lambda each: each.number))


def _entry(random: Random, number: int) -> AclEntry:
    return AclEntry(number, *_traffic(random), random.choice(_PEERS), allows=random.random() < 0.4)


def _traffic(random: Random) -> tuple[str, tuple[int, int] | None]:
    """Return a protocol and its ports, or types of ICMP messages."""
    protocol = random.choice(("tcp", "tcp", "udp", "udp", "icmp", "icmpv6", "all"))
    match protocol:
        case "all":
            return protocol, None
        case "icmp":
            return protocol, random.choice(_ICMP_TYPES)
        case "icmpv6":
            return protocol, random.choice(_ICMPV6_TYPES)
    return protocol, random.choice(_PORT_RANGES)
