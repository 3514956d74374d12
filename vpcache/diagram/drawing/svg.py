"""Shapes to SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from html import escape
from importlib.resources import files

from vpcache.diagram.drawing.shapes import (
    LAYERS,
    Bar,
    Box,
    Card,
    Connector,
    Drawing,
    Frame,
    Mark,
    Pill,
    Shape,
    Text,
)

# each with a size of 28 x 28
_STROKE = '<path class="stroke" d="{}"/>'
_ICONS = {
    "function": _STROKE.format("M9 7.5h2.6l6.3 13H20.5M13 13.2L8.6 20.5"),
    "cache node": '<ellipse class="stroke" cx="14" cy="9.5" rx="6" ry="2.8"/>'
    + _STROKE.format("M8 9.5v9c0 1.6 2.7 2.8 6 2.8s6-1.2 6-2.8v-9M8 14c0 1.6 2.7 2.8 6 2.8s6-1.2 6-2.8"),
    "interface endpoint": _STROKE.format("M7 14h7M14 9.5a4.5 4.5 0 0 1 0 9zM18.5 11.5h3M18.5 16.5h3"),
    "nat": _STROKE.format("M8 20.5v-3.5a4 4 0 0 1 4-4h8M16.5 9.5l3.8 3.5-3.8 3.5"),
    "host": '<circle class="stroke" cx="14" cy="14" r="7"/>'
    + _STROKE.format("M7 14h14M14 7c-4 4-4 10 0 14M14 7c4 4 4 10 0 14"),
    "gateway": _STROKE.format("M10.5 19.5v-11M7 12l3.5-3.5L14 12M17.5 8.5v11M14 16l3.5 3.5L21 16"),
}
_PROBLEM = "M0-4.2v4.8M0 3.9v.2"
_SIGNS = {
    "passed": "M-3.6 .2l2.5 2.6 4.8-5.2",
    "failed": "M-3-3l6 6M3-3l-6 6",
    "opened": "M-4 0h8M0-4v8",
    "closed": "M-4 0h8",
    "moved": "M-4 0h7.5M.5-3.2l3.2 3.2-3.2 3.2",
    "error": _PROBLEM,
    "warning": _PROBLEM,
}  # around (0, 0), within a circle of radius 8


def svg(drawing: Drawing) -> str:
    """Return the drawing as an SVG document that is readable on light and dark pages."""
    style = files(__package__).joinpath("style.css").read_text()
    width, height = round(drawing.width), round(drawing.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(drawing.title)}">',
        f"<title>{escape(drawing.title)}</title>",
        f"<style>\n{style}</style>",
        _rect(Box(0.5, 0.5, width - 1, height - 1), "ground", 10),
        *(
            line
            for layer in LAYERS
            for shape in drawing.shapes
            if isinstance(shape, layer)
            for line in _lines(shape)
        ),
    ]
    return "\n".join([*parts, "</svg>", ""])


@singledispatch
def _lines(shape: Shape) -> Iterator[str]:
    raise TypeError(f"unknown shape {type(shape).__name__}")


@_lines.register
def _frame(frame: Frame) -> Iterator[str]:
    box, css = frame.box, f"frame {frame.style}"
    yield _rect(box, css, 8)
    base = box.y + (16 if frame.style == "band" else 20)
    yield _text(box.x + 12, base, f"label {frame.style}", frame.title)
    if frame.note:
        yield _text(box.right - 12, base, f"{frame.note_style} end", frame.note)


@_lines.register
def _bar(bar: Bar) -> Iterator[str]:
    box = bar.box
    yield _rect(box, "bar", box.height / 2)
    yield _icon("gateway", box.x + 10, box.y, "gateway")
    yield _text(box.x + 40, box.y + 18.5, "label", bar.title)


@_lines.register
def _card(card: Card) -> Iterator[str]:
    box = card.box
    kind, _, colour = card.icon.partition(" ")
    icon = card.icon if card.icon in _ICONS else kind
    css = "-".join(icon.split()) if card.icon in _ICONS else f"{kind} {colour}"
    yield _rect(box, f"card {css}{' new' if card.is_new else ''}", 6)
    top = box.y + (box.height - 28) / 2
    yield f'<rect class="badge {css}" x="{box.x + 8:.1f}" y="{top:.1f}" width="28" height="28" rx="6"/>'
    yield _icon(icon, box.x + 8, top, "on-badge")
    middle = box.y + box.height / 2
    yield _text(box.x + 46, middle + (-2.5 if card.detail else 4.5), "title", card.title)
    if card.detail:
        yield _text(box.x + 46, middle + 13, "detail", card.detail)


@_lines.register
def _pill(pill: Pill) -> Iterator[str]:
    box = pill.box
    if pill.text:
        yield _rect(box, f"pill {pill.style}", box.height / 2)
        shift = 0 if pill.passed is None else 9
        yield _text(box.middle + shift, box.y + box.height / 2 + 4.2, f"on-pill {pill.style}", pill.text)
    if pill.passed is not None:
        x = box.x + (12 if pill.text else box.width / 2)
        yield _sign(x, box.y + box.height / 2, "passed" if pill.passed else "failed")


@_lines.register
def _mark(mark: Mark) -> Iterator[str]:
    yield _sign(mark.x, mark.y, mark.style)


@_lines.register
def _connector(connector: Connector) -> Iterator[str]:
    (x0, y0), *rest = connector.points
    path = f"M{x0:.1f} {y0:.1f}" + "".join(f"L{x:.1f} {y:.1f}" for x, y in rest)
    yield f'<path class="connector {connector.style}" d="{path}"/>'
    if connector.is_arrow:
        (fx, fy), (x, y) = connector.points[-2:]
        dx, dy = (x > fx) - (x < fx), (y > fy) - (y < fy)
        points = [
            (x, y),
            (x - 8 * dx - 5 * dy, y - 8 * dy - 5 * dx),
            (x - 8 * dx + 5 * dy, y - 8 * dy + 5 * dx),
        ]
        corners = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
        yield f'<polygon class="head {connector.style}" points="{corners}"/>'


@_lines.register
def _text_line(line: Text) -> Iterator[str]:
    note = f'<tspan class="faint" dx="9">{escape(line.note)}</tspan>' if line.note else ""
    yield f'<text class="{line.style}" x="{line.x:.1f}" y="{line.y:.1f}">{escape(line.text)}{note}</text>'


def _sign(x: float, y: float, css: str) -> str:
    return (
        f'<g transform="translate({x:.1f} {y:.1f})"><circle class="mark {css}" r="8"/>'
        f'<path class="sign" d="{_SIGNS[css]}"/></g>'
    )


def _icon(name: str, x: float, y: float, css: str) -> str:
    return f'<g class="icon {css}" transform="translate({x:.1f} {y:.1f})">{_ICONS[name]}</g>'


def _rect(box: Box, css: str, radius: float) -> str:
    return (
        f'<rect class="{css}" x="{box.x:.1f}" y="{box.y:.1f}" '
        f'width="{box.width:.1f}" height="{box.height:.1f}" rx="{radius:g}"/>'
    )


def _text(x: float, y: float, css: str, text: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>' if text else ""
