"""A program in place of Terraform."""

from __future__ import annotations

import stat
import textwrap
from pathlib import Path


def stand_in(folder: Path, body: str) -> Path:
    """Write a shell script that replaces Terraform to `folder`, and return its path."""
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{textwrap.dedent(body)}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program
