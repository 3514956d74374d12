"""The folder of a lab that keeps its state: one snapshot, replaced as a whole, and a lock.

The folder is used by its descriptor only: the daemon opens it before it enters its mount namespace, in which
the path may name another folder.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from vpcache.lab.errors import LabError
from vpcache.lab.snapshots.file import NEW, SUFFIX, replace_file

_SNAPSHOT, _LOCK = f"lab{SUFFIX}", "lab.lock"
_LOCK_SECONDS = 2.0  # the kernel takes some time to end the processes of a lab that was killed
_LOCK_INTERVAL = 0.02


class StateFolder:
    """The folder `path` of a lab, which no other lab uses as long as this process runs."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> StateFolder:
        """Return the folder, which is created if it is missing.

        Raises LabError if it cannot be used, or another lab uses it.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT, 0o600, dir_fd=descriptor)
        except OSError as error:
            raise LabError(
                f"folder {path} cannot keep the lab's state ({error.strerror}): choose another one"
            ) from error
        deadline = time.monotonic() + _LOCK_SECONDS
        while not _is_locked_by_us(lock):
            if time.monotonic() > deadline:
                raise LabError(
                    f"folder {path} keeps the state of another lab, which is running: stop that lab, or "
                    "choose another folder"
                )
            time.sleep(_LOCK_INTERVAL)
        for unfinished in path.glob(f"{_SNAPSHOT}.*{NEW}"):  # of a lab that was killed while it wrote
            unfinished.unlink()
        return cls(path, descriptor)

    @property
    def file(self) -> Path:
        """The file with the snapshot."""
        return self.path / _SNAPSHOT

    def read(self) -> bytes | None:
        """Return the snapshot's contents, None if there is none. Raises LabError if it cannot be read."""
        try:
            descriptor = os.open(_SNAPSHOT, os.O_RDONLY, dir_fd=self._descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LabError(f"{self.file} cannot be read ({error.strerror}): choose another folder") from error
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def write(self, content: bytes) -> None:
        """Replace the snapshot as a whole. Raises OSError."""
        replace_file(_SNAPSHOT, content, self._descriptor)
        os.fsync(self._descriptor)


def _is_locked_by_us(lock: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
