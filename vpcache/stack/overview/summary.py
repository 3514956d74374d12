"""The condition of a stack, from its state and its journal entry. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vpcache.stack import journal
from vpcache.stack.journal import JournalEntry


class Condition(StrEnum):
    """The condition of a stack. An `empty` stack has a state without resources and no journal entry."""

    APPLIED = "applied"
    APPLYING = "applying"
    DESTROYING = "destroying"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    EMPTY = "empty"


@dataclass(frozen=True)
class StackSummary:
    """A stack in a region. `environment` and `applied` (ISO 8601, UTC) are empty if they are not recorded.

    `applied` is the end of the last successful apply, `who` the user of the last run.
    """

    name: str
    environment: str
    region: str
    condition: Condition
    applied: str
    who: str
    is_protected: bool
    is_temporary: bool

    def age(self, now: datetime) -> timedelta | None:
        """Return the time since the last successful apply, None if none is recorded."""
        return now - datetime.fromisoformat(self.applied) if self.applied else None


def summary(
    name: str, region: str, entry: JournalEntry | None, *, has_resources: bool, is_running: bool
) -> StackSummary:
    """Return the summary of a stack. `is_running` is whether a run holds the lock on it."""
    return StackSummary(
        name=name,
        environment=entry.environment if entry else "",
        region=region,
        condition=_condition(entry, has_resources=has_resources, is_running=is_running),
        applied=entry.last_applied if entry else "",
        who=entry.who if entry else "",
        is_protected=entry is not None and entry.protected,
        is_temporary=entry is not None and entry.temporary,
    )


def _condition(entry: JournalEntry | None, *, has_resources: bool, is_running: bool) -> Condition:
    if entry is None:  # after a destroy, or the entry is invalid
        return Condition.APPLIED if has_resources else Condition.EMPTY
    if not entry.is_interrupted:
        return Condition.APPLIED if entry.phase == journal.APPLIED else Condition.FAILED
    if not is_running:
        return Condition.INTERRUPTED
    return Condition.APPLYING if entry.phase == journal.APPLYING else Condition.DESTROYING


def age_text(age: timedelta) -> str:
    """Return a duration in minutes, hours or days."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 60 // 24} days"
