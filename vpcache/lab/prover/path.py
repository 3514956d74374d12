"""The result of the prover: the steps of a packet and of its answer, each with its rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple

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
    LOCAL_ROUTE = "local route"
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
class Reasons:
    """The decisions of a step in their order: the first that matches a packet decides.

    Packets that no decision matches are dropped, for the reason `otherwise`.
    """

    decisions: tuple[Decision, ...]
    otherwise: str


class Step(NamedTuple):
    """A filter or a route on the way, and the packets that it passes.

    `explain` makes the reasons, which most callers never need. With `is_unmodeled` the step drops packets
    because the model does not contain what decides on them.
    """

    stage: Stage
    resource: str  # an ID
    permitted: Intervals
    explain: Callable[[], Reasons]
    is_unmodeled: bool = False

    def decide(self, flow: Flow) -> tuple[bool, str]:
        """Return whether the step passes a flow, and the reason."""
        reasons = self.explain()
        for decision in reasons.decisions:
            if flow.number in decision.packets:
                return decision.permits, decision.reason
        return False, reasons.otherwise


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
        return common(self.steps)

    @property
    def permitted_by_the_model(self) -> Intervals:
        """The packets that pass all steps but those that are outside the model."""
        return common(step for step in self.steps if not step.is_unmodeled)

    def passes(self, flow: Flow) -> bool:
        """Return whether a flow reaches the target and is answered."""
        return all(flow.number in step.permitted for step in self.steps)

    def obstacles(self, flow: Flow) -> tuple[Step, ...]:
        """Return all steps that drop a flow, not only the first one."""
        return tuple(step for step in self.steps if flow.number not in step.permitted)


def common(steps: Iterable[Step]) -> Intervals:
    """Return the packets that all steps pass."""
    packets = ALL
    for step in steps:
        if step.permitted is ALL:  # most steps
            continue
        packets &= step.permitted
        if not packets:
            break
    return packets


def always(stage: Stage, resource: str, reason: str, *values: object) -> Step:
    """Return a step that passes all packets. `reason` is a format of `str.format` for `values`."""
    return Step(stage, resource, ALL, partial(_passed, reason, values))


def never(stage: Stage, resource: str, reason: str, *values: object) -> Step:
    """Return a step that drops all packets. `reason` is a format of `str.format` for `values`."""
    return Step(stage, resource, NOTHING, partial(_dropped, reason, values))


def unmodeled(stage: Stage, resource: str, reason: str, *values: object) -> Step:
    """Return a step on whose packets the model cannot decide."""
    return Step(stage, resource, NOTHING, partial(_dropped, reason, values), is_unmodeled=True)


NOTHING = Intervals()


def _passed(reason: str, values: tuple[object, ...]) -> Reasons:
    return Reasons((Decision(ALL, permits=True, reason=reason.format(*values)),), "")


def _dropped(reason: str, values: tuple[object, ...]) -> Reasons:
    return Reasons((), reason.format(*values))
