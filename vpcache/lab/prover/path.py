"""The result of the prover: the steps of a packet and of its answer, each with its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.traffic import ALL, Flow


class Stage(StrEnum):
    """Where a packet is decided on, in AWS's words."""

    GROUP_EGRESS = "security group egress"
    GROUP_INGRESS = "security group ingress"
    ACL_OUTBOUND = "network ACL outbound"
    ACL_INBOUND = "network ACL inbound"
    ANSWER_OUTBOUND = "network ACL outbound, answer"
    ANSWER_INBOUND = "network ACL inbound, answer"
    ROUTE = "route"
    ANSWER_ROUTE = "route, answer"
    NAT_GATEWAY = "NAT gateway"
    INTERNET_GATEWAY = "internet gateway"
    SOURCE = "source"
    TARGET = "target"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one rule does with the packets that it matches, and its text."""

    packets: Intervals
    permits: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A filter or a route on the way. The first decision that matches a packet decides.

    Packets that no decision matches are dropped, for the reason `otherwise`.
    """

    stage: Stage
    resource: str  # an ID
    decisions: tuple[Decision, ...]
    otherwise: str
    permitted: Intervals = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permitted", _permitted(self.decisions))

    def decide(self, flow: Flow) -> tuple[bool, str]:
        """Return whether the step passes a flow, and the reason."""
        for decision in self.decisions:
            if flow.number in decision.packets:
                return decision.permits, decision.reason
        return False, self.otherwise


@dataclass(frozen=True, slots=True)
class Path:
    """The way of a packet and of its answer, in the order in which they meet the steps.

    `seen_as` is the source address that the target sees. The packets that pass all steps are `permitted`.
    """

    steps: tuple[Step, ...]
    seen_as: IpAddress | None = None

    @property
    def permitted(self) -> Intervals:
        """The packets that reach the target and are answered."""
        packets = ALL
        for step in self.steps:
            packets &= step.permitted
            if not packets:
                break
        return packets

    def passes(self, flow: Flow) -> bool:
        """Return whether a flow reaches the target and is answered."""
        return all(flow.number in step.permitted for step in self.steps)

    def obstacles(self, flow: Flow) -> tuple[Step, ...]:
        """Return all steps that drop a flow, not only the first one."""
        return tuple(step for step in self.steps if flow.number not in step.permitted)


def always(stage: Stage, resource: str, reason: str) -> Step:
    """Return a step that passes all packets."""
    return Step(stage, resource, (Decision(ALL, permits=True, reason=reason),), "")


def never(stage: Stage, resource: str, reason: str) -> Step:
    """Return a step that drops all packets."""
    return Step(stage, resource, (), reason)


def _permitted(decisions: tuple[Decision, ...]) -> Intervals:
    permitted, remaining = Intervals(), ALL
    for decision in decisions:
        if decision.permits:
            permitted |= decision.packets & remaining
        remaining -= decision.packets
    return permitted
