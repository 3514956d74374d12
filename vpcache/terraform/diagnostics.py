"""Terraform's errors and warnings as one line with the resource, the file and the line. Pure.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui#diagnostic
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def message(diagnostic: Mapping[str, Any], folder: Path) -> str:
    """Return summary, detail, address and file:line of a diagnostic. Files are relative to `folder`."""
    text = " ".join(f"{diagnostic['summary']}: {diagnostic.get('detail', '')}".split()).rstrip(": ")
    places = [diagnostic.get("address"), _position(diagnostic.get("range"), folder)]
    where = ", ".join(place for place in places if place)
    return f"{text} ({where})" if where else text


def warning(event: Mapping[str, Any], folder: Path) -> str | None:
    """Return the warning in an event of a `-json` command, None if it is another type of event."""
    diagnostic = event.get("diagnostic") or {}
    if event.get("type") != "diagnostic" or diagnostic.get("severity") != "warning":
        return None
    return f"Terraform warns: {message(diagnostic, folder)}"


def _position(span: Mapping[str, Any] | None, folder: Path) -> str:
    """Return file:line of a range, with the file as seen from the current folder if it is below it."""
    if not span or not span.get("filename"):
        return ""
    file = os.path.normpath(folder / span["filename"])
    below = os.path.relpath(file)
    return f"{file if below.startswith(os.pardir) else below}:{span['start']['line']}"
