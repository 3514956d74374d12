"""Saving and loading a running lab."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from vpcache.lab.aws.changes import Changes
from vpcache.lab.errors import LabError
from vpcache.lab.snapshots.file import Snapshot, unpacked
from vpcache.lab.snapshots.model import dump, load
from vpcache.lab.snapshots.parts import Parts

_IN_USE = "is_in_use"


class SavedControlPlane(Protocol):
    """What a snapshot needs of the control plane."""

    writes: int
    changes: Changes
    install: Callable[[str], None]


class DataPlane(Protocol):
    """What a snapshot needs of the region: its state beside the control plane's model."""

    def state(self) -> dict[str, Any]:
        """Return settings, faults and origins."""

    def load_state(self, state: Mapping[str, Any]) -> list[str]:
        """Set them after the model, and return why some could not be set."""


class LabSnapshots:
    """The snapshots of one lab."""

    def __init__(self, aws: SavedControlPlane, region: DataPlane) -> None:
        self._aws = aws
        self._region = region
        self._parts = Parts(aws.changes, aws.install)

    @property
    def is_in_use(self) -> bool:
        """Whether a call may have changed the model since the lab started."""
        return self._aws.writes > 0

    def save(self) -> Snapshot:
        """Return the lab's state. Calls that change the network wait until it has been written."""
        with self._aws.changes.exclusive_lock():
            model, _ = dump(self._parts)
            return Snapshot(model, self._region.state() | {_IN_USE: self.is_in_use})

    def digest(self) -> tuple[bytes, bool]:
        """Return a digest of the lab's state, which time alone does not change, and whether it has pending
        actions. Raises SnapshotError as `save` does."""
        with self._aws.changes.exclusive_lock():
            model, has_pending = dump(self._parts, now=0)
            state = self._region.state() | {_IN_USE: self.is_in_use}
        return hashlib.sha256(repr(state).encode() + model).digest(), has_pending

    def load(self, content: bytes, name: str, remedy: str) -> list[str]:
        """Load the contents of a file called `name` into this lab; `remedy` ends the message of errors.

        Returns what could not be set, one line each. Raises LabError if the lab is in use, and SnapshotError.
        """
        snapshot = unpacked(content, name, remedy)
        with self._aws.changes.exclusive_lock():
            if self.is_in_use:
                raise LabError(f"{name} was not loaded: the lab is in use; {remedy}")
            resume = load(self._parts, snapshot.model)
            self._aws.writes += int(snapshot.lab[_IN_USE])
            problems = self._region.load_state(snapshot.lab)
            resume()  # with the settings and the network
        return problems
