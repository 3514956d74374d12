"""What a change opens, closes and leads elsewhere: two networks compared, as text and as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.traffic import described
from vpcache.reach.answers import egress_addresses, matrix
from vpcache.reach.ends import by_zone, places
from vpcache.reach.network import Network

_Flows = dict[tuple[str, str], Intervals]  # by the names of source and target


@dataclass(frozen=True)
class Changed:
    """The traffic between two places that only one of two networks passes."""

    source: str
    target: str
    packets: Intervals

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}: {described(self.packets)}"


@dataclass(frozen=True)
class Moved:
    """A zone whose egress addresses change; empty texts stand for none."""

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

    def lines(self) -> Iterator[str]:
        """Yield the comparison in words, one line for each change."""
        for title, found in self._parts():
            yield from (f"{title}: {each}" for each in found)
        if not any(found for _, found in self._parts()):
            yield "no flow changes"

    def markdown(self) -> str:
        """Return the comparison for a comment of a pull request."""
        parts = [
            f"**{title}**\n\n" + "\n".join(f"- `{each}`" for each in found)
            for title, found in self._parts()
            if found
        ]
        return "\n\n".join(parts) or "No flow changes."

    def _parts(self) -> tuple[tuple[str, tuple[Changed | Moved, ...]], ...]:
        return ("opens", self.opened), ("closes", self.closed), ("egress address", self.moved)


def compare(before: Network, after: Network) -> Comparison:
    """Return what the change from `before` to `after` opens, closes and leads elsewhere."""
    old, new = _by_ends(before), _by_ends(after)
    return Comparison(
        opened=tuple(_beyond(new, old)), closed=tuple(_beyond(old, new)), moved=tuple(_moved(before, after))
    )


def _by_ends(network: Network) -> _Flows:
    zonal = [zone for each in places(network) for zone in by_zone(each)]
    return {(each.source, each.target): each.packets for each in matrix(network, zonal)}


def _beyond(one: _Flows, other: _Flows) -> Iterator[Changed]:
    for ends, packets in one.items():
        if more := packets - other.get(ends, Intervals()):
            yield Changed(*ends, more)


def _moved(before: Network, after: Network) -> Iterator[Moved]:
    old, new = egress_addresses(before), egress_addresses(after)
    for zone in sorted({*old, *new}):
        pair = [", ".join(addresses.get(zone, ())) for addresses in (old, new)]
        if pair[0] != pair[1]:
            yield Moved(zone, *pair)
