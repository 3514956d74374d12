"""Fault injection: the faults that the lab offers, and what they do to the parts of a topology. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address

from vpcache.lab.addresses import HOSTS
from vpcache.lab.errors import LabError
from vpcache.lab.topology import Topology


class FaultKind(StrEnum):
    """The kind of a fault's target; the comments say how a target is named."""

    ZONE = "zone"  # "us-east-1a"
    NAT_GATEWAY = "nat_gateway"  # its ID
    CACHE_NODE = "cache_node"  # "us-east-1/cluster/0001"; the region may be omitted if the name is unique
    INTERFACE = "interface"  # the ID of any network interface, a function's too
    ORIGIN = "origin"  # the host name of a server on the lab's internet
    DNS = "dns"  # the ID of the VPC whose resolver fails


class Mode(StrEnum):
    """What a fault does to its target."""

    OUT = "out"  # drops all packets to and from the target
    DEAD = "dead"  # ends the process: connections are refused; the process is empty when it is started again
    HUNG = "hung"  # stops the process: connections are accepted and never answered; it keeps its keys
    RESTARTED = "restarted"  # restarts the process once: connections are cut, all keys are lost
    DOWN = "down"  # answers nothing
    SLOW = "slow"  # delays each answer by some seconds
    ERRORING = "erroring"  # answers each request with a server error: HTTP 500, DNS SERVFAIL
    INVALID_TLS = "invalid_tls"  # presents a certificate of an untrusted authority


MODES: Mapping[FaultKind, tuple[Mode, ...]] = {
    FaultKind.ZONE: (Mode.OUT,),
    FaultKind.NAT_GATEWAY: (Mode.OUT,),
    FaultKind.CACHE_NODE: (Mode.OUT, Mode.DEAD, Mode.HUNG, Mode.RESTARTED),
    FaultKind.INTERFACE: (Mode.OUT,),
    FaultKind.ORIGIN: (Mode.DOWN, Mode.SLOW, Mode.ERRORING, Mode.INVALID_TLS),
    FaultKind.DNS: (Mode.DOWN, Mode.ERRORING),
}
"""The modes of each kind, the default one first."""

_DEFAULT_DELAY = 2.0  # seconds of a slow fault


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one target. `seconds` is the delay of a slow fault, None for other modes.

    `Fault.create` fills in the defaults and validates; it takes text as it comes from a command or from JSON.
    """

    kind: FaultKind
    target: str
    mode: Mode
    seconds: float | None = None

    @classmethod
    def create(cls, kind: str, target: str, mode: str | None = None, seconds: float | None = None) -> Fault:
        """Return a fault, in its kind's default mode if none is given. Raises LabError for invalid values."""
        kind = fault_kind(kind)
        if not isinstance(target, str):
            raise LabError(f"invalid target {target!r}: must be a string")
        modes = MODES[kind]
        if mode is not None and mode not in modes:
            raise LabError(f"unknown mode {mode!r} of {kind} faults; choose from {', '.join(modes)}")
        valid_mode = modes[0] if mode is None else Mode(mode)
        return cls(kind, target, valid_mode, _delay(valid_mode, seconds))

    @property
    def label(self) -> str:
        """The fault as a short text for people."""
        how = f"{self.mode} by {self.seconds:g} s" if self.seconds else self.mode
        return f"{self.kind} {self.target}: {how}"

    def is_about(self, kind: str, target: str) -> bool:
        """Return whether this is a fault of that target, in any mode."""
        return self.kind == kind and target in _names(self.kind, self.target)


def fault_kind(name: object) -> FaultKind:
    """Return the kind of that name, with hyphens or underscores. Raises LabError if there is none."""
    written = name.replace("-", "_") if isinstance(name, str) else ""
    if written not in list(FaultKind):
        raise LabError(f"unknown fault kind {name!r}; choose from {', '.join(FaultKind)}")
    return FaultKind(written)


def _delay(mode: Mode, seconds: float | None) -> float | None:
    """Return the delay of a fault in `mode`. Raises LabError if `seconds` does not fit the mode."""
    if mode is not Mode.SLOW:
        if seconds is not None:
            raise LabError(f"invalid seconds {seconds!r}: mode {mode} takes none")
        return None
    if seconds is None:
        return _DEFAULT_DELAY
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise LabError(f"invalid seconds {seconds!r}: must be a number greater than 0")
    return seconds


class UnknownTargetError(LabError):
    """The target of a fault does not exist; `candidates` are the targets of its kind that do."""

    def __init__(self, kind: FaultKind, target: str, candidates: Iterable[str]) -> None:
        self.kind, self.target, self.candidates = kind, target, tuple(sorted(candidates))
        advice = f"choose from {', '.join(self.candidates)}" if self.candidates else "the lab has none yet"
        super().__init__(f"unknown {kind} {target!r}; {advice}")


class AmbiguousTargetError(LabError):
    """The target's name is used in several regions; `candidates` are the full names."""

    def __init__(self, kind: FaultKind, target: str, candidates: Iterable[str]) -> None:
        self.kind, self.target, self.candidates = kind, target, tuple(sorted(candidates))
        super().__init__(f"ambiguous {kind} {target!r}; choose from {', '.join(self.candidates)}")


