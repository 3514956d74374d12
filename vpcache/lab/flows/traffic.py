"""The traffic of a VPC: what its router logged since the last reading, and the drops of the last minute."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vpcache.lab.flows.drops import Drop, drops
from vpcache.lab.flows.packets import Flow, Packet, Verdict
from vpcache.lab.topology import Interface, Vpc

DROPS_SECONDS = 60.0
_KEPT_DROPS = 10_000  # packets; bounds the memory that a flood takes
KEPT_FLOWS = 50_000
"""The maximum number of flows between two readings; more make the traffic incomplete."""


@dataclass(frozen=True, slots=True)
class FlowCount:
    """The packets and bytes of a flow, the times of its first and last packet, and all its TCP flags."""

    packets: int
    bytes: int
    first: float
    last: float
    tcp_flags: int

    def plus(self, other: FlowCount) -> FlowCount:
        """Return the sum of two counts of one flow."""
        return FlowCount(
            self.packets + other.packets,
            self.bytes + other.bytes,
            min(self.first, other.first),
            max(self.last, other.last),
            self.tcp_flags | other.tcp_flags,
        )


@dataclass(frozen=True, slots=True)
class Traffic:
    """The flows of a VPC between two readings, and its interfaces by the router's device towards them.

    `is_incomplete` says that packets were lost.
    """

    flows: Mapping[Flow, FlowCount] = field(default_factory=dict)
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    is_incomplete: bool = False

    def plus(self, later: Traffic) -> Traffic:
        """Return the traffic of two periods together."""
        flows = dict(self.flows)
        for flow, count in later.flows.items():
            flows[flow] = flows[flow].plus(count) if flow in flows else count
        return Traffic(
            flows, {**self.interfaces, **later.interfaces}, self.is_incomplete or later.is_incomplete
        )


class TrafficMemory:
    """Counts the packets of one VPC's router. For several threads."""

    def __init__(self, vpc: Vpc, interfaces: Mapping[str, Interface]) -> None:
        self._lock = threading.Lock()
        self._vpc = vpc
        self._interfaces = dict(interfaces)
        self._dropped: deque[Packet] = deque(maxlen=_KEPT_DROPS)
        self._counts: dict[Flow, FlowCount] = {}
        self._is_incomplete = False

    def update(self, vpc: Vpc, interfaces: Mapping[str, Interface]) -> None:
        """Replace the VPC's state. Interfaces that were deleted remain known until the next reading."""
        with self._lock:
            self._vpc = vpc
            self._interfaces |= interfaces

    def receive(self, packets: Iterable[Packet]) -> None:
        """Count packets: drops always, all others if the VPC has a flow log."""
        with self._lock:
            for packet in packets:
                if packet.flow.verdict is not Verdict.ACCEPTED:
                    self._dropped.append(packet)
                if self._vpc.flow_logs:
                    self._count(packet)

    def lose(self) -> None:
        """Note that the kernel discarded packets."""
        with self._lock:
            self._is_incomplete = True

    def drops(self, now: float) -> list[Drop]:
        """Return the flows that were dropped in the last minute before `now`."""
        with self._lock:
            recent = [packet for packet in self._dropped if packet.time >= now - DROPS_SECONDS]
            return drops(self._vpc, self._interfaces, recent)

    def take(self, current: Mapping[str, Interface]) -> Traffic:
        """Return the traffic since the last call; `current` are the interfaces that still exist."""
        with self._lock:
            taken = Traffic(self._counts, self._interfaces, self._is_incomplete)
            self._counts, self._interfaces, self._is_incomplete = {}, dict(current), False
            return taken

    def _count(self, packet: Packet) -> None:
        flow, length, tcp_flags, time = packet
        known = self._counts.get(flow)
        if known is None and len(self._counts) >= KEPT_FLOWS:
            self._is_incomplete = True
            return
        count = FlowCount(1, length, time, time, tcp_flags)
        self._counts[flow] = known.plus(count) if known else count
