"""What can go wrong in the lab on purpose, and what that does to its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address

from vpcache.lab.addresses import HOSTS
from vpcache.lab.errors import LabError
from vpcache.lab.topology import Topology


class FaultKind(StrEnum):
    """What goes wrong, with what names it."""

    ZONE = "zone"  # "us-east-1a": its name says which region's
    NAT_GATEWAY = "nat_gateway"  # its id
    CACHE_NODE = "cache_node"  # "us-east-1/cluster/0001", or without the region if no other has such a node
    INTERFACE = "interface"  # the id of any network interface, a function's too
    ORIGIN = "origin"  # a host of the internet by its name
    DNS = "dns"  # the id of the VPC whose resolver it is


class Mode(StrEnum):
    """How it goes wrong."""

    OUT = "out"  # no packet passes, to or from
    DEAD = "dead"  # the process is gone: connections are refused; it comes back empty
    HUNG = "hung"  # the process stands still: connections are made and never answered; it keeps its keys
    RESTARTED = "restarted"  # once, then it is sound again: connections are cut, all keys are gone
    DOWN = "down"  # nothing answers
    SLOW = "slow"  # each answer takes some seconds more
    ERRORING = "erroring"  # each answer is an error of the server: HTTP 500, DNS SERVFAIL
    INVALID_TLS = "invalid_tls"  # its certificate is another authority's


MODES: Mapping[FaultKind, tuple[Mode, ...]] = {
    FaultKind.ZONE: (Mode.OUT,),
    FaultKind.NAT_GATEWAY: (Mode.OUT,),
    FaultKind.CACHE_NODE: (Mode.OUT, Mode.DEAD, Mode.HUNG, Mode.RESTARTED),
    FaultKind.INTERFACE: (Mode.OUT,),
    FaultKind.ORIGIN: (Mode.DOWN, Mode.SLOW, Mode.ERRORING, Mode.INVALID_TLS),
    FaultKind.DNS: (Mode.DOWN, Mode.ERRORING),
}
"""The modes of each kind, the usual one first."""

_SLOWNESS = 2.0  # seconds, unless asked for


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: in its kind's usual mode unless one is given.

    `seconds` is what a slow answer takes more. Kind and mode may come as text. Raises LabError for what
    does not go together.
    """

    kind: FaultKind
    target: str
    mode: Mode | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in list(FaultKind):
            raise LabError(f"unknown kind {self.kind!r} of fault: use one of {', '.join(FaultKind)}")
        if not isinstance(self.target, str):
            raise LabError(f"unknown target {self.target!r}: it must be a string")
        kind = FaultKind(self.kind)
        modes = MODES[kind]
        if self.mode is not None and self.mode not in modes:
            raise LabError(f"unknown mode {self.mode!r} of a {kind} fault: use one of {', '.join(modes)}")
        mode = modes[0] if self.mode is None else Mode(self.mode)
        seconds = self.seconds
        if mode is Mode.SLOW:
            seconds = _SLOWNESS if seconds is None else seconds
            if not isinstance(seconds, int | float) or not seconds > 0:
                raise LabError(f"unknown seconds {seconds!r}: give a number above 0")
        elif seconds is not None:
            raise LabError(f"unknown seconds {seconds!r}: only a slow fault has them, this one is {mode}")
        for name, value in (("kind", kind), ("mode", mode), ("seconds", seconds)):
            object.__setattr__(self, name, value)

    @property
    def label(self) -> str:
        """Return the fault in a few words, for people."""
        how = f"{self.mode} by {self.seconds:g} s" if self.seconds else self.mode
        return f"{self.kind} {self.target}: {how}"

    def is_about(self, kind: str, target: str) -> bool:
        """Tell whether this is what goes wrong with a target, in whatever mode."""
        return self.kind == kind and target in _names(self.kind, self.target)


class UnknownTargetError(LabError):
    """A fault whose target does not exist; `candidates` do."""

    def __init__(self, kind: FaultKind, target: str, candidates: Iterable[str]) -> None:
        self.kind, self.target, self.candidates = kind, target, tuple(sorted(candidates))
        known = ", ".join(self.candidates) or "there is none yet"
        super().__init__(f"no {kind} named {target!r} to take away; there is: {known}")


