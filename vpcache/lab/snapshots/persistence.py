"""Keeps the state of a running lab in a folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from vpcache.lab.snapshots.folder import StateFolder
from vpcache.lab.snapshots.lab import LabSnapshots

_log = logging.getLogger(__name__)

_INTERVAL = 0.4  # seconds between two checks: a change is on the disk within one second
_IDLE_CHECKS = 12  # between two writes without activity: the lab's own threads may change the model
_CHECKS = 3  # after activity: what follows from a call may end a little later than the call


class Persistence:
    """Writes a snapshot whenever the lab has changed. `activity` returns a value that calls change.

    Without activity and pending actions it reads the model only every few seconds. The file is replaced if
    the model differs from the one in it.
    """

    def __init__(self, folder: StateFolder, snapshots: LabSnapshots, activity: Callable[[], object]) -> None:
        self.folder = folder
        self._snapshots = snapshots
        self._activity = activity
        self._lock = threading.Lock()
        self._seen: object = None
        self._checks = self._idle = 0
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
        """Write the state if it has changed. Raises OSError, and SnapshotError as LabSnapshots.save does."""
        with self._lock:
            digest, has_pending = self._snapshots.digest()
            if digest != self._written:
                self.folder.write(self._snapshots.save().packed())
                self._written = digest
            self._checks = max(self._checks, 1) if has_pending else self._checks

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(_INTERVAL):
            self._check()

    def _check(self) -> None:
        try:
            current = self._activity()
            if current != self._seen:
                self._seen, self._checks = current, _CHECKS
            self._idle += 1
            if self._checks or self._idle >= _IDLE_CHECKS:
                self._checks, self._idle = max(self._checks - 1, 0), 0
                self.write()
        except Exception:  # the disk is full, for example: the next change tries again
            _log.exception("the state could not be written to %s", self.folder.path)
            self._checks = _CHECKS
