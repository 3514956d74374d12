"""Answers about flows: which of them pass, through what, and what stops the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from vpcache.lab.prover.ends import Attached, End
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Step
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import ALL, Flow, described
from vpcache.reach.ends import Place, pairs
from vpcache.reach.network import Network


class Verdict(StrEnum):
    """Whether a flow reaches its target and is answered."""

    PASSES = "passes"
    BLOCKED = "does not pass"
    UNKNOWN = "cannot be decided"


@dataclass(frozen=True)
class Answer:
    """The path of a flow between two ends, with the names of the ends."""

    source: str
    target: str
    flow: Flow
    path: Path
    ends: tuple[End, End]

    @property
    def verdict(self) -> Verdict:
        """Unknown if only steps outside the model stop the flow."""
        obstacles = self.obstacles
        if not obstacles:
            return Verdict.PASSES
        return Verdict.UNKNOWN if all(step.is_unmodeled for step in obstacles) else Verdict.BLOCKED

    @property
    def obstacles(self) -> tuple[Step, ...]:
        """All steps that stop the flow, in the order of the path."""
        return self.path.obstacles(self.flow)

    @property
    def summary(self) -> str:
        """The answer in one sentence."""
        is_seen = self.verdict is Verdict.PASSES and self.path.seen_as not in (None, self.ends[0].address)
        seen = f", seen as {self.path.seen_as}" if is_seen else ""
        return f"{self.flow} from {self.source} to {self.target}: {self.verdict}{seen}"

    def hops(self) -> Iterator[tuple[bool, str]]:
        """Yield for each step whether the flow passes it, and the reason."""
        for step, text in worded(self.path, self.flow):
            yield self.flow.number in step.permitted, text


@dataclass(frozen=True)
class Reach:
    """What passes between two places."""

    source: str
    target: str
    packets: Intervals

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}: {described(self.packets)}"


def answers(network: Network, source: Place, target: Place, flow: Flow) -> list[Answer]:
    """Return an answer for each pair of different ends of two places.

    An interface has several addresses. Those for which the answer is that for its first address are left out.
    """
    prover = Prover(network.topology)
    found: dict[tuple[str, str, Verdict], Answer] = {}
    for one, other in pairs(source, target):
        answer = Answer(source.label(one), target.label(other), flow, prover.path(one, other), (one, other))
        found.setdefault((_id(one), _id(other), answer.verdict), answer)
    return list(found.values())


def _id(end: End) -> str:
    return end.interface.id if isinstance(end, Attached) else str(end.address)


def worded(path: Path, flow: Flow) -> Iterator[tuple[Step, str]]:
    """Yield the steps of a path, each with what it does with a flow: "route: rtb-1 leads ... to nat-1"."""
    for step in path.steps:
        yield step, f"{step.stage}: {step.decide(flow)[1]}"


def flows_between(
    network: Network, source: Place, target: Place, packets: Intervals = ALL
) -> list[tuple[Reach, Path]]:
    """Return for each pair of different ends the part of `packets` that passes, if any, and its path."""
    return _parts(network, source, target, lambda path: path.permitted & packets)


def blocked_between(
    network: Network, source: Place, target: Place, packets: Intervals
) -> list[tuple[Reach, Path]]:
    """Return for each pair of different ends the part of `packets` that is stopped, if any, and its path."""
    return _parts(network, source, target, lambda path: packets - path.permitted)


def undecided_between(
    network: Network, source: Place, target: Place, packets: Intervals
) -> list[tuple[Reach, Path]]:
    """Return for each pair the part of `packets` that only steps outside the model stop, and its path."""
    return _parts(
        network, source, target, lambda path: packets & (path.permitted_by_the_model - path.permitted)
    )


def _parts(
    network: Network, source: Place, target: Place, part: Callable[[Path], Intervals]
) -> list[tuple[Reach, Path]]:
    prover = Prover(network.topology)
    paths = ((one, other, prover.path(one, other)) for one, other in pairs(source, target))
    return [
        (Reach(source.label(one), target.label(other), found), path)
        for one, other, path in paths
        if (found := part(path))
    ]
