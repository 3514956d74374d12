"""Bands across the zones for resources that share security groups. Pure.

A band contains the resources of one tier of subnets that are in the same groups, in adjacent zones. Bands are
in rows, so that a band is below those that it allows traffic from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from vpcache.diagram.model import AttachedResource, Permission, SubnetView


@dataclass(frozen=True)
class Band:
    """The resources in `groups`, by column; the columns are adjacent, and `row` counts from 0."""

    groups: frozenset[str]
    cells: Mapping[int, Sequence[AttachedResource]]
    row: int = 0

    @property
    def columns(self) -> list[int]:
        """The columns that it covers."""
        return sorted(self.cells)


def straight(permissions: Iterable[Permission], source: Band, target: Band) -> bool:
    """Return whether an arrow leads straight down from one band to the next row, within a column."""
    return (
        target.row == source.row + 1
        and bool(set(source.columns) & set(target.columns))
        and any(edge.source in source.groups and edge.target in target.groups for edge in permissions)
    )


def bands(subnets: Mapping[int, SubnetView], permissions: Iterable[Permission]) -> list[Band]:
    """Return the bands of one tier, given its subnet in each column."""
    order = _depths(permissions)
    ordered = sorted(
        _bands(subnets),
        # bands without permissions are on top, where no arrows are
        key=lambda band: (_depth(band, order), bool(band.groups & order.keys()), band.columns),
    )
    placed: list[Band] = []
    for band in ordered:
        above = [other.row for other in placed if _depth(other, order) < _depth(band, order)]
        row = max(above, default=-1) + 1
        while any(other.row == row and set(other.columns) & set(band.columns) for other in placed):
            row += 1
        placed.append(replace(band, row=row))
    return placed


def _bands(subnets: Mapping[int, SubnetView]) -> Iterator[Band]:
    by_groups: dict[frozenset[str], dict[int, list[AttachedResource]]] = {}
    for column, subnet in subnets.items():
        for resource in subnet.resources:
            by_groups.setdefault(resource.groups, {}).setdefault(column, []).append(resource)
    for groups, cells in by_groups.items():
        for columns in _runs(sorted(cells)):
            yield Band(groups, {column: cells[column] for column in columns})


def _runs(columns: Sequence[int]) -> Iterator[list[int]]:
    """Yield the runs of adjacent columns: 0, 1, 3 is 0 to 1, and 3."""
    for _, run in groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0]):
        yield [column for _, column in run]


def _depth(band: Band, order: Mapping[str, int]) -> int:
    return max((order.get(group, 0) for group in band.groups), default=0)


def _depths(permissions: Iterable[Permission]) -> dict[str, int]:
    """Return the greatest number of groups before each group; a cycle is cut at an arbitrary group."""
    edges = list(permissions)
    depths = {group: 0 for edge in edges for group in (edge.source, edge.target)}
    for _ in depths:  # the longest path without a cycle has no more steps
        for edge in edges:
            depths[edge.target] = min(max(depths[edge.target], depths[edge.source] + 1), len(depths))
    return depths
