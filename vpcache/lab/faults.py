"""What can go wrong in a region on purpose, and which packets that stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from vpcache.lab.errors import LabError
from vpcache.lab.internet import HOSTS
from vpcache.lab.topology import Topology


class FaultKind(StrEnum):
    """What is taken away. A target is a zone's name, an id, `cluster/node` of a cache node, a host's name."""

    ZONE = "zone"
    NAT_GATEWAY = "nat_gateway"
    CACHE_NODE = "cache_node"
    INTERFACE = "interface"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing taken away. Raises ValueError for an unknown kind, or a target that is no text."""

    kind: FaultKind
    target: str

    def __post_init__(self) -> None:
        if self.kind not in list(FaultKind):
            raise ValueError(f"unknown kind {self.kind!r}; use one of {', '.join(FaultKind)}")
        object.__setattr__(self, "kind", FaultKind(self.kind))
        if not isinstance(self.target, str):
            raise ValueError(f"unknown target {self.target!r}; it must be a string")

    @property
    def label(self) -> str:
        """Return the fault as one word."""
        return f"{self.kind}:{self.target}"


class UnknownTargetError(LabError):
    """A fault whose target does not exist; `candidates` do."""

    def __init__(self, kind: FaultKind, target: str, candidates: Iterable[str]) -> None:
        self.kind, self.target, self.candidates = kind, target, tuple(sorted(candidates))
        known = ", ".join(self.candidates) or "there is none yet"
        super().__init__(f"no {kind} named {target!r} to take away; there is: {known}")


def severed(topology: Topology, faults: Iterable[Fault]) -> frozenset[str]:
    """Return the ids of the interfaces that `faults` cut off. Raises UnknownTargetError."""
    cut: set[str] = set()
    for fault in faults:
        targets = _targets(topology, fault.kind)
        if fault.target not in targets:
            raise UnknownTargetError(fault.kind, fault.target, targets)
        cut |= targets[fault.target]
    return frozenset(cut)


def down_hosts(faults: Iterable[Fault]) -> frozenset[IPv4Address]:
    """Return the internet's addresses that `faults` cut off. Raises UnknownTargetError."""
    origins = [fault for fault in faults if fault.kind is FaultKind.ORIGIN]
    for fault in origins:
        if fault.target not in HOSTS:
            raise UnknownTargetError(fault.kind, fault.target, HOSTS)
    return frozenset(HOSTS[fault.target] for fault in origins)


def standing(topology: Topology, faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return those of `faults` whose target still exists: a fault goes with what it took away."""
    return tuple(fault for fault in faults if fault.target in _targets(topology, fault.kind))


def _targets(topology: Topology, kind: FaultKind) -> Mapping[str, frozenset[str]]:
    """Return the interfaces behind each target of `kind`."""
    interfaces = [interface for vpc in topology.vpcs for interface in vpc.interfaces]
    match kind:
        case FaultKind.ZONE:
            zones = {subnet.zone for vpc in topology.vpcs for subnet in vpc.subnets}
            return {zone: frozenset(each.id for each in interfaces if each.zone == zone) for zone in zones}
        case FaultKind.NAT_GATEWAY:
            gateways = [gateway for vpc in topology.vpcs for gateway in vpc.nat_gateways]
            return {gateway.id: frozenset({gateway.interface_id}) for gateway in gateways}
        case FaultKind.CACHE_NODE:
            clusters = [cluster for vpc in topology.vpcs for cluster in vpc.cache_clusters]
            return {
                f"{cluster.id}/{node.id}": frozenset({node.interface_id})
                for cluster in clusters
                for node in cluster.nodes
            }
        case FaultKind.INTERFACE:
            return {each.id: frozenset({each.id}) for each in interfaces}
        case FaultKind.ORIGIN:
            return dict.fromkeys(HOSTS, frozenset())