def isolated_interfaces(topology: Topology, faults: Iterable[Fault]) -> frozenset[str]:
    """Return the IDs of the interfaces that `faults` isolate. Raises UnknownTargetError."""
    isolated: set[str] = set()
    for fault in faults:
        interfaces = _interfaces(topology, fault)
        if fault.mode is Mode.OUT:
            isolated |= interfaces
    return frozenset(isolated)


def out_zones(faults: Iterable[Fault]) -> frozenset[str]:
    """Return the zones that are out as a whole."""
    return frozenset(fault.target for fault in faults if fault.kind is FaultKind.ZONE)


def target_names(topology: Topology, kind: FaultKind) -> list[str]:
    """Return the full names of the targets that faults of a kind may have, sorted."""
    return sorted(_targets(topology, kind))


def down_hosts(topology: Topology, faults: Iterable[Fault]) -> frozenset[IPv4Address]:
    """Return the internet addresses that `faults` isolate."""
    hosts = internet_hosts(topology)
    return frozenset(
        hosts[fault.target] for fault in faults if fault.kind is FaultKind.ORIGIN and fault.mode is Mode.DOWN
    )


def by_target(faults: Iterable[Fault], kind: FaultKind) -> dict[str, Fault]:
    """Return the faults of one kind by target."""
    return {fault.target: fault for fault in faults if fault.kind is kind}


def active_faults(topology: Topology, faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return those of `faults` whose target still exists: a fault ends when its target is deleted."""
    return tuple(fault for fault in faults if fault.target in _targets(topology, fault.kind))


def resolved(topology: Topology, fault: Fault) -> Fault:
    """Return `fault` with the full name of its target, which may lack the region.

    Raises UnknownTargetError, or AmbiguousTargetError if several regions have a target of that name.
    """
    targets = _targets(topology, fault.kind)
    if fault.target in targets:
        return fault
    matches = [name for name in targets if fault.target in _names(fault.kind, name)]
    if len(matches) > 1:
        raise AmbiguousTargetError(fault.kind, fault.target, matches)
    if not matches:
        raise UnknownTargetError(fault.kind, fault.target, targets)
    return replace(fault, target=matches[0])


def check_unambiguous(faults: Iterable[Fault], kind: str, target: str) -> None:
    """Raise AmbiguousTargetError if several of `faults` are about a target of this name."""
    matches = [fault for fault in faults if fault.is_about(kind, target)]
    if len(matches) > 1:
        raise AmbiguousTargetError(matches[0].kind, target, (fault.target for fault in matches))


def _names(kind: FaultKind, target: str) -> tuple[str, ...]:
    """Return all names of a target: its full name, and for a cache node the name without the region too."""
    return (target, target.partition("/")[2]) if kind is FaultKind.CACHE_NODE else (target,)


def _interfaces(topology: Topology, fault: Fault) -> frozenset[str]:
    targets = _targets(topology, fault.kind)
    if fault.target not in targets:
        raise UnknownTargetError(fault.kind, fault.target, targets)
    return targets[fault.target]


_Targets = Mapping[str, frozenset[str]]  # the interfaces of each target, by its full name


def _targets(topology: Topology, kind: FaultKind) -> _Targets:
    return _TARGETS[kind](topology)


def _zone_targets(topology: Topology) -> _Targets:
    zones = {subnet.zone for vpc in topology.vpcs for subnet in vpc.subnets}
    interfaces = [interface for vpc in topology.vpcs for interface in vpc.interfaces]
    return {
        zone: frozenset(interface.id for interface in interfaces if interface.zone == zone) for zone in zones
    }


def _nat_gateway_targets(topology: Topology) -> _Targets:
    gateways = [gateway for vpc in topology.vpcs for gateway in vpc.nat_gateways]
    return {gateway.id: frozenset({gateway.interface_id}) for gateway in gateways}


def _cache_node_targets(topology: Topology) -> _Targets:
    clusters = [cluster for vpc in topology.vpcs for cluster in vpc.cache_clusters]
    return {
        cluster.node_name(node): frozenset({node.interface_id})
        for cluster in clusters
        for node in cluster.nodes
    }


def _interface_targets(topology: Topology) -> _Targets:
    return {interface.id: frozenset({interface.id}) for vpc in topology.vpcs for interface in vpc.interfaces}


def _origin_targets(topology: Topology) -> _Targets:
    return dict.fromkeys(internet_hosts(topology), frozenset())


def _dns_targets(topology: Topology) -> _Targets:
    return {vpc.id: frozenset() for vpc in topology.vpcs}


_TARGETS: Mapping[FaultKind, Callable[[Topology], _Targets]] = {
    FaultKind.ZONE: _zone_targets,
    FaultKind.NAT_GATEWAY: _nat_gateway_targets,
    FaultKind.CACHE_NODE: _cache_node_targets,
    FaultKind.INTERFACE: _interface_targets,
    FaultKind.ORIGIN: _origin_targets,
    FaultKind.DNS: _dns_targets,
}


def internet_hosts(topology: Topology) -> Mapping[str, IPv4Address]:
    """Return the addresses of the internet hosts that do not serve AWS's API, by name."""
    urls = {url.hostname: url.address for url in topology.function_urls}
    return HOSTS | urls | {origin.hostname: origin.address for origin in topology.origins}
