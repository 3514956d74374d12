"""The flows that security groups and network ACLs dropped, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from vpcache.lab.topology import Topology

_CAUSES = {"security_group": "security group", "network_acl": "network acl"}
_DIRECTIONS = {
    ("security_group", "egress"): "egress",
    ("security_group", "ingress"): "ingress",
    ("network_acl", "egress"): "outbound",
    ("network_acl", "ingress"): "inbound",
}
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


class DroppedFlow(Protocol):
    """Packets of one flow that were dropped in the last minute; `last_seen` is in seconds (epoch)."""

    @property
    def vpc_id(self) -> str:
        """The VPC in which they were dropped."""

    @property
    def cause(self) -> str:
        """security_group or network_acl."""

    @property
    def resource_ids(self) -> tuple[str, ...]:
        """The security groups of the interface, or the network ACL of its subnet."""

    @property
    def direction(self) -> str:
        """Egress or ingress, as seen from the interface."""

    @property
    def interface_id(self) -> str:
        """The interface whose groups or ACL dropped them."""

    @property
    def source(self) -> str:
        """The address that sent them."""

    @property
    def destination(self) -> str:
        """The address that they were sent to."""

    @property
    def protocol(self) -> int:
        """The protocol's number."""

    @property
    def destination_port(self) -> int:
        """The port, 0 for protocols without ports."""

    @property
    def packets(self) -> int:
        """Their number."""

    @property
    def last_seen(self) -> float:
        """When the newest one was dropped."""


def described(
    drops: Iterable[DroppedFlow], topology: Topology, users: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    """Return dropped flows, newest first, with the names of both ends; flows of one port are one.

    `users` has the names by interface: `users_by_interface`.
    """
    names = {
        (vpc.id, str(address)): ", ".join(users.get(interface.id, [interface.id]))
        for vpc in topology.vpcs
        for interface in vpc.interfaces
        for address in (*interface.addresses, *interface.ipv6_addresses)
    }
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in drops:
        cause = str(each.cause)
        entry = {
            "cause": f"{_CAUSES[cause]} {_DIRECTIONS[cause, each.direction]}",
            "resources": list(each.resource_ids),
            "interface": each.interface_id,
            "source": each.source,
            "source_name": names.get((each.vpc_id, each.source)),
            "target": each.destination,
            "target_name": names.get((each.vpc_id, each.destination)),
            "protocol": _PROTOCOLS.get(each.protocol, str(each.protocol)),
            "port": each.destination_port or None,
        }
        key = (each.interface_id, entry["cause"], each.source, each.destination, each.protocol, entry["port"])
        merged = found.setdefault(key, entry | {"count": 0, "last": 0})
        merged["count"] += each.packets
        merged["last"] = max(merged["last"], int(each.last_seen * 1000))
    return sorted(found.values(), key=lambda entry: -int(entry["last"]))
