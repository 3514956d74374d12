"""Shapes with positions. Lengths are in pixels, y points downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Frame:
    """A rectangle around others, with `title` on the left and `note` on the right."""

    box: Box
    style: str
    title: str = ""
    note: str = ""
    note_style: str = "note"


@dataclass(frozen=True)
class Bar:
    """The internet gateway, across all zones."""

    box: Box
    title: str


@dataclass(frozen=True)
class Card:
    """A resource with an icon: a function, a cache node, a gateway."""

    box: Box
    icon: str
    title: str
    detail: str = ""
    is_new: bool = False


@dataclass(frozen=True)
class Pill:
    """A label on a line or beside a resource; `passed` is the result of its probe, if one ran."""

    box: Box
    style: str
    text: str
    passed: bool | None = None


@dataclass(frozen=True)
class Mark:
    """A sign in a circle around (x, y); `style` names what it says: passed, failed, opened, closed, ..."""

    x: float
    y: float
    style: str


@dataclass(frozen=True)
class Connector:
    """A line through points, with an arrow head at its end if `is_arrow`."""

    points: Sequence[tuple[float, float]]
    style: str
    is_arrow: bool = False


@dataclass(frozen=True)
class Text:
    """A line of text with a fainter `note` after it; `y` is the base line."""

    x: float
    y: float
    text: str
    style: str = ""
    note: str = ""


Shape = Frame | Connector | Text | Bar | Card | Pill | Mark
LAYERS = (Frame, Connector, Text, Bar, Card, Pill, Mark)  # later ones are painted over earlier ones


@dataclass(frozen=True)
class Drawing:
    """A drawing; within a layer, shapes are painted in their order."""

    width: float
    height: float
    title: str
    shapes: Sequence[Shape]
