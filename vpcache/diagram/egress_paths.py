"""Egress paths: from each private subnet to its NAT gateway, and from there to the internet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from vpcache.diagram.columns import LABEL, LANE, PILL, TRACK, Columns
from vpcache.diagram.drawing.shapes import Box, Connector, Pill, Shape, Text
from vpcache.diagram.drawing.text import pill_width
from vpcache.diagram.live import Live
from vpcache.diagram.model import Tier

_FIRST_TRACK = 26  # above the subnets, with room for a label below it


def egress_paths(columns: Columns, colours: Mapping[str, str], live: Live) -> Iterator[Shape]:
    """Yield the default route of each private subnet, in the colour of its NAT gateway's zone."""
    below = min(
        (at.y for _, subnet, at in columns.subnets.values() if subnet.tier is not Tier.PUBLIC), default=0
    )
    tracks, lanes = count(), {column: count() for column in range(len(columns.zones))}
    for column, subnet, at in columns.subnets.values():
        if subnet.nat_gateway_id is None:
            continue
        if subnet.nat_gateway_id not in columns.nat_gateways:
            yield Text(at.x + 12, at.y - 9, f"0.0.0.0/0 via {subnet.nat_gateway_id}", "note")
            continue
        gateway_column, _, gateway = columns.nat_gateways[subnet.nat_gateway_id]
        style = colours[columns.zones[gateway_column][0]]
        if at.y > below:
            lane, track = (
                at.right + 9 + LANE * next(lanes[column]),
                below - _FIRST_TRACK - TRACK * next(tracks),
            )
            points = [(at.right, at.y + 15), (lane, at.y + 15), (lane, track), (gateway.middle, track)]
            yield Text(at.right, at.y - 7, "0.0.0.0/0", f"route end {style}")
        elif gateway.middle != at.middle:
            track = below - _FIRST_TRACK - TRACK * next(tracks)
            points = [(at.middle, at.y), (at.middle, track), (gateway.middle, track)]
            yield Text(at.middle + 9, at.y - 9, "0.0.0.0/0", f"route {style}")
        else:
            points = [(at.middle, at.y)]
            yield Text(at.middle + 9, at.y - 9, "0.0.0.0/0", f"route {style}")
        path_style = _style(style, live.of("egress", columns.zones[column][0]))
        yield Connector([*points, (gateway.middle, gateway.bottom)], path_style, is_arrow=True)


def internet_paths(
    columns: Columns, colours: Mapping[str, str], top: float, bottom: float, live: Live
) -> Iterator[Shape]:
    """Yield the path of each NAT gateway to the internet at `top`, with its address above `bottom`."""
    for column, gateway, at in columns.nat_gateways.values():
        zone = columns.zones[column][0]
        passed = live.of("egress", zone)
        text = f"elastic IP {gateway.public_address}".strip()
        width = pill_width(text, LABEL, passed is not None)
        yield Connector([(at.middle, at.y), (at.middle, top)], _style(colours[zone], passed), is_arrow=True)
        middle = (top + bottom) / 2 + 3  # the arrow's head takes some room above
        yield Pill(Box(at.middle - width / 2, middle - PILL / 2, width, PILL), colours[zone], text, passed)


def _style(colour: str, passed: bool | None) -> str:
    """Return the style of a path: broken if its probe failed."""
    return f"egress {colour}{' broken' if passed is False else ''}"
