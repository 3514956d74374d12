"""Arrows for the traffic that security groups allow. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vpcache.diagram.columns import ARROW_GAP, LABEL, PILL, Columns, PlacedBand
from vpcache.diagram.drawing.shapes import Box, Connector, Pill, Shape
from vpcache.diagram.drawing.text import pill_width
from vpcache.diagram.live import Live
from vpcache.diagram.model import Change, Permission

_ASIDE, _TRACK, _BESIDE = 14, 12, 96


@dataclass(frozen=True)
class _Join:
    """A permission and its two bands."""

    permission: Permission
    source: PlacedBand
    target: PlacedBand

    @property
    def common(self) -> set[int]:
        """The columns that both bands cover."""
        return set(self.source.band.columns) & set(self.target.band.columns)

    @property
    def ends(self) -> tuple[Box, Box]:
        """The boxes of its bands."""
        return self.source.box, self.target.box

    @property
    def is_straight(self) -> bool:
        """Whether the bands are adjacent."""
        return bool(self.common) and 0 < self.target.box.y - self.source.box.bottom <= ARROW_GAP

    @property
    def span(self) -> float:
        """The vertical distance of the bands."""
        return abs(self.target.box.y - self.source.box.y)


def arrows(permissions: Sequence[Permission], columns: Columns, live: Live) -> Iterator[Shape]:
    """Yield an arrow for each permission: straight down between adjacent bands, else beside the zones."""
    passed = live.of("cache hit")
    joins = _joins(permissions, columns)
    straight, aside = ([join for join in joins if join.is_straight is kind] for kind in (True, False))
    widest = max((_width(join, live) for join in aside), default=0.0)
    for join in joins:
        width = _width(join, live)
        if join.is_straight:
            x = (columns.zones[min(join.common)][1].x + columns.zones[max(join.common)][1].right) / 2
            beside = [each for each in straight if each.ends == join.ends]
            x += _BESIDE * (beside.index(join) - (len(beside) - 1) / 2)
            points = [(x, join.source.box.bottom), (x, join.target.box.y)]
            middle = (x, (join.source.box.bottom + join.target.box.y) / 2 - 3)
        else:
            # longer arrows are farther out, so that none crosses another with the same end
            track = sorted(aside, key=lambda other: other.span).index(join)
            points = _around(join, columns, columns.right + _ASIDE + widest + _TRACK * (track + 1))
            middle = (columns.right + _ASIDE + widest / 2, points[-3][1])
        style = "permission"
        if join.permission.change is not Change.NONE:
            style += f" {join.permission.change}"
        yield Connector(points, style, is_arrow=True)
        box = Box(middle[0] - width / 2, middle[1] - PILL / 2, width, PILL)
        yield Pill(box, style, join.permission.traffic, passed)


def arrows_width(permissions: Sequence[Permission], columns: Columns, live: Live) -> float:
    """Return the width of the arrows beside the zones."""
    aside = [join for join in _joins(permissions, columns) if not join.is_straight]
    widest = max((_width(join, live) for join in aside), default=0.0)
    return widest + _ASIDE + _TRACK * len(aside) if aside else 0


def _joins(permissions: Sequence[Permission], columns: Columns) -> list[_Join]:
    """Return a pair of bands for each permission, an adjacent one if there is one."""
    joins = []
    for permission in permissions:
        pairs = [
            _Join(permission, source, target)
            for source in columns.bands
            for target in columns.bands
            if permission.source in source.band.groups and permission.target in target.band.groups
        ]
        joins += sorted(pairs, key=lambda join: not join.is_straight)[:1]
    return joins


def _around(join: _Join, columns: Columns, x: float) -> list[tuple[float, float]]:
    """Return the points of an arrow through `x`. It begins below a band that has others beside it."""
    last = len(columns.zones) - 1
    source, target = join.source.box, join.target.box
    begin = [(source.right, source.y + 24)]
    if join.source.band.columns[-1] != last:
        begin = [(source.right - 16, source.bottom), (source.right - 16, source.bottom + 6)]
    end = [(target.right, target.y + 24)]
    if join.target.band.columns[-1] != last:
        end = [(target.right - 16, target.y - 6), (target.right - 16, target.y)]
    return [*begin, (x, begin[-1][1]), (x, end[0][1]), *end]


def _width(join: _Join, live: Live) -> float:
    return pill_width(join.permission.traffic, LABEL, live.of("cache hit") is not None)
