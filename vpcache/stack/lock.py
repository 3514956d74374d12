"""Locks of a stack: one on this machine, and Terraform's own lock in the account."""

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
from vpcache.stack.command_line import command_for
from vpcache.stack.state import StateLocation, erase_object, s3_client
from vpcache.stack.target import Target

_IN_PROGRESS = "in progress"
"""The content of the lock file during a run. Earlier releases wrote another text, so any text counts."""


@dataclass(frozen=True)
class LockHolder:
    """The holder of the lock on a state: its ID, user, operation and time (ISO 8601)."""

    id: str
    who: str
    operation: str
    since: str

    def __str__(self) -> str:
        return f"{self.who} since {self.since} ({self.operation})"


class LockedError(VpcacheError):
    """Another user or machine holds the lock on the state."""

    def __init__(self, target: Target, stack_name: str, holder: LockHolder) -> None:
        super().__init__(
            f"the state of {stack_name} is locked by {holder}: wait for that run to end; if it has died, run "
            f"`{command_for('unlock', target, name=stack_name)}`"
        )


@contextmanager
def exclusive_lock(
    target: Target, location: StateLocation, stack_name: str, notice: Callable[[str], None]
) -> Iterator[int]:
    """Hold the lock on a stack for this user and machine. Waits while another run holds it.

    Yields a file descriptor. A child process that inherits it holds the lock until it exits, even if this
    process dies. Terraform's lock on the state is released, with a `notice`, if it can only be left by a dead
    run of the same user on this machine. Raises LockedError if another user or machine holds it, VpcacheError
    if the user's state folder (https://specifications.freedesktop.org/basedir-spec/) is not writable.
    """
    path = _machine_file(target, location)
    waiting = f"waiting: another run holds the lock on {stack_name}"
    with _file_lock(path, lambda: notice(waiting)) as file:
        other = holder(target, location)
        if other is not None:
            file.seek(0)
            if not file.read() or other.who != journal.who():
                raise LockedError(target, stack_name, other)
            notice(f"released the lock of a dead run: {other}")
            release(target, location)
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), _IN_PROGRESS.encode(), 0)
        yield file.fileno()
        path.unlink()  # not after an error: Terraform may have been killed without releasing its lock


@contextmanager
def _file_lock(path: Path, on_wait: Callable[[], None]) -> Iterator[IO[str]]:
    """Hold the lock on a file; `on_wait` is called before a wait. The previous holder may delete the file."""
    while True:
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                yield file
                return


def _is_at(path: Path, file: IO[str]) -> bool:
    """Return whether `path` still refers to the open `file`."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def is_held_here(target: Target, location: StateLocation) -> bool:
    """Return whether a process of this user on this machine holds the lock on a stack."""
    try:
        with _machine_path(target, location).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # there is no file
    return False


def user_folder() -> Path:
    """Return the folder of this user's files that outlive a command and belong to no project.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "vpcache"


def _machine_path(target: Target, location: StateLocation) -> Path:
    key = f"{platform.node()} {target.environment.get('AWS_ENDPOINT_URL')} {location.bucket} {location.key}"
    return user_folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.lock"


def _machine_file(target: Target, location: StateLocation) -> Path:
    path = _machine_path(target, location)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise VpcacheError(f"cannot write {path}: {error.strerror}; set XDG_STATE_HOME") from error
    return path


def holder(target: Target, location: StateLocation) -> LockHolder | None:
    """Return the holder of Terraform's lock on the state, None if it is not locked."""
    s3 = s3_client(target)
    try:
        info = json.load(s3.get_object(**location.request(_key(location)))["Body"])
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    return LockHolder(info["ID"], info["Who"], info["Operation"], info["Created"])


@contextmanager
def state_lock(target: Target, location: StateLocation, stack_name: str) -> Iterator[None]:
    """Hold Terraform's lock on the state during a change of the stack without Terraform.

    The lock is the object that Terraform creates with `use_lockfile`. Raises LockedError if it exists.
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
        yield  # no run can hold the lock: the state bucket does not exist yet
        return
    except ClientError as error:
        other = holder(target, location)
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412) or other is None:
            raise
        raise LockedError(target, stack_name, other) from error
    try:
        yield
    finally:
        release(target, location)


def release(target: Target, location: StateLocation) -> None:
    """Release Terraform's lock on the state, regardless of its holder."""
    erase_object(target, location, _key(location))


def _key(location: StateLocation) -> str:
    return f"{location.key}.tflock"
