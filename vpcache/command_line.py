"""Commands as the user types them, for messages that say what to do next."""

from __future__ import annotations

import shlex

from vpcache.stack.target import DEFAULT_REGION, Target


def typed(task: str, target: Target, **options: str) -> str:
    """Return a task as the user types it for a target."""
    where = {} if target.is_lab else {"target": target.name}
    if target.region != DEFAULT_REGION:
        where["region"] = target.region
    words = [word for option, value in (options | where).items() for word in (f"--{option}", value)]
    return shlex.join(["./inv", task, *words])
