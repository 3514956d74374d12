"""Whether the processes of a test run are alive: each holds a shared lock on a file in the run's folder."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_FILE = "alive"


def hold(folder: Path) -> IO[str]:
    """Return a file that is locked until it is closed. A run without a locked file is dead.

    A new folder gets its final name when the lock is held. Other runs would take it for a dead run's
    otherwise.
    """
    if not folder.exists():
        hidden = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        file = (hidden / _FILE).open("w")
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            hidden.rename(folder)
            return file
        except OSError:  # another process of this run was faster
            file.close()
            shutil.rmtree(hidden)
    file = (folder / _FILE).open("w")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


@contextmanager
def dead(folder: Path) -> Iterator[bool]:
    """Yield whether the run in `folder` is dead. No process can join a dead one inside the `with` block."""
    with suppress(BlockingIOError, FileNotFoundError), (folder / _FILE).open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
        return
    yield False


def is_alive(folder: Path) -> bool:
    """Return whether a process of the run in `folder` is alive."""
    with dead(folder) as is_dead:
        return folder.exists() and not is_dead
