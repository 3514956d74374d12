"""What a change opens, closes and leads elsewhere: two networks compared. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import NOTHING, Stage
from vpcache.lab.prover.traffic import described, first_flow
from vpcache.reach.answers import blocked_between, flows_between, worded
from vpcache.reach.ends import Place, by_zone, cluster_of, joined, places
from vpcache.reach.matrix import egress_addresses, matrix
from vpcache.reach.network import Network

_DECIDING = (Stage.GROUP_EGRESS, Stage.GROUP_INGRESS, Stage.ROUTE, Stage.NAT_GATEWAY, Stage.INTERNET_GATEWAY)
"""The stages that explain why traffic passes; network ACLs mostly pass everything."""


@dataclass(frozen=True)
class Changed:
    """The traffic between two places that only one of two networks passes, and the reason.

    For opened traffic the reasons are those of the security groups that let it pass now, for closed traffic
    those of the steps that stop it now.
    """

    source: str
    target: str
    packets: Intervals
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}: {described(self.packets)}"


@dataclass(frozen=True)
class Moved:
    """A zone whose egress addresses change; empty texts are none."""

    zone: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.zone}: {self.before or 'none'} -> {self.after or 'none'}"


@dataclass(frozen=True)
class Comparison:
    """What the change from one network to another opens and closes, and the zones that leave elsewhere."""

    opened: tuple[Changed, ...]
    closed: tuple[Changed, ...]
    moved: tuple[Moved, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no flow and no egress address changes."""
        return not (self.opened or self.closed or self.moved)


def compare(before: Network, after: Network) -> Comparison:
    """Return what the change from `before` to `after` opens, closes and leads elsewhere.

    Networks are compared zone by zone. A change of all zones of a place is one change of the place, and one
    of several nodes of a cluster is one change of the cluster.
    """
    old, new = _Side(before), _Side(after)
    return Comparison(
        opened=tuple(
            Changed(*names, packets, new.passing_reasons(*ends, packets))
            for names, ends, packets in new.beyond(old)
        ),
        closed=tuple(
            Changed(*names, packets, new.stopping_reasons(*ends, packets))
            for names, ends, packets in old.beyond(new)
        ),
        moved=moved(before, after),
    )


Ends = tuple[str, str]
"""The names of a source and of a target."""


class _Side:
    """One of two networks: its places by zone, and the traffic between them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._zones = {each.name: by_zone(each) for each in places(network)}
        self._owners = {zone.name: name for name, zones in self._zones.items() for zone in zones}
        zonal = [zone for zones in self._zones.values() for zone in zones]
        self._places: dict[str, Place] = {each.name: each for each in zonal}
        found = matrix(network, zonal, zonal)
        self._flows = {(each.source, each.target): each.packets for each in found}

    def beyond(self, other: _Side) -> Iterator[tuple[Ends, Ends, Intervals]]:
        """Yield the traffic that this network passes and the other does not: names for it, and two ends."""
        sources: dict[tuple[str, str, Intervals], list[str]] = {}
        for (source, target), packets in self._flows.items():
            if more := packets - other._flows.get((source, target), NOTHING):
                sources.setdefault((self._owners[source], target, more), []).append(source)
        targets: dict[tuple[tuple[str, ...], str, Intervals], list[Ends]] = {}
        for (owner, target, more), found in sources.items():
            names = (owner,) if len(found) == len(self._zones[owner]) else tuple(found)
            targets.setdefault((names, cluster_of(target), more), []).append((found[0], target))
        for (names, _, more), ends in targets.items():
            target = joined([target for _, target in ends])
            yield from (((name, target), ends[0], more) for name in names)

    def passing_reasons(self, source: str, target: str, packets: Intervals) -> tuple[str, ...]:
        """Return the rules and routes by which traffic passes."""
        found = flows_between(self._network, self._places[source], self._places[target], packets)
        reach, path = found[0]
        return tuple(
            text for step, text in worded(path, first_flow(reach.packets)) if step.stage in _DECIDING
        )

    def stopping_reasons(self, source: str, target: str, packets: Intervals) -> tuple[str, ...]:
        """Return the steps that stop traffic in this network; an end that it lacks is the reason."""
        missing = [end for end in (source, target) if end not in self._places]
        if missing:
            undecided = ", or the plan does not decide where it is" if self._network.undecided else ""
            return (f"{missing[0]} does not exist{undecided}",)
        found = blocked_between(self._network, self._places[source], self._places[target], packets)
        reach, path = found[0]
        flow = first_flow(reach.packets)
        stopping = path.obstacles(flow)
        return tuple(text for step, text in worded(path, flow) if step in stopping)


def moved(before: Network, after: Network) -> tuple[Moved, ...]:
    """Return the zones whose egress addresses differ between two networks."""
    old, new = egress_addresses(before), egress_addresses(after)
    texts = {
        zone: [", ".join(addresses.get(zone, ())) for addresses in (old, new)]
        for zone in sorted({*old, *new})
    }
    return tuple(Moved(zone, *pair) for zone, pair in texts.items() if pair[0] != pair[1])
