"""Records of kept stacks, in the user's state folder, so that any later process finds them.

The folder follows https://specifications.freedesktop.org/basedir-spec/. A record is of one machine or
container.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from vpcache.drills.record import start_of
from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.lab.owner import this_process
from vpcache.stack.lock import user_folder
from vpcache.stack.target import LAB
from vpcache.testing.kept.fingerprint import Fingerprint


class Phase(StrEnum):
    """The last change of a kept stack: begun, complete, or ended by an error of Terraform."""

    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


@dataclass(frozen=True)
class LabProcess:
    """A lab's port, and its daemon by process ID and start time, so that another one is not taken for it."""

    port: int
    pid: int
    started: str

    @classmethod
    def of(cls, lab: Lab) -> LabProcess:
        """Return the process of a running lab."""
        pid = lab.status().pid or 0
        return cls(lab.port, pid, start_of(pid) or "")

    @property
    def lab(self) -> Lab:
        """The client of the lab."""
        return Lab(self.port)

    def is_alive(self) -> bool:
        """Return whether the daemon still runs."""
        return bool(self.started) and start_of(self.pid) == self.started


@dataclass(frozen=True)
class KeptStack:
    """A stack that test runs keep, and what it was after its last apply.

    `root` is pytest's root directory, `version` that of the package that started the lab, `settings` the
    settings of pytest's ini options. `state` is a digest of Terraform's state and `calls` are the changing
    calls of AWS's API that the lab had counted. `run` is the folder of the run that uses the stack, or
    empty. `used` is the time of its last use (ISO 8601, UTC). The lab is None on AWS.
    """

    name: str
    root: str
    root_module: str
    target: str
    region: str
    version: str
    settings: Mapping[str, int | str]
    lab: LabProcess | None
    work_dir: str
    run: str
    used: str
    phase: Phase = Phase.APPLYING
    fingerprint: Fingerprint | None = None
    state: str = ""
    calls: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        """Whether the stack's lab has ended, and the stack with it."""
        return self.target == LAB and (self.lab is None or not self.lab.is_alive())


_FIELDS = {field.name for field in fields(KeptStack)}


@dataclass(frozen=True)
class Records:
    """A folder with one file for each kept stack of this user."""

    folder: Path

    def read(self, key: str) -> KeptStack | None:
        """Return the record with a key, None if there is none, or if it cannot be read."""
        try:
            stored = json.loads(self._file(key).read_text())
            values = {name: value for name, value in stored.items() if name in _FIELDS}  # a later release's
            return KeptStack(
                **values
                | {
                    "lab": LabProcess(**values["lab"]) if values["lab"] else None,
                    "phase": Phase(values["phase"]),
                    "fingerprint": Fingerprint(**values["fingerprint"]) if values["fingerprint"] else None,
                }
            )
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def all(self) -> dict[str, KeptStack]:
        """Return all records by key."""
        found = {file.stem: self.read(file.stem) for file in sorted(self.folder.glob(f"{_machine()}-*.json"))}
        return {key: record for key, record in found.items() if record is not None}

    def write(self, key: str, record: KeptStack) -> None:
        """Write a record, replacing the previous one."""
        unfinished = self._file(key).with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(record)))
        unfinished.replace(self._file(key))

    def erase(self, key: str) -> None:
        """Delete a record."""
        self._file(key).unlink(missing_ok=True)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from claiming and deleting records inside a `with` block."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise VpcacheError(f"cannot write {self.folder}: {error.strerror}; set XDG_STATE_HOME") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def records() -> Records:
    """Return the records of this user."""
    return Records(user_folder() / "kept")


def record_key(root: Path, root_module: Path, target: str, name: str) -> str:
    """Return the key of the stack that runs of a project keep for a root module, a target and a name."""
    text = "\0".join([str(root.resolve()), str(root_module.resolve()), target, name])
    return f"{_machine()}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def now() -> str:
    """Return the time for `KeptStack.used`."""
    return datetime.now(UTC).isoformat("T", "seconds")


def _machine() -> str:
    """Return a name of this machine or container: process IDs of another one mean nothing here."""
    here = f"{platform.node()} {this_process().pid_namespace}"
    return hashlib.sha256(here.encode()).hexdigest()[:8]
