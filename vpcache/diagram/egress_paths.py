"""The ways out: from each private subnet to its NAT gateway, and from there to the internet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from vpcache.diagram.columns import LABEL, LANE, PILL, TRACK, Columns
from vpcache.diagram.drawing.shapes import Box, Pill, Shape, Wire, Words
from vpcache.diagram.drawing.text import pill_width
from vpcache.diagram.live import Live
from vpcache.diagram.model import Tier

_FIRST_TRACK = 26  # above the subnets, with room for a label below it


def ways_out(places: Columns, colours: Mapping[str, str], live: Live) -> Iterator[Shape]:
    """Draw the default route of each private subnet, in the colour of its NAT gateway's zone."""
    below = min((at.y for _, each, at in places.subnets.values() if each.tier is not Tier.PUBLIC), default=0)
    tracks, lanes = count(), {column: count() for column in range(len(places.zones))}
    for column, subnet, at in places.subnets.values():
        if subnet.way_out is None:
            continue
        if subnet.way_out not in places.nat_gateways:
            yield Words(at.x + 12, at.y - 9, f"0.0.0.0/0 by {subnet.way_out}", "note")
            continue
        home, _, gateway = places.nat_gateways[subnet.way_out]
        style = colours[places.zones[home][0]]
        if at.y > below:
            lane, track = (
                at.right + 9 + LANE * next(lanes[column]),
                below - _FIRST_TRACK - TRACK * next(tracks),
            )
            points = [(at.right, at.y + 15), (lane, at.y + 15), (lane, track), (gateway.middle, track)]
            yield Words(at.right, at.y - 7, "0.0.0.0/0", f"route end {style}")
        elif gateway.middle != at.middle:
            track = below - _FIRST_TRACK - TRACK * next(tracks)
            points = [(at.middle, at.y), (at.middle, track), (gateway.middle, track)]
            yield Words(at.middle + 9, at.y - 9, "0.0.0.0/0", f"route {style}")
        else:
            points = [(at.middle, at.y)]
            yield Words(at.middle + 9, at.y - 9, "0.0.0.0/0", f"route {style}")
        way = _style(style, live.of("egress", places.zones[column][0]))
        yield Wire([*points, (gateway.middle, gateway.bottom)], way, is_arrow=True)


def ways_through(
    places: Columns, colours: Mapping[str, str], top: float, bottom: float, live: Live
) -> Iterator[Shape]:
    """Draw the way of each NAT gateway up to `top`, the internet; above `bottom`, the internet gateway,
    stands the address by which it is seen there.
    """
    for column, gateway, at in places.nat_gateways.values():
        zone = places.zones[column][0]
        passed = live.of("egress", zone)
        text = f"elastic IP {gateway.public_address}".strip()
        width = pill_width(text, LABEL, passed is not None)
        yield Wire([(at.middle, at.y), (at.middle, top)], _style(colours[zone], passed), is_arrow=True)
        middle = (top + bottom) / 2 + 3  # the arrow's head takes some room above
        yield Pill(Box(at.middle - width / 2, middle - PILL / 2, width, PILL), colours[zone], text, passed)


def _style(colour: str, passed: bool | None) -> str:
    """Return how a way out is drawn: broken if a probe did not get through."""
    return f"way {colour}{' broken' if passed is False else ''}"
