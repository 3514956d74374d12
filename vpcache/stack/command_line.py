"""Command lines for messages that name the next step."""

from __future__ import annotations

import os

from vpcache.program import command
from vpcache.stack.target import DEFAULT_REGION, LAB, Target


def command_for(task: str, target: Target, **options: str) -> str:
    """Return the command that runs `task` on `target`, also if the user's variables name another target."""
    target_options: dict[str, str] = {}
    if not target.is_lab or os.environ.get("VPCACHE_TARGET", LAB) not in ("", LAB):
        target_options["target"] = target.name
    if not target.is_lab or target.region != DEFAULT_REGION:
        target_options["region"] = target.region
    return command(task, **options, **target_options)
