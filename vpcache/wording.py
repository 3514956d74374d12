"""Words of messages that depend on a number."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, which gets an s unless the number is 1: `1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def left(number: int) -> str:
    """Return how many resources are left: `1 resource is left`."""
    return f"{counted(number, 'resource')} {'is' if number == 1 else 'are'} left"
