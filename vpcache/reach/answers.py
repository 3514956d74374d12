"""Answers about flows: which of them pass, through what, and what stops the others. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from vpcache.lab.prover.ends import Attached, End
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Step
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow, described
from vpcache.reach.ends import Place, places
from vpcache.reach.network import Network


@dataclass(frozen=True)
class Answer:
    """The path of a flow between two ends, with the names of the ends."""

    source: str
    target: str
    flow: Flow
    path: Path

    @property
    def passes(self) -> bool:
        """Whether the flow reaches its target and is answered."""
        return self.path.passes(self.flow)

    @property
    def obstacles(self) -> tuple[Step, ...]:
        """The steps that stop the flow, in the order of the path."""
        return self.path.obstacles(self.flow)

    def lines(self) -> Iterator[str]:
        """Yield the answer in words: one line, then one for each step that decides against the flow."""
        seen = self.path.seen_as
        verb = "passes" if self.passes else "does not pass"
        by = f", seen as {seen}" if self.passes and seen is not None else ""
        yield f"{self.flow} {verb} from {self.source} to {self.target}{by}"
        for step in self.obstacles:
            yield f"  {step.stage}: {step.decide(self.flow)[1]}"


@dataclass(frozen=True)
class Reach:
    """What passes between two named places."""

    source: str
    target: str
    packets: Intervals

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}: {described(self.packets)}"


def answers(network: Network, source: Place, target: Place, flow: Flow) -> list[Answer]:
    """Return an answer for each pair of different ends of two places."""
    prover = Prover(network.topology)
    labels = _labels(network)
    return [
        Answer(_label(labels, one, source), _label(labels, other, target), flow, prover.path(one, other))
        for one in source.ends
        for other in target.ends
        if one != other
    ]


def matrix(network: Network, found: Sequence[Place] | None = None) -> list[Reach]:
    """Return what passes between all pairs of places, by default all of a network.

    Pairs without traffic are absent. For a place with several interfaces it is what passes between any.
    """
    prover = Prover(network.topology)
    every = places(network) if found is None else found
    return [
        Reach(source.name, target.name, packets)
        for source in every
        for target in every
        if source != target and (packets := _between(prover, source, target))
    ]


def _between(prover: Prover, source: Place, target: Place) -> Intervals:
    if len(source.ends) == len(target.ends) == 1:
        return prover.permitted(source.ends[0], target.ends[0])
    pairs = ((one, other) for one in source.ends for other in target.ends if one != other)
    return Intervals.union(prover.permitted(*pair) for pair in pairs)


def egress_addresses(network: Network) -> Mapping[str, tuple[str, ...]]:
    """Return the addresses from which the internet sees the interfaces of each zone, by zone."""
    prover = Prover(network.topology)
    internet = next(each for each in places(network) if each.name == "internet").ends[0]
    seen = sorted(
        (end.interface.zone, str(path.seen_as))
        for each in places(network)
        for end in each.ends
        if isinstance(end, Attached)
        for path in (prover.path(end, internet),)
        if path.permitted and path.seen_as is not None and path.seen_as != end.address
    )
    return {
        zone: tuple(sorted({address for _, address in found}))
        for zone, found in groupby(seen, key=lambda pair: pair[0])
    }


def _labels(network: Network) -> dict[str, str]:
    return {id_: name for name, ids in network.interfaces.items() for id_ in ids}


def _label(labels: Mapping[str, str], end: End, place: Place) -> str:
    """Return the name of an end, with its zone where its place has several ends."""
    if not isinstance(end, Attached):
        return place.name
    name = labels.get(end.interface.id, end.interface.id)
    return f"{name} in {end.interface.zone}" if len(place.ends) > 1 and end.interface.zone else name
