"""Flows that security groups and network ACLs dropped, with both ends and the cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

from vpcache.lab.flows.packets import Flow, Packet, Verdict
from vpcache.lab.topology import Interface, Vpc


class DropCause(StrEnum):
    """What dropped packets."""

    GROUP = "security_group"
    ACL = "network_acl"


@dataclass(frozen=True, slots=True)
class Drop:
    """A flow that the security groups or the network ACL of an interface dropped.

    `resource_ids` are the interface's security groups, or the network ACL of its subnet. `direction` is
    "egress" if the packets left the interface, else "ingress". `peer_interface_id` is None for the internet
    and for gateway endpoints. `protocol` is IANA's number; ports are 0 for protocols other than TCP and UDP.
    `last_seen` is in seconds since the epoch.
    """

    vpc_id: str
    cause: DropCause
    resource_ids: tuple[str, ...]
    direction: str
    interface_id: str
    peer_interface_id: str | None
    source: str
    destination: str
    protocol: int
    source_port: int
    destination_port: int
    packets: int
    bytes: int
    last_seen: float

    @classmethod
    def from_json(cls, members: Mapping[str, Any]) -> Drop:
        """Return a drop from the JSON object of its members."""
        return cls(
            **{
                **members,
                "cause": DropCause(members["cause"]),
                "resource_ids": tuple(members["resource_ids"]),
            }
        )


def drops(vpc: Vpc, interfaces: Mapping[str, Interface], packets: Iterable[Packet]) -> list[Drop]:
    """Return the flows that the packets of a VPC's router belong to, without those of other verdicts.

    `interfaces` are those of the VPC by the router's device towards them.
    """
    by_flow: dict[Flow, list[Packet]] = {}
    for packet in packets:
        by_flow.setdefault(packet.flow, []).append(packet)
    found = (_drop(vpc, interfaces, flow, each) for flow, each in by_flow.items())
    return [drop for drop in found if drop]


def _drop(vpc: Vpc, interfaces: Mapping[str, Interface], flow: Flow, packets: list[Packet]) -> Drop | None:
    is_egress = flow.verdict in (Verdict.GROUP_EGRESS, Verdict.ACL_EGRESS)
    ends = interfaces.get(flow.in_device), interfaces.get(flow.out_device)
    interface, peer = ends if is_egress else ends[::-1]
    if flow.verdict is Verdict.ACCEPTED or interface is None:
        return None
    cause = (
        DropCause.GROUP if flow.verdict in (Verdict.GROUP_EGRESS, Verdict.GROUP_INGRESS) else DropCause.ACL
    )
    return Drop(
        vpc_id=vpc.id,
        cause=cause,
        resource_ids=_resource_ids(vpc, interface, cause),
        direction="egress" if is_egress else "ingress",
        interface_id=interface.id,
        peer_interface_id=peer.id if peer else None,
        source=str(ip_address(flow.source)),
        destination=str(ip_address(flow.destination)),
        protocol=flow.protocol,
        source_port=flow.source_port,
        destination_port=flow.destination_port,
        packets=len(packets),
        bytes=sum(packet.length for packet in packets),
        last_seen=max(packet.time for packet in packets),
    )


def _resource_ids(vpc: Vpc, interface: Interface, cause: DropCause) -> tuple[str, ...]:
    if cause is DropCause.GROUP:
        return tuple(sorted(interface.security_groups))
    return tuple(acl.id for acl in vpc.network_acls if interface.subnet_id in acl.subnet_ids)
