"""Errors of bodies."""

from __future__ import annotations

BodyError = tuple[int, str, str]
"""Status, code and message of an error."""
