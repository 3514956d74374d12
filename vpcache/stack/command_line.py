"""Commands that repeat a task for the same target, for messages that say what to do next."""

from __future__ import annotations

from vpcache.program import command
from vpcache.stack.target import DEFAULT_REGION, Target


def typed(task: str, target: Target, **options: str) -> str:
    """Return the command that runs `task` on `target`."""
    where: dict[str, str] = {} if target.is_lab else {"target": target.name}
    if target.region != DEFAULT_REGION:
        where["region"] = target.region
    return command(task, **options, **where)
