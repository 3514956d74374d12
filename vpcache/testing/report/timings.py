"""The time that Terraform took for each resource, from its machine-readable events. Pure.

Events are those of https://developer.hashicorp.com/terraform/internals/machine-readable-ui.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_CHANGES = ("create", "update", "delete")


@dataclass(frozen=True)
class Timing:
    """The change of one resource: `begin` in seconds since the first change began, `seconds` its duration.

    A change `has_failed` if Terraform reports an error, or if it did not end.
    """

    address: str
    action: str
    begin: float
    seconds: float
    has_failed: bool = False

    @property
    def end(self) -> float:
        """The end of the change, in seconds since the first change began."""
        return self.begin + self.seconds


def timings(events: Iterable[Mapping[str, Any]]) -> list[Timing]:
    """Return the timings of all changes, in the order in which the changes began.

    A change that has not ended at the last event counts as failed, and its duration ends at that event.
    """
    begun: dict[tuple[str, str], datetime] = {}
    ended: dict[tuple[str, str], tuple[datetime, bool]] = {}
    last = None
    for event in events:
        if "@timestamp" not in event:
            continue
        last = datetime.fromisoformat(event["@timestamp"])
        hook = event.get("hook") or {}
        if hook.get("action") not in _CHANGES:
            continue
        change = (hook["resource"]["addr"], hook["action"])
        if event["type"] == "apply_start":
            begun[change] = last
        elif event["type"] in ("apply_complete", "apply_errored") and change in begun:
            ended[change] = (last, event["type"] == "apply_errored")
    if last is None or not begun:
        return []
    first = min(begun.values())
    found = []
    for change, begin in begun.items():
        end, has_failed = ended.get(change, (last, True))
        seconds = (end - begin).total_seconds()
        found.append(Timing(*change, (begin - first).total_seconds(), seconds, has_failed))
    return sorted(found, key=lambda timing: (timing.begin, timing.address))
