"""Lines about the progress of a test run's apply, which takes a minute or more."""

from __future__ import annotations

import time
from collections.abc import Callable

from vpcache.terraform.progress import Progress
from vpcache.terraform.runner import Event

_INTERVAL = 10.0  # seconds between two lines


class ApplyProgress:
    """Announces an apply, then its progress every ten seconds. Call it with each event of Terraform.

    `record` receives each event too.
    """

    def __init__(
        self,
        notify: Callable[[str], None],
        what: str,
        record: Callable[[Event], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._record = record
        self._notify = notify
        self._what = what
        self._clock = clock
        self._progress = Progress()
        self._began = self._printed = clock()
        notify(f"\nvpcache: applying {what}")  # pytest may be within a line of dots

    def __call__(self, event: Event) -> None:
        """Process one event."""
        self._record(event)
        now = self._clock()
        self._progress = self._progress.after(event, now)
        if now - self._printed >= _INTERVAL:
            self._printed = now
            done, total = self._progress.done, self._progress.total
            count = f"{done} of {total} resources" if total else "planning"
            self._notify(f"vpcache: {count} after {now - self._began:.0f} s")

    def end(self) -> None:
        """Announce the end of a successful apply."""
        self._notify(f"vpcache: applied {self._what} in {self._clock() - self._began:.0f} s")
