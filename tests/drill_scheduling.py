"""The distribution of test files to pytest-xdist's workers."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

_SHARED_STACK = "tests/drills"


class DrillScheduling(LoadFileScheduling):  # type: ignore[misc]  # mypy sees pytest-xdist's classes as Any
    """Distributes whole files, as --dist loadfile does, but all drills of the shared stack to one worker.

    Each drill locks the stack, so that drills on several workers would only wait for each other.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder == _SHARED_STACK else file
