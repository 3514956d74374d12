"""The internet as an end of flows: one host for each set of rules, entries and routes that name it. Pure.

Rules divide the internet into classes: hosts in 203.0.113.0/24 of which a rule speaks, and all others. Two
hosts of one class are treated alike by every rule, so one host of each class proves a statement about all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import is_public
from vpcache.lab.topology import IpNetwork, Topology

INTERNET = "internet"
ANY_HOST = IPv4Address("192.0.2.1")
"""A host of the internet that no rule names, of RFC 5737's TEST-NET-1."""
ANY_IPV6_HOST = IPv6Address("2001:db8::1")
"""The same for IPv6, of RFC 3849's prefix for documentation."""


@dataclass(frozen=True)
class HostClass:
    """A host of the internet, and the smallest CIDR block that names it besides 0.0.0.0/0, if any."""

    address: IpAddress
    block: IpNetwork | None

    @property
    def name(self) -> str:
        """The name of the class in answers: "internet", or "internet (203.0.113.0/24)"."""
        return INTERNET if self.block is None else f"{INTERNET} ({self.block})"


def host_classes(topology: Topology, within: IpNetwork | None = None) -> tuple[HostClass, ...]:
    """Return a host of each class of the internet. The first is of the class that most hosts belong to.

    With `within`, the classes are those of the hosts in a CIDR block outside the VPCs, which may be private.
    """
    blocks = {block for block in _blocks(topology) if block.prefixlen}
    own: set[IpNetwork] = set()
    for vpc in topology.vpcs:
        own |= {*vpc.cidrs, *vpc.ipv6_cidrs}
    has_ipv6 = any(vpc.ipv6_cidrs for vpc in topology.vpcs)
    found: dict[tuple[int, frozenset[IpNetwork]], HostClass] = {}
    any_hosts = (ANY_HOST, ANY_IPV6_HOST) if within is None else (within[0],)
    for address in (*any_hosts, *_bounds(blocks)):
        is_asked = is_public(address) if within is None else address in within
        if not is_asked or _is_in(address, own) or (address.version == 6 and not has_ipv6):
            continue
        naming = frozenset[IpNetwork](block for block in blocks if address in block)
        smallest: IpNetwork | None = max(naming, key=lambda block: block.prefixlen, default=None)
        found.setdefault((address.version, naming), HostClass(address, smallest))
    return tuple(sorted(found.values(), key=lambda each: each.block is not None))


def _blocks(topology: Topology) -> Iterator[IpNetwork]:
    for vpc in topology.vpcs:
        for group in vpc.security_groups:
            yield from (
                rule.peer for rule in (*group.ingress, *group.egress) if not isinstance(rule.peer, str)
            )
        for acl in vpc.network_acls:
            yield from (entry.cidr for entry in (*acl.ingress, *acl.egress))
        for table in vpc.route_tables:
            yield from (route.destination for route in table.routes)


def _bounds(blocks: set[IpNetwork]) -> Iterator[IpAddress]:
    """Yield the first address of each block and the one behind it: each class begins at one of them."""
    for block in sorted(blocks, key=lambda each: (each.version, int(each.network_address), each.prefixlen)):
        yield block.network_address
        behind = int(block.broadcast_address) + 1
        if behind < 1 << block.max_prefixlen:
            yield ip_address(behind) if block.version == 4 else IPv6Address(behind)


def _is_in(address: IpAddress, blocks: Iterable[IpNetwork]) -> bool:
    return any(address in block for block in blocks)
