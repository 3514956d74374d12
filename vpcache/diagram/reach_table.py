"""The table below a diagram: what a change opens and closes, findings, and the traffic that passes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vpcache.diagram.columns import LABEL
from vpcache.diagram.drawing.shapes import Box, Connector, Frame, Mark, Shape, Text
from vpcache.diagram.drawing.text import text_width, wrapped
from vpcache.lab.prover.traffic import described
from vpcache.reach.comparison import Changed, Comparison, Moved
from vpcache.reach.findings.finding import Severity
from vpcache.reach.rendering.text import cells
from vpcache.reach.report import Report, Row

MOST_ROWS = 20  # in each part of the table; an A4 page shows a diagram and two full parts
_MOST_TEXTS = 6
_LINE, _TITLE, _GAP, _PADDING, _MARK, _ARROW = 19, 26, 12, 14, 24, 20
_TARGETS = 300  # the greatest width of the column, unless one name is longer
_TRAFFIC = 150  # the least width of the column


@dataclass(frozen=True)
class _Line:
    """A row of cells in columns, or of one cell across them; `mark` is the style of the mark before it."""

    cells: tuple[str, ...]
    style: str = "small"
    mark: str = ""


@dataclass(frozen=True)
class _Columns:
    """The columns of the table from `x` to `right`: the ends of flows have the first two widths.

    `indent` is the width of the marks before them.
    """

    x: float
    right: float
    source: float
    target: float
    indent: float

    def cells(self, line: _Line) -> Iterator[tuple[float, list[str]]]:
        """Yield the position and the lines of text of each cell."""
        x = self.x + self.indent
        if len(line.cells) == 1:
            yield x, wrapped(line.cells[0], LABEL, self.right - x)
            return
        source, target, traffic = line.cells
        yield x, [source]
        yield x + self.source, wrapped(target, LABEL, self.target - _GAP)
        x += self.source + self.target
        yield x, wrapped(traffic, LABEL, self.right - x)


@dataclass(frozen=True)
class ReachTable:
    """The part of a report that a diagram shows.

    Names are without `prefixes`, the names of VPCs. `command` prints the rows that are left out.
    """

    report: Report
    prefixes: tuple[str, ...] = ()
    command: str = "reach"

    @property
    def width(self) -> float:
        """The least width of the table."""
        source, target = self._widths()
        return source + target + _TRAFFIC + self._indent + 2 * _PADDING

    def shapes(self, x: float, y: float, width: float) -> tuple[list[Shape], float]:
        """Return the shapes of the table with its upper left corner at (x, y), and its lower edge."""
        columns = _Columns(x + _PADDING, x + width - _PADDING, *self._widths(), self._indent)
        shapes: list[Shape] = []
        bottom = y
        for title, lines in self._parts():
            bottom += _TITLE
            shapes.append(Text(columns.x, bottom, title, "strong"))
            bottom += 6
            for line in lines:
                found, bottom = _shapes(line, columns, bottom)
                shapes += found
        bottom += _PADDING - 2
        return [Frame(Box(x, y, width, bottom - y), "reach"), *shapes], bottom

    @property
    def _indent(self) -> float:
        return _MARK if any(line.mark for _, lines in self._parts() for line in lines) else 0

    def _widths(self) -> tuple[float, float]:
        """Return the widths of the columns of sources and targets."""
        lines = [line for _, lines in self._parts() for line in lines if len(line.cells) > 1]
        source = max((text_width(line.cells[0], LABEL) for line in lines), default=0)
        target = max((text_width(line.cells[1], LABEL) for line in lines), default=0)
        word = max((text_width(word, LABEL) for line in lines for word in line.cells[1].split()), default=0)
        return source + _ARROW + 2 * _GAP, max(min(target, _TARGETS), word) + _GAP

    def _parts(self) -> Iterator[tuple[str, list[_Line]]]:
        report = self.report
        if report.comparison is not None:
            yield "This change", self._capped(self._change(report.comparison), MOST_ROWS)
        severe = [
            each
            for severity in (Severity.ERROR, Severity.WARNING)
            for each in report.findings
            if each.severity is severity
        ]
        if severe:
            found = [_Line((report.named(each.text),), mark=each.severity) for each in severe]
            yield "Findings", self._capped(found, _MOST_TEXTS)
        if report.rows is not None:
            when = " after this change" if report.comparison is not None else ""
            reachable = [_Line(self._cells(row)) for row in report.rows] or [_Line(("nothing passes",))]
            yield f"Traffic that passes{when}", self._capped(reachable, MOST_ROWS)
        if limits := list(self._limits()):
            yield "Not decided", self._capped(limits, _MOST_TEXTS)

    def _change(self, comparison: Comparison) -> list[_Line]:
        found = [
            *self._changed(comparison.opened, "opened"),
            *self._changed(comparison.closed, "closed"),
            *(_Line((_moved(each),), mark="moved") for each in comparison.moved if each.before),
        ]
        return found or [_Line(("no flow and no egress address changes",))]

    def _changed(self, changes: Sequence[Changed], style: str) -> Iterator[_Line]:
        for each in changes:
            ends = self._short(each.source), self._short(each.target)
            yield _Line((*ends, described(each.packets)), f"small {style}", style)

    def _limits(self) -> Iterator[_Line]:
        for address, kind in self.report.unmodeled.items():
            yield _Line((f"{address} ({kind}) is not in the model, and may carry more traffic",), "faint")
        for sentence in self.report.undecided:
            yield _Line((sentence,), "faint")

    def _cells(self, row: Row) -> tuple[str, ...]:
        source, target, traffic = cells(row)
        return self._short(source), self._short(target), traffic

    def _short(self, name: str) -> str:
        for prefix in self.prefixes:
            name = name.removeprefix(f"{prefix}-")
        return name

    def _capped(self, lines: Sequence[_Line], most: int) -> list[_Line]:
        if len(lines) <= most:
            return list(lines)
        return [*lines[: most - 1], _Line((f"and {len(lines) - most + 1} more: {self.command}",), "faint")]


def _moved(each: Moved) -> str:
    return f"{each.zone} leaves by {each.after or 'no address'} instead of {each.before}"


def _shapes(line: _Line, columns: _Columns, top: float) -> tuple[list[Shape], float]:
    """Return the shapes of a line, and its lower edge: long texts take several lines."""
    shapes: list[Shape] = []
    middle = top + _LINE - 9
    if line.mark:
        shapes.append(Mark(columns.x + 9, middle, line.mark))
    if len(line.cells) > 1:
        x = columns.x + columns.indent + columns.source - _GAP
        style = f"flow {line.mark}".strip()
        shapes.append(Connector([(x - _ARROW, middle), (x, middle)], style, is_arrow=True))
    bottom = top
    for x, texts in columns.cells(line):
        for number, text in enumerate(texts):
            shapes.append(Text(x, top + _LINE * (number + 1) - 5, text, line.style))
        bottom = max(bottom, top + _LINE * len(texts))
    return shapes, bottom