class AmbiguousTargetError(LabError):
    """A target's name that means several things, in regions of their own: `candidates` tell them apart."""

    def __init__(self, kind: FaultKind, target: str, candidates: Iterable[str]) -> None:
        self.kind, self.target, self.candidates = kind, target, tuple(sorted(candidates))
        super().__init__(f"several {kind}s are named {target!r}: use one of {', '.join(self.candidates)}")


def isolated_interfaces(topology: Topology, faults: Iterable[Fault]) -> frozenset[str]:
    """Return the ids of the interfaces that `faults` cut off. Raises UnknownTargetError."""
    cut: set[str] = set()
    for fault in faults:
        interfaces = _interfaces(topology, fault)
        if fault.mode is Mode.OUT:
            cut |= interfaces
    return frozenset(cut)


def out_zones(faults: Iterable[Fault]) -> frozenset[str]:
    """Return the zones that are out as a whole."""
    return frozenset(fault.target for fault in faults if fault.kind is FaultKind.ZONE)


def down_hosts(topology: Topology, faults: Iterable[Fault]) -> frozenset[IPv4Address]:
    """Return the internet's addresses that `faults` cut off."""
    hosts = _hosts(topology)
    return frozenset(
        hosts[fault.target] for fault in faults if fault.kind is FaultKind.ORIGIN and fault.mode is Mode.DOWN
    )


def by_target(faults: Iterable[Fault], kind: FaultKind) -> dict[str, Fault]:
    """Return the faults of one kind by what they are about."""
    return {fault.target: fault for fault in faults if fault.kind is kind}


def active_faults(topology: Topology, faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return those of `faults` whose target still exists: a fault goes with what it took away."""
    return tuple(fault for fault in faults if fault.target in _targets(topology, fault.kind))


def resolved(topology: Topology, fault: Fault) -> Fault:
    """Return a fault with the full name of its target, which may lack the region.

    Raises UnknownTargetError, or AmbiguousTargetError if such a thing is in several regions.
    """
    targets = _targets(topology, fault.kind)
    if fault.target in targets:
        return fault
    meant = [each for each in targets if fault.target in _names(fault.kind, each)]
    if len(meant) > 1:
        raise AmbiguousTargetError(fault.kind, fault.target, meant)
    if not meant:
        raise UnknownTargetError(fault.kind, fault.target, targets)
    return replace(fault, target=meant[0])


def check_unambiguous(faults: Iterable[Fault], kind: str, target: str) -> None:
    """Raise AmbiguousTargetError if several of `faults` are about a target of this name."""
    meant = [fault for fault in faults if fault.is_about(kind, target)]
    if len(meant) > 1:
        raise AmbiguousTargetError(meant[0].kind, target, (fault.target for fault in meant))


def _names(kind: FaultKind, target: str) -> tuple[str, ...]:
    """Return what a target may be called: by its full name, and a cache node without its region too."""
    return (target, target.partition("/")[2]) if kind is FaultKind.CACHE_NODE else (target,)


def _interfaces(topology: Topology, fault: Fault) -> frozenset[str]:
    targets = _targets(topology, fault.kind)
    if fault.target not in targets:
        raise UnknownTargetError(fault.kind, fault.target, targets)
    return targets[fault.target]


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
                cluster.node_name(node): frozenset({node.interface_id})
                for cluster in clusters
                for node in cluster.nodes
            }
        case FaultKind.INTERFACE:
            return {each.id: frozenset({each.id}) for each in interfaces}
        case FaultKind.ORIGIN:
            return dict.fromkeys(_hosts(topology), frozenset())
        case FaultKind.DNS:
            return {vpc.id: frozenset() for vpc in topology.vpcs}


def _hosts(topology: Topology) -> Mapping[str, IPv4Address]:
    """Return the internet's hosts that are not AWS's API, by name."""
    return HOSTS | {url.hostname: url.address for url in topology.function_urls}
