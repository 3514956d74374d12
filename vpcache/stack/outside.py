"""What an interrupted run left outside its stack's state: what may be deleted, and what is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from vpcache.stack.leftovers import Leftover
from vpcache.stack.state_history import Names, Version

Mark = tuple[str, str, str]
"""A kind, an id, and when the resource was created (ISO 8601, UTC), empty if its service does not say."""


@dataclass(frozen=True)
class Kept:
    """A resource outside the state that is not deleted, and why."""

    item: Leftover
    reason: str

    def __str__(self) -> str:
        return f"{self.item}: {self.reason}"


@dataclass(frozen=True)
class Outside:
    """What of a stack its state does not know: `remove` was made by the interrupted run, `keep` was not."""

    remove: tuple[Leftover, ...] = ()
    keep: tuple[Kept, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the state knows all there is."""
        return not (self.remove or self.keep)


@dataclass(frozen=True)
class Run:
    """The interrupted run: when it began, and the marks of what bore the stack's tag by then, None if these
    were not recorded."""

    since: datetime
    existing: frozenset[Mark] | None


def mark(item: Leftover) -> Mark:
    """Return what tells a resource from an earlier one of its name."""
    return item.kind, item.id, item.created.astimezone(UTC).isoformat() if item.created else ""


def unknown_to(names: Names, left: Iterable[Leftover]) -> list[Leftover]:
    """Return what a state with these resources does not know: neither it nor what it comes and goes with."""
    return [item for item in left if not (item.names | item.owners) & names]


def outside(unknown: Iterable[Leftover], run: Run, versions: Sequence[Version] | None) -> Outside:
    """Tell what the run made from all else. `versions` are those of the state since the run began, and the
    last one before; None if they cannot be read.
    """
    remove, keep = [], []
    for item in unknown:
        reason = _reason_to_keep(item, run, versions)
        if reason:
            keep.append(Kept(item, reason))
        else:
            remove.append(item)
    return Outside(tuple(remove), tuple(keep))


def _reason_to_keep(item: Leftover, run: Run, versions: Sequence[Version] | None) -> str:
    if not item.is_tagged:
        return "bears no tag of the stack"
    is_older = item.created is not None and item.created < run.since
    if is_older or mark(item) in (run.existing or ()):
        return f"existed before the interrupted run, which began {run.since.isoformat(' ', 'seconds')}"
    if item.created is None and run.existing is None:
        return "the journal does not say whether it existed before the interrupted run"
    if versions is None:
        return "the state's earlier versions cannot be read"
    # a name can be used again: what an older state knew was another resource if this one is younger
    if any(
        item.names & version.names
        for version in versions
        if item.created is None or version.written >= item.created
    ):
        return "was taken out of the state"
    return ""
