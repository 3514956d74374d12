"""The record of a running drill: its process, and the changes to restore if it is interrupted.

It is stored beside the stack's state, so that any machine finds it, and exists only while the fault is
active. Its creation is also the lock against a second drill of the stack.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vpcache.drills.changes import DrillChange, as_json, change_from
from vpcache.errors import VpcacheError
from vpcache.stack import journal
from vpcache.stack.resource_types import pages
from vpcache.stack.state import StateLocation, s3_client, state_bucket
from vpcache.stack.target import Target

_FILE = "drill.json"
_GRACE = timedelta(minutes=2)  # after a drill's planned end: for the restore, and for clock skew


@dataclass(frozen=True)
class DrillHolder:
    """The process that runs a drill: its user (user@host), machine or container, and start time."""

    who: str
    machine: str
    pid: int
    started: str

    def is_alive(self) -> bool | None:
        """Return whether the process still runs, None if it runs on another machine."""
        return start_of(self.pid) == self.started if self.machine == _machine() else None


def this_process() -> DrillHolder:
    """Return this process as a holder."""
    return DrillHolder(journal.who(), _machine(), os.getpid(), start_of(os.getpid()) or "")


@dataclass(frozen=True)
class RecordedDrill:
    """A drill whose fault is active from `since` to `until` at most (ISO 8601, UTC), with its changes."""

    id: str
    fault: str
    zone: str
    holder: DrillHolder
    since: str
    until: str
    changes: tuple[DrillChange, ...]
    has_ended: bool = False  # its restore failed, though its process may still run

    def __str__(self) -> str:
        where = f" in {self.zone}" if self.zone else ""
        return f"drill {self.fault}{where} by {self.holder.who} since {self.since}"

    def is_running(self, now: datetime) -> bool:
        """Return whether the drill's process is alive or, on another machine, its planned end is not over."""
        if self.has_ended:
            return False
        alive = self.holder.is_alive()
        return now < datetime.fromisoformat(self.until) + _GRACE if alive is None else alive


class DrillRunningError(VpcacheError):
    """Another drill of the stack is running."""

    def __init__(self, stack_name: str, record: RecordedDrill) -> None:
        super().__init__(
            f"{record} is in progress on {stack_name} (process {record.holder.pid}, until {record.until} at "
            "most): wait for its end, or interrupt it"
        )


def new_record(fault: str, zone: str, seconds: float, changes: Sequence[DrillChange] = ()) -> RecordedDrill:
    """Return the record of a drill of this process that begins now and lasts `seconds`."""
    now = datetime.now(UTC)
    since, until = (time.isoformat("T", "seconds") for time in (now, now + timedelta(seconds=seconds)))
    return RecordedDrill(uuid.uuid4().hex[:12], fault, zone, this_process(), since, until, tuple(changes))


def create(target: Target, location: StateLocation, stack_name: str, record: RecordedDrill) -> None:
    """Write the record. Raises DrillRunningError if the stack has one already."""
    s3 = s3_client(target)
    try:
        s3.put_object(**_object(location), Body=_text(record), IfNoneMatch="*")
    except s3.exceptions.ClientError as error:
        stored = _read(s3, _object(location)) if _is_conflict(error) else None
        if stored is None:
            raise
        if stored[0].id != record.id:  # otherwise a retry found the record of the first attempt
            raise DrillRunningError(stack_name, stored[0]) from error


def update(target: Target, location: StateLocation, record: RecordedDrill) -> None:
    """Overwrite the record, which must belong to this process."""
    s3_client(target).put_object(**_object(location), Body=_text(record))


def read(target: Target, location: StateLocation) -> RecordedDrill | None:
    """Return the record of the stack's drill, None if it has none."""
    stored = _read(s3_client(target), _object(location))
    return stored[0] if stored else None


def take_over(target: Target, location: StateLocation) -> RecordedDrill | None:
    """Return the record of a drill that died, with this process as its holder; None if there is none.

    Of several concurrent processes only one gets it, by a conditional write
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
    """
    s3 = s3_client(target)
    stored = _read(s3, _object(location))
    if stored is None or stored[0].is_running(datetime.now(UTC)):
        return None
    record, etag = stored
    try:
        mine = replace(record, holder=replace(this_process(), who=record.holder.who), has_ended=False)
        s3.put_object(**_object(location), Body=_text(mine), IfMatch=etag)
    except s3.exceptions.ClientError as error:
        if _is_conflict(error) or error.response["Error"]["Code"] == "NoSuchKey":  # deleted since
            return None
        raise
    return mine


def erase(target: Target, location: StateLocation, record: RecordedDrill) -> None:
    """Delete the record after the restore, unless it belongs to another drill."""
    s3 = s3_client(target)
    stored = _read(s3, _object(location))
    if stored and stored[0].id == record.id:
        s3.delete_object(**_object(location))


def stacks_with_record(target: Target, account: str, name: str = "") -> Iterator[str]:
    """Yield the names of the stacks in the target's region that have a record, or only `name`."""
    s3 = s3_client(target)
    bucket = {"Bucket": state_bucket(account, target.region), "ExpectedBucketOwner": account}
    prefix = f"{name}/" if name else ""
    try:
        for item in pages(s3, "list_objects_v2", "Contents", **bucket, Prefix=prefix):
            stack, _, file = item["Key"].rpartition("/")
            if file == _FILE:
                yield stack
    except s3.exceptions.NoSuchBucket:
        return


def _object(location: StateLocation) -> dict[str, str]:
    return location.request(f"{location.key.rpartition('/')[0]}/{_FILE}")


def _read(s3: Any, where: dict[str, str]) -> tuple[RecordedDrill, str] | None:
    """Return the record and its ETag."""
    try:
        answer = s3.get_object(**where)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    values = json.load(answer["Body"])
    holder = DrillHolder(**values["holder"])
    changes = tuple(change_from(change) for change in values["changes"])
    return RecordedDrill(**values | {"holder": holder, "changes": changes}), answer["ETag"]


def _text(record: RecordedDrill) -> bytes:
    values = {**vars(record), "holder": asdict(record.holder)}
    return json.dumps(values | {"changes": [as_json(change) for change in record.changes]}).encode()


def _is_conflict(error: Any) -> bool:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412)


def _machine() -> str:
    """Return the name of the machine, with the PID namespace on Linux, which differs between containers."""
    namespace = Path("/proc/self/ns/pid")
    return f"{platform.node()} {namespace.readlink()}" if namespace.exists() else platform.node()


def start_of(pid: int) -> str | None:
    """Return the start time of a process of this machine, in an opaque form; None if it does not run."""
    if not Path("/proc/self/stat").exists():
        words = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        return " ".join(words[1:]) if words and not words[0].startswith("Z") else None
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # from the third on, see proc_pid_stat(5)
    return None if fields[0] in "ZX" else fields[19]
