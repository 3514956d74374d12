"""Who may change a stack: one run at a time on this machine, and, by Terraform's own lock, in the account."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from vpcache.errors import VpcacheError
from vpcache.stack import journal
from vpcache.stack.command_line import typed
from vpcache.stack.state import StateLocation, erase_object, s3_client
from vpcache.stack.target import Target

_AT_WORK = "at work"


@dataclass(frozen=True)
class Holder:
    """Who holds the lock on a state, for what, and since when (ISO 8601)."""

    id: str
    who: str
    operation: str
    since: str

    def __str__(self) -> str:
        return f"{self.who} since {self.since} ({self.operation})"


class LockedError(VpcacheError):
    """Somebody else holds the lock on the state."""

    def __init__(self, target: Target, stack_name: str, holder: Holder) -> None:
        super().__init__(
            f"the state of {stack_name} is locked by {holder}: wait for that run to end, or if it is dead "
            f"`{typed('unlock', target, name=stack_name)}`"
        )


@contextmanager
def exclusive_lock(
    target: Target, location: StateLocation, stack_name: str, notice: Callable[[str], None]
) -> Iterator[int]:
    """Be the only run of this user and machine that changes this stack; waits for another's end.

    Yields a descriptor. A child that inherits it holds the lock for as long as it lives, whatever happens
    to this process. Terraform's lock on the state is taken away if only a dead run of ours can have left
    it; `notice` is told. Raises LockedError if it is somebody else's, VpcacheError if the user's state folder
    (https://specifications.freedesktop.org/basedir-spec/) cannot be written.
    """
    path = _machine_file(target, location)
    waits = f"another run of {stack_name} is at work on this machine: waiting for its end"
    with _held(path, lambda: notice(waits)) as file:
        taken = holder(target, location)
        if taken is not None:
            file.seek(0)
            if (file.read(), taken.who) != (_AT_WORK, journal.who()):
                raise LockedError(target, stack_name, taken)
            notice(f"released the lock of a run that died: {taken}")
            release(target, location)
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), _AT_WORK.encode(), 0)
        yield file.fileno()
        path.unlink()  # not after an error: Terraform may be dead and its lock left


@contextmanager
def _held(path: Path, waiting: Callable[[], None]) -> Iterator[IO[str]]:
    """Hold a file's lock; `waiting` is told if it is taken. Its last holder may have removed the file."""
    while True:
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                yield file
                return


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _machine_file(target: Target, location: StateLocation) -> Path:
    folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "vpcache"
    place = f"{platform.node()} {target.environment.get('AWS_ENDPOINT_URL')} {location.bucket} {location.key}"
    path = folder / f"{hashlib.sha256(place.encode()).hexdigest()[:16]}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise VpcacheError(f"cannot write {path}: {error.strerror}; set XDG_STATE_HOME") from error
    return path


def holder(target: Target, location: StateLocation) -> Holder | None:
    """Return who holds Terraform's lock on the state, None if nobody does."""
    s3 = s3_client(target)
    try:
        info = json.load(s3.get_object(**location.request(_key(location)))["Body"])
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    return Holder(info["ID"], info["Who"], info["Operation"], info["Created"])


@contextmanager
def state_lock(target: Target, location: StateLocation, stack_name: str) -> Iterator[None]:
    """Hold Terraform's lock on the state while something else than Terraform changes the stack.

    The lock is an object as Terraform's `use_lockfile` makes it. Raises LockedError if it is taken.
    """
    from botocore.exceptions import ClientError

    s3 = s3_client(target)
    info = {
        "ID": str(uuid.uuid4()),
        "Operation": "vpcache sweep",
        "Info": "",
        "Who": journal.who(),
        "Version": "",
        "Created": datetime.now(UTC).isoformat(),
        "Path": f"{location.bucket}/{location.key}",
    }
    try:
        s3.put_object(**location.request(_key(location)), Body=json.dumps(info).encode(), IfNoneMatch="*")
    except s3.exceptions.NoSuchBucket:
        yield  # no run can hold a lock, as none has created the bucket of its state
        return
    except ClientError as error:
        taken = holder(target, location)
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412) or taken is None:
            raise
        raise LockedError(target, stack_name, taken) from error
    try:
        yield
    finally:
        release(target, location)


def release(target: Target, location: StateLocation) -> None:
    """Take the lock away, whoever holds it."""
    erase_object(target, location, _key(location))


def _key(location: StateLocation) -> str:
    return f"{location.key}.tflock"
