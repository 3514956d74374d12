"""Injecting a drill's fault and restoring what it changed, however the drill ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from vpcache.drills.changes import Change
from vpcache.drills.context import DrillContext
from vpcache.drills.faults import DrillFault
from vpcache.drills.record import create, erase, new_id, new_record, stacks_with_record, take_over
from vpcache.errors import VpcacheError
from vpcache.lab.errors import LabError
from vpcache.signals import Deferred
from vpcache.state import StateLocation, state_location
from vpcache.target import Target

Notice = Callable[[str], None]
Pause = Callable[[float], None]


@dataclass(frozen=True)
class Restored:
    """What a restore did: `done` labels, what it left alone, and what failed, each with the reason."""

    done: Sequence[str]
    left: Sequence[str]
    failed: Sequence[str]

    def __str__(self) -> str:
        parts = [
            f"{words} {', '.join(items)}"
            for words, items in (
                ("restored", self.done),
                ("left alone:", self.left),
                ("could not restore", self.failed),
            )
            if items
        ]
        return "; ".join(parts) or "there was nothing to restore"


@contextmanager
def injected(fault: DrillFault, context: DrillContext, seconds: float, notice: Notice) -> Iterator[Pause]:
    """Have a fault in force inside a `with` block of `seconds` at most; yields what waits in there.

    SIGINT, SIGTERM and SIGHUP end the wait, and are raised again after the restore. If this process is killed
    or the restore fails, a record of the changes stays, by which `restore_interrupted_drill` restores them.
    Raises DrillRunningError if the stack has a drill already, VpcacheError if the restore fails.
    """
    target, location = context.target, context.stack.state
    id = new_id()
    changes = fault.changes(context, id)
    record = new_record(id, fault.name, context.zone, seconds, changes)
    with Deferred() as signals:
        create(target, location, context.stack.name, record)
        try:
            for change in changes:
                change.inject(target)
            yield signals.pause
        finally:
            restored = _restore(target, changes)
            if not restored.failed:
                erase(target, location, record)
            if signals.came or restored.left:
                by = f"interrupted by {signals.came[0].name}, " if signals.came else ""
                with suppress(OSError):  # the terminal may be gone
                    notice(f"drill {fault.name}: {by}{restored}")
            if restored.failed:
                raise VpcacheError(
                    f"drill {fault.name}: {restored}; the next command for {context.stack.name} tries again"
                )


def restore_interrupted_drill(target: Target, location: StateLocation, notice: Notice) -> None:
    """Restore what a drill of the stack left that was killed, and say so to `notice` in one line.

    Does nothing if the stack has no such drill, or one that still runs.
    """
    record = take_over(target, location)
    if record is None:
        return
    restored = _restore(target, record.changes)
    if not restored.failed:
        erase(target, location, record)
    notice(f"{record} did not end: {restored}")


def restore_interrupted_drills(target: Target, account: str, name: str, notice: Notice) -> None:
    """Do as `restore_interrupted_drill` for each stack of the account and region, or for the one named."""
    from botocore.exceptions import ClientError

    for stack in stacks_with_record(target, account, name):
        try:
            restore_interrupted_drill(target, state_location(target, account, stack), notice)
        except ClientError as error:  # another stack's, which a role limited to some names may not read
            notice(f"skipped the record of a drill of {stack}: {error}")


def _restore(target: Target, changes: Sequence[Change]) -> Restored:
    """Restore each change, last one first, whatever becomes of the others."""
    from botocore.exceptions import BotoCoreError, ClientError

    done, left, failed = [], [], []
    for change in reversed(changes):
        try:
            reason = change.restore(target)
        except (BotoCoreError, ClientError, LabError, OSError) as error:
            failed.append(f"{change.label}: {error}")
        else:
            if reason:
                left.append(reason)
            elif change.label:
                done.append(change.label)
    return Restored(done, left, failed)
