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
    """What is taken away; the target is a zone's name, an id, `cluster/node` for a cache node, a host's name."""

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
