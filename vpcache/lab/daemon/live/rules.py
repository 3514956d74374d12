"""The checks of one security group, network ACL or route table, each with its reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from vpcache.lab.daemon.live.stacks import target_id
from vpcache.lab.topology import AclEntry, Interface, InterfaceKind, Route, RouteTarget, Rule, Vpc

EPHEMERAL = (32768, 60999)
"""The source ports of Linux, to which answers go: ip_local_port_range in ip(7)."""
NAT_EPHEMERAL = (1024, 65535)
"""Those of a NAT gateway: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html"""


@dataclass(frozen=True, slots=True)
class Check:
    """One step on a flow's way: the resource that decides, whether the flow passes it, and why."""

    stage: str
    resource: str | None
    passes: bool
    why: str


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets from or to `peer`; `ports` is the inclusive range of their destination ports, None for icmp.

    `icmp_type` is 8 for an echo request, 0 for its answer; both have the code 0.
    """

    protocol: str
    ports: tuple[int, int] | None
    peer: IPv4Address
    icmp_type: int = 8

    def __str__(self) -> str:
        if not self.ports:
            return self.protocol
        low, high = self.ports
        return f"{self.protocol} {low}" if low == high else f"{self.protocol} {low}-{high}"


def group_check(
    vpc: Vpc, interface: Interface, packets: Packets, *, is_egress: bool, peer: Interface | None
) -> Iterator[Check]:
    """Yield whether the security groups of an interface let packets pass; nothing for a NAT gateway.

    `peer` is the interface at the other end, if it is in the VPC.
    """
    if interface.kind is InterfaceKind.NAT_GATEWAY:
        return
    direction, preposition = ("egress", "to") if is_egress else ("ingress", "from")
    stage = f"{direction} rules of the security groups"
    groups = [each for each in vpc.security_groups if each.id in interface.security_groups]
    for group in groups:
        for rule in group.egress if is_egress else group.ingress:
            if _rule_matches(rule, packets, peer):
                why = f"{group.id} allows {_text(rule)} {preposition} {rule.peer}"
                yield Check(stage, group.id, True, why)
                return
    ids = ", ".join(group.id for group in groups) or interface.id
    why = f"{ids}: no {direction} rule allows {packets} {preposition} {packets.peer}"
    yield Check(stage, groups[0].id if groups else interface.id, False, why)


def acl_check(
    vpc: Vpc, subnet_id: str, packets: Packets, *, is_egress: bool, is_answer: bool = False
) -> Iterator[Check]:
    """Yield whether the network ACL of a subnet lets packets pass; nothing if the subnet has none.

    Of a range of ports, all must pass.
    """
    acl = next((each for each in vpc.network_acls if subnet_id in each.subnet_ids), None)
    if acl is None:
        return
    direction, preposition = ("outbound", "to") if is_egress else ("inbound", "from")
    stage = f"network ACL of {subnet_id}, {direction}{', for the answer' if is_answer else ''}"
    entries = acl.egress if is_egress else acl.ingress
    refusal = _refusal(entries, packets)
    if refusal is None:
        yield Check(stage, acl.id, True, f"{acl.id} allows {packets} {preposition} {packets.peer}")
        return
    by = f"entry {refusal.number} denies" if isinstance(refusal, AclEntry) else "no entry allows"
    yield Check(stage, acl.id, False, f"{acl.id}: {by} {packets} {preposition} {packets.peer}")


def route_for(vpc: Vpc, interface: Interface, address: IPv4Address) -> Route | None:
    """Return the route of an interface's subnet for an address outside the VPC: the longest prefix wins."""
    table_id = vpc.subnets_by_id()[interface.subnet_id].route_table_id
    routes = next(each.routes for each in vpc.route_tables if each.id == table_id)
    matching = [each for each in routes if each.destination.version == 4 and address in each.destination]
    return max(matching, key=lambda each: each.destination.prefixlen, default=None)


def route_check(vpc: Vpc, interface: Interface, address: IPv4Address) -> Iterator[Check]:
    """Yield where the route table of an interface's subnet leads an address."""
    table_id = vpc.subnets_by_id()[interface.subnet_id].route_table_id
    stage = f"route of {interface.subnet_id}"
    route = route_for(vpc, interface, address)
    if route is None:
        yield Check(stage, table_id, False, f"{table_id} has no route to {address}")
    elif route.target is RouteTarget.BLACKHOLE:
        why = f"{table_id}: the target of {route.destination} does not exist any more (blackhole)"
        yield Check(stage, table_id, False, why)
    else:
        yield Check(stage, table_id, True, f"{table_id} leads {route.destination} to {target_id(vpc, route)}")


_NO_ENTRY = "none"


def _refusal(entries: Iterable[AclEntry], packets: Packets) -> AclEntry | str | None:
    """Return the entry that denies some of the packets, a text if no entry matches some, None if all pass."""
    rest = [packets.ports or (0, 0)]
    for entry in sorted(entries, key=lambda each: each.number):
        if entry.cidr.version != 4 or packets.peer not in entry.cidr:
            continue
        if not _protocol_matches(entry.protocol, entry.ports, packets):
            continue
        low, high = entry.ports if entry.ports and packets.protocol in ("tcp", "udp") else (0, 65535)
        matched = [span for span in rest if span[0] <= high and span[1] >= low]
        if matched and not entry.allows:
            return entry
        rest = [part for span in rest for part in _without(span, low, high)]
        if not rest:
            return None
    return _NO_ENTRY


def _without(span: tuple[int, int], low: int, high: int) -> list[tuple[int, int]]:
    """Return the parts of a range of ports that are not in another one."""
    if span[1] < low or span[0] > high:
        return [span]
    parts = [(span[0], low - 1), (high + 1, span[1])]
    return [part for part in parts if part[0] <= part[1]]


def _rule_matches(rule: Rule, packets: Packets, peer: Interface | None) -> bool:
    if isinstance(rule.peer, str):
        is_peer = peer is not None and rule.peer in peer.security_groups
    else:
        is_peer = rule.peer.version == 4 and packets.peer in rule.peer
    if not is_peer or not _protocol_matches(rule.protocol, rule.ports, packets):
        return False
    if rule.ports is None or packets.ports is None:
        return True
    return rule.ports[0] <= packets.ports[0] and packets.ports[1] <= rule.ports[1]


def _protocol_matches(protocol: str, ports: tuple[int, int] | None, packets: Packets) -> bool:
    """Return whether a rule is about a protocol; of icmp, `ports` are type and code, -1 for all."""
    if protocol not in ("all", packets.protocol):
        return False
    if protocol != "icmp" or ports is None:
        return True
    return ports[0] in (-1, packets.icmp_type) and ports[1] in (-1, 0)


def _text(rule: Rule) -> str:
    if not rule.ports or rule.protocol not in ("tcp", "udp"):
        return rule.protocol
    low, high = rule.ports
    return f"{rule.protocol} {low}" if low == high else f"{rule.protocol} {low}-{high}"
