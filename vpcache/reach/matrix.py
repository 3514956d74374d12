"""What passes between all places of a network, and the addresses of its zones outside. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vpcache.lab.prover.ends import Attached
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.prover import Prover
from vpcache.reach.answers import Reach
from vpcache.reach.ends import Place, Places, pairs, places
from vpcache.reach.network import Network


def matrix(
    network: Network, sources: Sequence[Place] | None = None, targets: Sequence[Place] | None = None
) -> list[Reach]:
    """Return what passes between all pairs of places, by default all of a network.

    Pairs without traffic are absent. For a place with several ends it is what passes between any of them.
    """
    prover = Prover(network.topology)
    every = places(network) if sources is None or targets is None else ()
    return [
        Reach(source.name, target.name, packets)
        for source in (every if sources is None else sources)
        for target in (every if targets is None else targets)
        if (packets := _between(prover, source, target))
    ]


def egress_addresses(network: Network) -> Mapping[str, tuple[str, ...]]:
    """Return the addresses from which the internet sees the interfaces of each zone, by zone.

    An address that a plan does not know has the name of its elastic IP. NAT gateways and interfaces that
    send from their own public address are not counted.
    """
    prover = Prover(network.topology)
    found = Places(network)
    host = found.internet().ends[0]
    seen: dict[str, set[str]] = {}
    for end in (end for each in found.all() for end in each.ends if isinstance(end, Attached)):
        if end.address.version != host.address.version or not prover.permitted(end, host):
            continue
        address = prover.path(end, host).seen_as
        if address is not None and address != end.public_address:
            seen.setdefault(end.interface.zone, set()).add(network.address_name(address))
    return {zone: tuple(sorted(addresses)) for zone, addresses in sorted(seen.items())}


def _between(prover: Prover, source: Place, target: Place) -> Intervals:
    if source.name == target.name:
        return Intervals()
    if len(source.ends) == len(target.ends) == 1:  # the frequent case in a large network
        one, other = source.ends[0], target.ends[0]
        return prover.permitted(one, other) if one.address.version == other.address.version else Intervals()
    return Intervals.union(prover.permitted(*pair) for pair in pairs(source, target))
