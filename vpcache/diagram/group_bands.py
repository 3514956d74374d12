"""Which residents share security groups, as bands across the zones: rows above each other. Pure.

A band holds the residents of one tier of subnets that are in the same groups, in zones side by side. Bands
stand in rows so that what lets others in is below them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from vpcache.diagram.model import Permission, Resident, Subnet


@dataclass(frozen=True)
class Band:
    """Residents by column, all in `groups`, in columns that are next to each other; `row` counts from 0."""

    groups: frozenset[str]
    cells: Mapping[int, Sequence[Resident]]
    row: int = 0

    @property
    def columns(self) -> list[int]:
        """The columns that it covers."""
        return sorted(self.cells)


def straight(permissions: Iterable[Permission], source: Band, target: Band) -> bool:
    """Whether an arrow can go straight down from one band to the other: to the next row, in one column."""
    return (
        target.row == source.row + 1
        and bool(set(source.columns) & set(target.columns))
        and any(each.source in source.groups and each.target in target.groups for each in permissions)
    )


def bands(subnets: Mapping[int, Subnet], permissions: Iterable[Permission]) -> list[Band]:
    """Return the bands of one tier, given its subnet in each column."""
    order = _depths(permissions)
    made = sorted(
        _bands(subnets),
        # who takes no part in any permission stands on top, out of the way of the arrows
        key=lambda band: (_depth(band, order), bool(band.groups & order.keys()), band.columns),
    )
    placed: list[Band] = []
    for band in made:
        above = [other.row for other in placed if _depth(other, order) < _depth(band, order)]
        row = max(above, default=-1) + 1
        while any(other.row == row and set(other.columns) & set(band.columns) for other in placed):
            row += 1
        placed.append(replace(band, row=row))
    return placed


def _bands(subnets: Mapping[int, Subnet]) -> Iterator[Band]:
    by_groups: dict[frozenset[str], dict[int, list[Resident]]] = {}
    for column, subnet in subnets.items():
        for resident in subnet.residents:
            by_groups.setdefault(resident.groups, {}).setdefault(column, []).append(resident)
    for groups, cells in by_groups.items():
        for columns in _runs(sorted(cells)):
            yield Band(groups, {column: cells[column] for column in columns})


def _runs(columns: Sequence[int]) -> Iterator[list[int]]:
    """Yield the stretches of columns that are next to each other: 0, 1, 3 is 0 to 1, and 3."""
    for _, run in groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0]):
        yield [column for _, column in run]


def _depth(band: Band, order: Mapping[str, int]) -> int:
    return max((order.get(group, 0) for group in band.groups), default=0)


def _depths(permissions: Iterable[Permission]) -> dict[str, int]:
    """Return for each group in a permission how many lie at most before it; in a circle, who comes first."""
    edges = list(permissions)
    depths = {group: 0 for edge in edges for group in (edge.source, edge.target)}
    for _ in depths:  # the longest way without a circle has no more steps
        for edge in edges:
            depths[edge.target] = min(max(depths[edge.target], depths[edge.source] + 1), len(depths))
    return depths
