"""Injecting a drill's fault and restoring what it changed, however the drill ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from vpcache.drills.changes import Change
from vpcache.drills.context import DrillContext
from vpcache.drills.faults import DrillFault
from vpcache.drills.record import (
    DrillRecord,
    create,
    erase,
    new_record,
    stacks_with_record,
    take_over,
    update,
)
from vpcache.errors import VpcacheError
from vpcache.lab.errors import LabError
from vpcache.stack.state import StateLocation, state_location
from vpcache.stack.target import Target
from vpcache.terraform.signals import Deferred

Notice = Callable[[str], None]
_TRIES = 4  # of a restore, while the target does not answer


@dataclass(frozen=True)
class Injection:
    """A fault in force since `began` (`time.perf_counter`). `pause` waits some seconds, or for a signal."""

    began: float
    pause: Callable[[float], None]


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
def injected(fault: DrillFault, context: DrillContext, seconds: float, notice: Notice) -> Iterator[Injection]:
    """Have a fault in force inside a `with` block of `seconds` at most.

    SIGINT, SIGTERM and SIGHUP end the wait, and are raised again after the restore. If this process is killed
    or the restore fails, a record of the changes stays, by which `restore_interrupted_drill` restores them.
    Raises DrillRunningError if the stack has a drill already, VpcacheError if the restore fails.
    """
    target, location = context.target, context.stack.state
    restore_interrupted_drill(target, location, notice)
    record = new_record(fault.name, context.zone, seconds)
    changes: Sequence[Change] = ()
    with Deferred() as signals:
        create(target, location, context.stack.name, record)
        try:
            changes = fault.changes(context, record.id)  # as the record keeps other drills away by now
            update(target, location, replace(record, changes=tuple(changes)))
            began = time.perf_counter()
            for change in changes:
                change.inject(target)
            yield Injection(began, signals.pause)
        finally:
            restored = _restore(target, changes)
            _close(target, location, replace(record, changes=tuple(changes)), restored)
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

    Does nothing if the stack has no such drill, one that still runs, or one whose record these credentials
    may not read: S3 denies access to a record that does not exist, too, unless they may list the bucket.
    """
    with suppress(_DeniedError):
        _restore_recorded(target, location, notice)


def restore_interrupted_drills(target: Target, account: str, name: str, notice: Notice) -> None:
    """Do as `restore_interrupted_drill` for each stack of the account and region, or for the one named."""
    for stack in stacks_with_record(target, account, name):
        try:
            _restore_recorded(target, state_location(target, account, stack), notice)
        except _DeniedError as error:  # of a role that is limited to other names
            notice(f"skipped the record of a drill of {stack}: {error}")


class _DeniedError(Exception):
    """The credentials may not read a record."""


def _restore_recorded(target: Target, location: StateLocation, notice: Notice) -> None:
    from botocore.exceptions import ClientError

    try:
        record = take_over(target, location)
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDenied":
            raise _DeniedError(str(error)) from error
        raise
    if record is None:
        return
    restored = _restore(target, record.changes)
    _close(target, location, record, restored)
    notice(f"{record} did not end: {restored}")


def _close(target: Target, location: StateLocation, record: DrillRecord, restored: Restored) -> None:
    """Erase a drill's record or, if the restore failed, leave it to whoever tries next."""
    if restored.failed:
        update(target, location, replace(record, has_ended=True))
    else:
        erase(target, location, record)


def _restore(target: Target, changes: Sequence[Change]) -> Restored:
    """Restore each change, last one first, whatever becomes of the others."""
    from botocore.exceptions import ClientError

    done, left, failed = [], [], []
    for change in reversed(changes):
        try:
            reason = _reached(change.restore, target)
        except (*_unreachable(), ClientError) as error:
            failed.append(f"{change.label}: {error}")
        else:
            if reason:
                left.append(reason)
            elif change.label:
                done.append(change.label)
    return Restored(done, left, failed)


def _reached(restore: Callable[[Target], str | None], target: Target) -> str | None:
    """Restore, again if the target does not answer: a busy lab, or a network that is down for a moment."""
    for _ in range(_TRIES - 1):
        with suppress(*_unreachable()):
            return restore(target)
        time.sleep(1)
    return restore(target)


def _unreachable() -> tuple[type[Exception], ...]:
    """Return what a target raises that does not answer; botocore is not imported before it is needed."""
    from botocore.exceptions import BotoCoreError

    return BotoCoreError, LabError, OSError
