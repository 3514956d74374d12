"""Keeps the state of a running lab in a folder."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable

from vpcache.lab.snapshots.file import Snapshot
from vpcache.lab.snapshots.folder import StateFolder
from vpcache.lab.snapshots.lab import LabSnapshots

_log = logging.getLogger(__name__)

_INTERVAL = 0.4  # seconds between two checks: a change is on the disk within one second
_CHECKS = 3  # after activity: what follows from a call may end a little later than the call


class Persistence:
    """Writes a snapshot whenever the lab has changed. `activity` returns a value that calls change.

    Without activity and pending actions it only compares that value. Otherwise it writes the model, and
    replaces the file if the model differs from the one in it.
    """

    def __init__(self, folder: StateFolder, snapshots: LabSnapshots, activity: Callable[[], object]) -> None:
        self.folder = folder
        self._snapshots = snapshots
        self._activity = activity
        self._lock = threading.Lock()
        self._seen: object = None
        self._checks = 0
        self._written = b""

    def load(self) -> list[str]:
        """Load the state that the folder has, if any, into a lab that has just started.

        Returns what could not be set, one line each. Raises LabError for a file that is not loaded.
        """
        content = self.folder.read()
        if content is None:
            return []
        remedy = "move the file away to start with an empty lab"
        return self._snapshots.load(content, str(self.folder.file), remedy)

    def start(self) -> None:
        """Begin to keep the state, in a thread that ends with the process."""
        threading.Thread(target=self._run, name="persistence", daemon=True).start()

    def write(self) -> None:
        """Write the state if it has changed. Raises OSError."""
        with self._lock:
            snapshot = self._snapshots.save()
            digest = _digest(snapshot)
            if digest != self._written:
                self.folder.write(snapshot.packed())
                self._written = digest
            self._checks = max(self._checks, 1) if snapshot.has_pending else self._checks

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_INTERVAL):
            self._check()

    def _check(self) -> None:
        current = self._activity()
        if current != self._seen:
            self._seen, self._checks = current, _CHECKS
        if self._checks:
            self._checks -= 1
            try:
                self.write()
            except Exception:  # the disk is full, for example: the next change tries again
                _log.exception("the state could not be written to %s", self.folder.path)
                self._checks = _CHECKS


def _digest(snapshot: Snapshot) -> bytes:
    return hashlib.sha256(repr(snapshot.lab).encode() + snapshot.model).digest()
