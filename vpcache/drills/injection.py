"""Injection of a drill's fault, and the restore of its changes, however the drill ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from vpcache.drills.changes import DrillChange
from vpcache.drills.context import DrillContext
from vpcache.drills.faults import DrillFault
from vpcache.drills.record import (
    RecordedDrill,
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
_ATTEMPTS = 4  # of a restore, while the target does not respond


@dataclass(frozen=True)
class Injection:
    """A fault, active since `began` (`time.perf_counter`). `pause` waits some seconds, or for a signal."""

    began: float
    pause: Callable[[float], None]


@dataclass(frozen=True)
class RestoreResult:
    """The result of a restore: labels of restored changes, and skipped and failed ones with the reason."""

    restored: Sequence[str]
    skipped: Sequence[str]
    failed: Sequence[str]

    def __str__(self) -> str:
        parts = [
            f"{status} {', '.join(items)}"
            for status, items in (
                ("restored", self.restored),
                ("skipped:", self.skipped),
                ("could not restore", self.failed),
            )
            if items
        ]
        return "; ".join(parts) or "there was nothing to restore"


@contextmanager
def injected(fault: DrillFault, context: DrillContext, seconds: float, notice: Notice) -> Iterator[Injection]:
    """Inject a fault for a `with` block of at most `seconds`.

    SIGINT, SIGTERM and SIGHUP end the wait, and are raised again after the restore. If this process is killed
    or the restore fails, the record of the changes remains, for `restore_interrupted_drill`. Raises
    DrillRunningError if the stack has a drill already, VpcacheError if the restore fails.
    """
    target, location = context.target, context.stack.state
    restore_interrupted_drill(target, location, notice)
    record = new_record(fault.name, context.zone if fault.has_zone else "", seconds)
    changes: Sequence[DrillChange] = ()
    with Deferred() as signals:
        create(target, location, context.stack.name, record)
        try:
            changes = fault.changes(context, record.id)  # after the record, which locks out other drills
            update(target, location, replace(record, changes=tuple(changes)))
            began = time.perf_counter()
            for change in changes:
                change.inject(target)
            yield Injection(began, signals.pause)
        finally:
            result = _restore(target, changes)
            _close(target, location, replace(record, changes=tuple(changes)), result)
            if signals.received or result.skipped:
                by = f"interrupted by {signals.received[0].name}, " if signals.received else ""
                with suppress(OSError):  # the terminal may be closed
                    notice(f"drill {fault.name}: {by}{result}")
            if result.failed:
                raise VpcacheError(
                    f"drill {fault.name}: {result}; the next command for {context.stack.name} tries again"
                )


def restore_interrupted_drill(target: Target, location: StateLocation, notice: Notice) -> None:
    """Restore the changes of a drill of the stack that was killed, and report it to `notice` in one line.

    Does nothing if the stack has no drill, if its drill is running, or if these credentials have no access to
    its record. S3 also denies access to a missing record unless they may list the bucket.
    """
    with suppress(_DeniedError):
        _restore_recorded(target, location, notice)


def restore_interrupted_drills(target: Target, account: str, name: str, notice: Notice) -> None:
    """Call `restore_interrupted_drill` for each stack of the account and region, or for the one named."""
    for stack in stacks_with_record(target, account, name):
        try:
            _restore_recorded(target, state_location(target, account, stack), notice)
        except _DeniedError as error:  # the role is limited to other stack names
            notice(f"skipped the record of a drill of {stack}: {error}")


class _DeniedError(Exception):
    """The credentials have no access to a record."""


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
    result = _restore(target, record.changes)
    _close(target, location, record, result)
    notice(f"{record} was interrupted: {result}")


def _close(target: Target, location: StateLocation, record: RecordedDrill, result: RestoreResult) -> None:
    """Delete a drill's record or, if the restore failed, release it for the next attempt."""
    if result.failed:
        update(target, location, replace(record, has_ended=True))
    else:
        erase(target, location, record)


def _restore(target: Target, changes: Sequence[DrillChange]) -> RestoreResult:
    """Restore each change in reverse order, even if others fail."""
    from botocore.exceptions import ClientError

    restored, skipped, failed = [], [], []
    for change in reversed(changes):
        try:
            reason = _with_retry(change.restore, target)
        except (*_unreachable(), ClientError) as error:
            failed.append(f"{change.label}: {error}")
        else:
            if reason:
                skipped.append(reason)
            elif change.label:
                restored.append(change.label)
    return RestoreResult(restored, skipped, failed)


def _with_retry(restore: Callable[[Target], str | None], target: Target) -> str | None:
    """Restore; retry if the target does not respond, e.g. a busy lab."""
    for _ in range(_ATTEMPTS - 1):
        with suppress(*_unreachable()):
            return restore(target)
        time.sleep(1)
    return restore(target)


def _unreachable() -> tuple[type[Exception], ...]:
    """Return the exceptions of a target that does not respond. botocore is imported only when needed."""
    from botocore.exceptions import BotoCoreError

    return BotoCoreError, LabError, OSError
