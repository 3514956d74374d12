"""Command lines for messages that name the next step."""

from __future__ import annotations

from vpcache.program import command
from vpcache.stack.target import DEFAULT_REGION, Target


def command_for(task: str, target: Target, **options: str) -> str:
    """Return the command that runs `task` on `target`."""
    target_options: dict[str, str] = {} if target.is_lab else {"target": target.name}
    if target.region != DEFAULT_REGION:
        target_options["region"] = target.region
    return command(task, **options, **target_options)
