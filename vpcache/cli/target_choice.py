"""The options that choose a target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TargetChoice:
    """The options --target and --region as typed, empty if omitted."""

    name: str
    region: str
