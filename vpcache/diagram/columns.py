"""The positions of a VPC's contents: zones as columns, tiers of subnets as rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vpcache.diagram.drawing.shapes import Box
from vpcache.diagram.drawing.text import text_width
from vpcache.diagram.group_bands import Band, bands, straight
from vpcache.diagram.model import NatGatewayView, SubnetView, Tier, VpcView

CARD_HEIGHT, CARD_GAP, ICON = 42, 8, 28
TITLE, DETAIL, LABEL = 13, 11, 11.5  # font sizes
_MINIMUM, _ZONE_PADDING, _SUBNET_PADDING, _BAND_PADDING = 236, 12, 10, 8
_ZONE_HEAD, _SUBNET_HEAD, _BAND_HEAD = 32, 30, 24
_TIER_GAP, TRACK, ROW_GAP, ARROW_GAP = 44, 9, 12, 50
COLUMN_GAP, LANE, PILL = 26, 14, 22


@dataclass(frozen=True)
class Row:
    """The subnets of a tier, by column."""

    tier: Tier
    subnets: Mapping[int, SubnetView]


@dataclass(frozen=True)
class PlacedBand:
    """A band with its box and the boxes of its resources, in the order of its cells."""

    band: Band
    box: Box
    cells: Mapping[int, Sequence[Box]]


@dataclass(frozen=True)
class Columns:
    """The zones, subnets, NAT gateways and bands of a VPC with their boxes and the column of their zone."""

    zones: Sequence[tuple[str, Box]]
    subnets: Mapping[str, tuple[int, SubnetView, Box]]
    nat_gateways: Mapping[str, tuple[int, NatGatewayView, Box]]
    bands: Sequence[PlacedBand]

    @property
    def left(self) -> float:
        """The left edge of the first zone."""
        return self.zones[0][1].x

    @property
    def right(self) -> float:
        """The right edge of the last zone."""
        return self.zones[-1][1].right

    @property
    def bottom(self) -> float:
        """The lower edge of all zones."""
        return self.zones[0][1].bottom


def rows(vpc: VpcView) -> list[Row]:
    """Return the tiers from top to bottom: public, private, isolated, each as often as a zone has it."""
    zones = vpc.zones
    result = []
    for tier in Tier:
        by_zone = {
            column: [subnet for subnet in vpc.subnets if subnet.zone == zone and subnet.tier == tier]
            for column, zone in enumerate(zones)
        }
        for rank in range(max(map(len, by_zone.values()), default=0)):
            result.append(
                Row(
                    tier,
                    {column: subnets[rank] for column, subnets in by_zone.items() if rank < len(subnets)},
                )
            )
    return result


def arrange(vpc: VpcView, x: float, y: float) -> Columns:
    """Return the positions of everything in a VPC, with the upper left corner of its first zone at (x, y)."""
    zones, tiers = vpc.zones, rows(vpc)
    lanes = max(0, sum(row.tier is not Tier.PUBLIC for row in tiers) - 1)
    width = _column_width(vpc) + lanes * LANE
    step = width + COLUMN_GAP
    subnets: dict[str, tuple[int, SubnetView, Box]] = {}
    gateways: dict[str, tuple[int, NatGatewayView, Box]] = {}
    placed: list[PlacedBand] = []
    top = y + _ZONE_HEAD
    for number, row in enumerate(tiers):
        if number:
            top += _channel(tiers, number)
        has_gateways = any(subnet.nat_gateways for subnet in row.subnets.values())
        inner = top + _SUBNET_HEAD + (CARD_HEIGHT + _SUBNET_PADDING if has_gateways else 0)
        stacked = bands(row.subnets, vpc.permissions)
        boxes, bottom = _stack(stacked, vpc, x, inner, step, width - lanes * LANE)
        placed += boxes
        for column, subnet in row.subnets.items():
            left = x + column * step + _ZONE_PADDING
            box = Box(left, top, width - lanes * LANE - 2 * _ZONE_PADDING, bottom - top)
            subnets[subnet.id] = (column, subnet, box)
            for gateway, at in zip(subnet.nat_gateways, _side_by_side(subnet, box), strict=True):
                gateways[gateway.id] = (column, gateway, at)
        top = bottom
    frames = [
        (zone, Box(x + column * step, y, width, top + _ZONE_PADDING - y)) for column, zone in enumerate(zones)
    ]
    return Columns(frames, subnets, gateways, placed)


def _channel(tiers: Sequence[Row], number: int) -> float:
    """Return the height of the gap above a tier.

    The gap below the NAT gateways has a track for every default route that does not lead straight up.
    """
    if tiers[number].tier is Tier.PUBLIC or tiers[number - 1].tier is not Tier.PUBLIC:
        return _TIER_GAP
    column_of = {
        gateway.id: column
        for row in tiers
        for column, subnet in row.subnets.items()
        for gateway in subnet.nat_gateways
    }
    around = [
        subnet
        for at, row in enumerate(tiers)
        for column, subnet in row.subnets.items()
        if subnet.nat_gateway_id in column_of and (at > number or column_of[subnet.nat_gateway_id] != column)
    ]
    return _TIER_GAP + TRACK * len(around)


def _stack(
    stacked: Sequence[Band], vpc: VpcView, x: float, top: float, step: float, width: float
) -> tuple[list[PlacedBand], float]:
    """Place the bands of a tier from `top` downwards; return them and the lower edge of the subnets."""
    placed = []
    inset = _ZONE_PADDING + _SUBNET_PADDING
    for row in range(max((band.row for band in stacked), default=-1) + 1):
        here, above = ([band for band in stacked if band.row == number] for number in (row, row - 1))
        if row:
            has_arrow = any(straight(vpc.permissions, one, other) for one in above for other in here)
            top += ARROW_GAP if has_arrow else ROW_GAP
        tallest = max(len(cell) for band in here for cell in band.cells.values())
        height = _BAND_HEAD + tallest * (CARD_HEIGHT + CARD_GAP) - CARD_GAP + _BAND_PADDING
        for band in here:
            first, last = band.columns[0], band.columns[-1]
            left, right = x + first * step + inset, x + last * step + width - inset
            cells = {
                column: [
                    Box(
                        x + column * step + inset + _BAND_PADDING,
                        top + _BAND_HEAD + number * (CARD_HEIGHT + CARD_GAP),
                        width - 2 * (inset + _BAND_PADDING),
                        CARD_HEIGHT,
                    )
                    for number in range(len(cell))
                ]
                for column, cell in band.cells.items()
            }
            placed.append(PlacedBand(band, Box(left, top, right - left, height), cells))
        top += height
    return placed, top + (_SUBNET_PADDING if stacked else 0)


def _side_by_side(subnet: SubnetView, box: Box) -> list[Box]:
    """Return the boxes of a subnet's NAT gateways, side by side in its middle."""
    width = _card_width("NAT gateway", "")
    count = len(subnet.nat_gateways)
    left = box.middle - (count * width + (count - 1) * CARD_GAP) / 2
    return [
        Box(left + number * (width + CARD_GAP), box.y + _SUBNET_HEAD, width, CARD_HEIGHT)
        for number in range(count)
    ]


def _column_width(vpc: VpcView) -> float:
    """Return the common width of all columns, that of the widest content."""
    around = 2 * (_ZONE_PADDING + _SUBNET_PADDING + _BAND_PADDING)
    resources = [resource for subnet in vpc.subnets for resource in subnet.resources]
    widths = [_card_width(resource.name, resource.detail) + around for resource in resources]
    for subnet in vpc.subnets:
        # the labels left and right in a subnet's head leave room for the route in its middle
        label = max(text_width(f"{subnet.tier} subnet", LABEL, bold=True), text_width(subnet.cidr, LABEL))
        widths.append(2 * (label + _ZONE_PADDING + _SUBNET_PADDING + 10))
        count = len(subnet.nat_gateways)
        widths.append(count * (_card_width("NAT gateway", "") + CARD_GAP) + around)
    return max(_MINIMUM, *widths)


def _card_width(title: str, detail: str) -> float:
    text = max(text_width(title, TITLE, bold=True), text_width(detail, DETAIL))
    return round(text + ICON + 8 + 8 + 12)
