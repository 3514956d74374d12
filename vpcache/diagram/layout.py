"""The layout: the model of a diagram to shapes with positions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vpcache.diagram.arrows import arrows, arrows_width
from vpcache.diagram.columns import DETAIL, LABEL, PILL, TITLE, Columns, PlacedBand, arrange
from vpcache.diagram.drawing.shapes import Bar, Box, Card, Drawing, Frame, Mark, Pill, Shape, Text
from vpcache.diagram.drawing.text import pill_width, text_width, wrapped
from vpcache.diagram.egress_paths import egress_paths, internet_paths
from vpcache.diagram.live import Live
from vpcache.diagram.model import Diagram, SecurityGroupView, VpcView
from vpcache.diagram.reach_table import ReachTable

COLOURS = 6  # distinct colours of zones; the seventh zone has the first one's colour
_MARGIN, _PADDING, _BAR = 16, 22, 28
_HEAD, _HOST, _OUTSIDE, _FOOT = 34, 44, 74, 46


def layout(
    diagram: Diagram,
    live: Live | None = None,
    table: ReachTable | None = None,
    *,
    with_evidence: bool = True,
) -> Drawing:
    """Return the shapes of a diagram with a table below it.

    It is marked with the probe results in `live`, whose evidence is below the table.
    """
    live = live or Live()
    zones = sorted({zone for vpc in diagram.vpcs for zone in vpc.zones})
    colours = {zone: f"z{number % COLOURS}" for number, zone in enumerate(zones)}
    internet = _MARGIN + _HEAD + (_HOST + 12 if diagram.hosts else 0)
    top = internet + _OUTSIDE
    x, bottom, shapes = float(_MARGIN), float(top), list[Shape]()
    for vpc in diagram.vpcs:
        columns = arrange(vpc, x + _PADDING, top + _BAR / 2 + 16)
        right = columns.right + arrows_width(vpc.permissions, columns, live)
        width = max(right - columns.left, _foot_width(vpc)) + 2 * _PADDING
        box = Box(x, top, width, columns.bottom + _FOOT - top)
        shapes += _vpc(vpc, columns, box, internet, colours, live)
        x, bottom = box.right + _PADDING, max(bottom, box.bottom)
    width = max(x - _PADDING + _MARGIN, table.width + 2 * _MARGIN if table else 0)
    shapes += _internet(diagram, Box(_MARGIN, _MARGIN, width - 2 * _MARGIN, internet - _MARGIN))
    for line in wrapped(_without_vpc(diagram), LABEL, width - 2 * _MARGIN):
        bottom += 20
        shapes.append(Text(_MARGIN + 2, bottom, line, "faint"))
    if table:
        found, bottom = table.shapes(_MARGIN, bottom + _MARGIN, width - 2 * _MARGIN)
        shapes += found
    for shape in _results(live, width, bottom) if with_evidence else ():
        shapes.append(shape)
        bottom = shape.y if isinstance(shape, Text) else shape.box.bottom
    title = ", ".join(f"{vpc.name} {vpc.cidr}".strip() for vpc in diagram.vpcs)
    return Drawing(width, bottom + _MARGIN, title, shapes)


def _without_vpc(diagram: Diagram) -> str:
    return f"without VPC: {', '.join(diagram.without_vpc)}" if diagram.without_vpc else ""


def _internet(diagram: Diagram, box: Box) -> Iterator[Shape]:
    yield Frame(box, "internet", "the internet")
    if not diagram.hosts:
        return
    texts = [(host.name, f"called by {', '.join(host.callers)}") for host in diagram.hosts]
    widths = [58 + max(text_width(a, TITLE, bold=True), text_width(b, DETAIL)) for a, b in texts]
    scale = min(1.0, (box.width - 12 * (len(widths) + 1)) / sum(widths))
    gap = (box.width - sum(widths) * scale) / (len(widths) + 1)
    x = box.x + gap
    for (name, callers), width in zip(texts, widths, strict=True):
        yield Card(Box(x, box.y + _HEAD, width * scale, _HOST), "host", name, callers)
        x += width * scale + gap


def _vpc(
    vpc: VpcView, columns: Columns, box: Box, internet: float, colours: Mapping[str, str], live: Live
) -> Iterator[Shape]:
    new_zones = vpc.new_zones
    yield Frame(box, "vpc")
    yield Text(box.x + _PADDING, box.bottom - 18, f"VPC {vpc.name}", "strong", vpc.cidr)
    yield from _endpoints(vpc, box)
    for zone, at in columns.zones:
        is_new = zone in new_zones
        yield Frame(at, f"zone {colours[zone]}{_new(is_new)}", zone)
        yield from _marks(at, is_new=is_new)
    for column, subnet, at in columns.subnets.values():
        yield Frame(at, f"{subnet.tier}{_new(subnet.is_new)}", f"{subnet.tier} subnet", subnet.cidr)
        yield from _marks(at, is_new=subnet.is_new and columns.zones[column][0] not in new_zones)
    yield from egress_paths(columns, colours, live)
    if vpc.has_internet_gateway:
        bar = Box(columns.left, box.y - _BAR / 2, columns.right - columns.left, _BAR)
        yield Bar(bar, "internet gateway")
        yield from internet_paths(columns, colours, internet, bar.y, live)
    for column, gateway, at in columns.nat_gateways.values():
        zone = columns.zones[column][0]
        yield Card(at, f"nat {colours[zone]}", "NAT gateway", is_new=gateway.is_new)
        yield from _marks(at, is_new=gateway.is_new)
    for placed in columns.bands:
        yield from _band(vpc, placed, live)
    yield from arrows(vpc.permissions, columns, live)


def _foot_width(vpc: VpcView) -> float:
    """Return the width of the text below the zones, with gaps."""
    pills = sum(pill_width(_endpoint(name), LABEL, has_mark=False) + 8 for name in vpc.endpoints)
    name = text_width(f"VPC {vpc.name}", TITLE, bold=True) + text_width(vpc.cidr, LABEL)
    return name + 9 + (pills + 12 if pills else 0)


def _endpoint(name: str) -> str:
    return f"gateway endpoint {name}"


def _endpoints(vpc: VpcView, box: Box) -> Iterator[Shape]:
    right = box.right - _PADDING
    for name in reversed(vpc.endpoints):
        width = pill_width(_endpoint(name), LABEL, has_mark=False)
        yield Pill(Box(right - width, box.bottom - 33, width, PILL), "plain", _endpoint(name))
        right -= width + 8


def _band(vpc: VpcView, placed: PlacedBand, live: Live) -> Iterator[Shape]:
    band, zones = placed.band, vpc.zones
    groups = sorted((group for group in vpc.groups if group.id in band.groups), key=lambda group: group.name)
    names = [group.name for group in groups] + ["of another stack"] * (len(band.groups) - len(groups))
    if len(band.columns) == 1:
        names = [name.removesuffix(f"-{zones[band.columns[0]]}") for name in names]
    title = f"security group {' + '.join(names)}" if names else "no security group"
    yield Frame(placed.box, "band", title, *_open_to(groups))
    targets = {permission.target for permission in vpc.permissions}
    for column in band.columns:
        for resource, at in zip(band.cells[column], placed.cells[column], strict=True):
            yield Card(at, resource.kind, resource.name, resource.detail, resource.is_new)
            yield from _marks(at, is_new=resource.is_new)
        passed = live.of("cache is private", zones[column])
        if band.groups & targets and passed is not None:
            text = "private" if passed else "not private"
            width, cell = pill_width(text, LABEL, has_mark=True), placed.cells[column][-1]
            box = Box(cell.right - width, placed.box.bottom - 7, width, 20)
            yield Pill(box, "plain", text, passed)


def _open_to(groups: Sequence[SecurityGroupView]) -> tuple[str, str]:
    """Return the rules of groups for CIDR blocks, those that a plan changes first, and their style."""
    opened = [text for group in groups for text in group.opened]
    closed = [text for group in groups for text in group.closed]
    kept = [text for group in groups for text in group.open_to]
    texts = [*(f"+ {text}" for text in opened), *(f"\N{MINUS SIGN} {text}" for text in closed), *kept]
    return "; ".join(texts), "opened" if opened else "closed" if closed else "note"


def _new(is_new: bool) -> str:
    return " new" if is_new else ""


def _marks(box: Box, *, is_new: bool) -> Iterator[Mark]:
    """Yield a mark at the upper right corner of what a plan creates."""
    if is_new:
        yield Mark(box.right - 2, box.y + 2, "opened")


def _results(live: Live, width: float, top: float) -> Iterator[Text | Pill]:
    """Yield the probe results below the diagram, with long evidence in several lines."""
    names = [f"{result.name} {result.zone or ''}".strip() for result in live.results]
    left = max((text_width(name, LABEL, bold=True) for name in names), default=0) + _MARGIN + 44
    y = top + 8
    for name, result in zip(names, live.results, strict=True):
        yield Pill(Box(_MARGIN, y + 8, 18, 18), "mark", "", result.passed)
        yield Text(_MARGIN + 26, y + 21, name, "strong small")
        for line in wrapped(result.evidence, LABEL, width - left - _MARGIN) or [""]:
            yield Text(left, y + 21, line, "small")
            y += 17
        y += 6
