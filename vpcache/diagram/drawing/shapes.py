"""What is drawn, with places: all lengths in pixels, y downwards."""

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
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Halfway from left to right."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Frame:
    """A rectangle around others: `style` is what of (zone, public, band, ...), `title` left, `note` right."""

    box: Box
    style: str
    title: str = ""
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """The internet gateway, which lies across all zones."""

    box: Box
    title: str


@dataclass(frozen=True)
class Card:
    """A thing with an icon: a function, a cache node, a gateway."""

    box: Box
    icon: str
    title: str
    detail: str = ""


@dataclass(frozen=True)
class Pill:
    """A few words on a line or beside a thing; `passed` says how a probe of it ended, if one was made."""

    box: Box
    style: str
    text: str
    passed: bool | None = None


@dataclass(frozen=True)
class Wire:
    """A line through points, with a head at its end if `is_arrow`."""

    points: Sequence[tuple[float, float]]
    style: str
    is_arrow: bool = False


@dataclass(frozen=True)
class Words:
    """A line of text and a fainter `note` behind it; `y` is its base line."""

    x: float
    y: float
    text: str
    style: str = ""
    note: str = ""


Shape = Frame | Wire | Words | Bar | Card | Pill
LAYERS = (Frame, Wire, Words, Bar, Card, Pill)  # later ones are painted over earlier ones


@dataclass(frozen=True)
class Drawing:
    """A picture; within a layer shapes are painted in their order."""

    width: float
    height: float
    title: str
    shapes: Sequence[Shape]
