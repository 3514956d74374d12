"""The model of a picture to shapes with places. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vpcache.diagram.arrows import arrows, room_aside
from vpcache.diagram.columns import DETAIL, LABEL, PILL, TITLE, Columns, PlacedBand, columns
from vpcache.diagram.drawing.shapes import Bar, Box, Card, Drawing, Frame, Pill, Shape, Words
from vpcache.diagram.drawing.text import pill_width, text_width, wrapped
from vpcache.diagram.egress_paths import ways_out, ways_through
from vpcache.diagram.live import Live
from vpcache.diagram.model import Picture, Vpc

COLOURS = 6  # zones that can be told apart by colour; the seventh has the first one's again
_MARGIN, _PADDING, _BAR = 16, 22, 28
_HEAD, _HOST, _OUTSIDE, _FOOT = 34, 44, 74, 46


def drawing(picture: Picture, live: Live | None = None, *, with_evidence: bool = True) -> Drawing:
    """Return the picture with everything in its place; `live` are probes' results to show on it, and below
    it with their evidence.
    """
    live = live or Live()
    zones = sorted({zone for vpc in picture.vpcs for zone in vpc.zones})
    colours = {zone: f"z{number % COLOURS}" for number, zone in enumerate(zones)}
    internet = _MARGIN + _HEAD + (_HOST + 12 if picture.hosts else 0)
    top = internet + _OUTSIDE
    x, bottom, shapes = float(_MARGIN), float(top), list[Shape]()
    for vpc in picture.vpcs:
        places = columns(vpc, x + _PADDING, top + _BAR / 2 + 16)
        right = places.right + room_aside(vpc.permissions, places, live)
        width = max(right - places.left, _foot_width(vpc)) + 2 * _PADDING
        box = Box(x, top, width, places.bottom + _FOOT - top)
        shapes += _vpc(vpc, places, box, internet, colours, live)
        x, bottom = box.right + _PADDING, max(bottom, box.bottom)
    width = x - _PADDING + _MARGIN
    shapes += _internet(picture, Box(_MARGIN, _MARGIN, width - 2 * _MARGIN, internet - _MARGIN))
    for line in wrapped(_without_vpc(picture), LABEL, width - 2 * _MARGIN):
        bottom += 20
        shapes.append(Words(_MARGIN + 2, bottom, line, "faint"))
    for shape in _results(live, width, bottom) if with_evidence else ():
        shapes.append(shape)
        bottom = shape.y if isinstance(shape, Words) else shape.box.bottom
    title = ", ".join(f"{vpc.name} {vpc.cidr}".strip() for vpc in picture.vpcs)
    return Drawing(width, bottom + _MARGIN, title, shapes)


def _without_vpc(picture: Picture) -> str:
    return f"in no VPC: {', '.join(picture.without_vpc)}" if picture.without_vpc else ""


def _internet(picture: Picture, box: Box) -> Iterator[Shape]:
    yield Frame(box, "internet", "the internet")
    if not picture.hosts:
        return
    texts = [(host.name, f"asked by {', '.join(host.askers)}") for host in picture.hosts]
    widths = [58 + max(text_width(a, TITLE, bold=True), text_width(b, DETAIL)) for a, b in texts]
    scale = min(1.0, (box.width - 12 * (len(widths) + 1)) / sum(widths))
    gap = (box.width - sum(widths) * scale) / (len(widths) + 1)
    x = box.x + gap
    for (name, askers), width in zip(texts, widths, strict=True):
        yield Card(Box(x, box.y + _HEAD, width * scale, _HOST), "host", name, askers)
        x += width * scale + gap


def _vpc(
    vpc: Vpc, places: Columns, box: Box, internet: float, colours: Mapping[str, str], live: Live
) -> Iterator[Shape]:
    yield Frame(box, "vpc")
    yield Words(box.x + _PADDING, box.bottom - 18, f"VPC {vpc.name}", "strong", vpc.cidr)
    yield from _endpoints(vpc, box)
    for zone, at in places.zones:
        yield Frame(at, f"zone {colours[zone]}", zone)
    for _, subnet, at in places.subnets.values():
        yield Frame(at, subnet.tier, f"{subnet.tier} subnet", subnet.cidr)
    yield from ways_out(places, colours, live)
    if vpc.has_internet_gateway:
        bar = Box(places.left, box.y - _BAR / 2, places.right - places.left, _BAR)
        yield Bar(bar, "internet gateway")
        yield from ways_through(places, colours, internet, bar.y, live)
    for column, _, at in places.nat_gateways.values():
        yield Card(at, f"nat {colours[places.zones[column][0]]}", "NAT gateway")
    for placed in places.bands:
        yield from _band(vpc, placed, live)
    yield from arrows(vpc.permissions, places, live)


def _foot_width(vpc: Vpc) -> float:
    """Return how wide what is written below the zones is, with gaps between."""
    pills = sum(pill_width(_endpoint(name), LABEL, has_mark=False) + 8 for name in vpc.endpoints)
    name = text_width(f"VPC {vpc.name}", TITLE, bold=True) + text_width(vpc.cidr, LABEL)
    return name + 9 + (pills + 12 if pills else 0)


def _endpoint(name: str) -> str:
    return f"gateway endpoint {name}"


def _endpoints(vpc: Vpc, box: Box) -> Iterator[Shape]:
    right = box.right - _PADDING
    for name in reversed(vpc.endpoints):
        width = pill_width(_endpoint(name), LABEL, has_mark=False)
        yield Pill(Box(right - width, box.bottom - 33, width, PILL), "plain", _endpoint(name))
        right -= width + 8


def _band(vpc: Vpc, placed: PlacedBand, live: Live) -> Iterator[Shape]:
    band, zones = placed.band, vpc.zones
    here = sorted((group for group in vpc.groups if group.id in band.groups), key=lambda group: group.name)
    names = [group.name for group in here] + ["of another stack"] * (len(band.groups) - len(here))
    if len(band.columns) == 1:
        names = [name.removesuffix(f"-{zones[band.columns[0]]}") for name in names]
    title = f"security group {' + '.join(names)}" if names else "no security group"
    yield Frame(placed.box, "band", title, "; ".join(text for group in here for text in group.open_to))
    targets = {permission.target for permission in vpc.permissions}
    for column in band.columns:
        for resident, at in zip(band.cells[column], placed.cells[column], strict=True):
            yield Card(at, resident.kind, resident.name, resident.detail)
        passed = live.of("cache is private", zones[column])
        if band.groups & targets and passed is not None:
            text = "private" if passed else "not private"
            width, cell = pill_width(text, LABEL, has_mark=True), placed.cells[column][-1]
            box = Box(cell.right - width, placed.box.bottom - 7, width, 20)
            yield Pill(box, "plain", text, passed)


def _results(live: Live, width: float, top: float) -> Iterator[Words | Pill]:
    """Write what the probes showed below the picture, a line for each, longer ones in several."""
    names = [f"{result.name} {result.zone or ''}".strip() for result in live.results]
    left = max((text_width(name, LABEL, bold=True) for name in names), default=0) + _MARGIN + 44
    y = top + 8
    for name, result in zip(names, live.results, strict=True):
        yield Pill(Box(_MARGIN, y + 8, 18, 18), "mark", "", result.passed)
        yield Words(_MARGIN + 26, y + 21, name, "strong small")
        for line in wrapped(result.evidence, LABEL, width - left - _MARGIN) or [""]:
            yield Words(left, y + 21, line, "small")
            y += 17
        y += 6
