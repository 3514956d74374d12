"""Resources of a stack that are not in its state: which to delete after an interrupted run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vpcache.stack.leftovers import Leftover
from vpcache.stack.state_history import Names, Version

Mark = tuple[str, str, str]
"""A type, an ID, and the creation time (ISO 8601, UTC), empty if the service does not report it."""


@dataclass(frozen=True)
class Kept:
    """A resource outside the state that is not deleted, and the reason."""

    item: Leftover
    reason: str

    def __str__(self) -> str:
        return f"{self.item}: {self.reason}"


@dataclass(frozen=True)
class Outside:
    """The resources of a stack that are not in its state: the interrupted run created those in `remove`."""

    remove: tuple[Leftover, ...] = ()
    keep: tuple[Kept, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether all resources are in the state."""
        return not (self.remove or self.keep)


@dataclass(frozen=True)
class InterruptedRun:
    """An interrupted run: its start, and the marks of the resources that had the stack's tag at that time.

    `existing` is None if the marks were not recorded.
    """

    since: datetime
    existing: frozenset[Mark] | None


def mark(item: Leftover) -> Mark:
    """Return a mark that distinguishes a resource from an earlier one with the same name."""
    return item.kind, item.id, item.created.astimezone(UTC).isoformat() if item.created else ""


def unknown_to(names: Names, left: Iterable[Leftover]) -> list[Leftover]:
    """Return the items of which neither they nor their owners are in a state with the resources `names`."""
    return [item for item in left if not (item.names | item.owners) & names]


def outside(unknown: Iterable[Leftover], run: InterruptedRun, versions: Sequence[Version] | None) -> Outside:
    """Separate the resources that the run created from all others.

    `versions` are those of the state since the run began, and the last one before it. They are None if they
    cannot be read.
    """
    remove, keep = [], []
    for item in unknown:
        reason = _reason_to_keep(item, run, versions)
        if reason:
            keep.append(Kept(item, reason))
        else:
            remove.append(item)
    return Outside(tuple(remove), tuple(keep))


def _reason_to_keep(item: Leftover, run: InterruptedRun, versions: Sequence[Version] | None) -> str:
    if not item.is_tagged:
        return "does not have the stack's tag"
    is_older = item.created is not None and item.created < run.since
    if is_older or mark(item) in (run.existing or ()):
        return f"existed before the interrupted run, which began {run.since.isoformat(' ', 'seconds')}"
    if item.created is None and run.existing is None:
        return "the journal does not record whether it existed before the interrupted run"
    if versions is None:
        return "the earlier versions of the state cannot be read"
    # a name can be reused: a version older than this resource refers to a previous resource of that name
    if any(
        item.names & version.names
        for version in versions
        if item.created is None or version.written >= item.created
    ):
        return "was removed from the state"
    return ""
