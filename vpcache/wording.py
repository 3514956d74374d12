"""Words of messages that depend on a number or on the current folder."""

from __future__ import annotations

import os
from pathlib import Path


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which gets an s unless the number is 1: `1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def shown(path: Path) -> str:
    """Return a path for messages: relative to the current folder if it is in it."""
    is_below = path.absolute().is_relative_to(Path.cwd())
    return os.path.relpath(path) if is_below else str(path)


def left(number: int) -> str:
    """Return how many resources are left: `1 resource is left`."""
    return f"{counted(number, 'resource')} {'is' if number == 1 else 'are'} left"
