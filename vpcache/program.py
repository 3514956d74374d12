"""The command that runs tasks: `./inv` in a clone, `vpcache` with an installed package."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

CLONE = "./inv"


def program() -> str:
    """Return the command with which this user runs tasks.

    A clone has the script `inv` beside `tasks.py`, and Invoke itself needs a `tasks.py`. The script runs the
    module vpcache.cli.program.
    """
    is_clone = Path("inv").is_file() and Path("tasks.py").is_file()
    is_invoke = {"invoke", "program.py"} & set(Path(sys.argv[0]).parts[-2:])
    return CLONE if is_clone or is_invoke else "vpcache"


def command(task: str, *arguments: str, **options: str) -> str:
    """Return a complete command for messages, e.g. `./inv sweep --name vpcache-dev`."""
    words = [word for option, value in options.items() for word in (f"--{option}", value)]
    return shlex.join([program(), task, *arguments, *words])


def typed() -> str:
    """Return the complete command that this user typed, e.g. `./inv apply --env dev`."""
    words = sys.argv[1:]
    if words[:1] == ["--search-root"]:  # ./inv adds it
        del words[:2]
    return shlex.join([program(), *words])
