"""The flows that security groups and network ACLs dropped, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vpcache.lab.flows.drops import Drop, DropCause
from vpcache.lab.topology import Topology

_CAUSES = {DropCause.GROUP: "security group", DropCause.ACL: "network acl"}
_DIRECTIONS = {
    (DropCause.GROUP, "egress"): "egress",
    (DropCause.GROUP, "ingress"): "ingress",
    (DropCause.ACL, "egress"): "outbound",
    (DropCause.ACL, "ingress"): "inbound",
}
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


def described(
    drops: Iterable[Drop], topology: Topology, users: Mapping[str, list[str]]
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
        entry = {
            "cause": f"{_CAUSES[each.cause]} {_DIRECTIONS[each.cause, each.direction]}",
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
