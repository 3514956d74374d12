"""Reports a running drill to the page of its lab, which draws the chart."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Protocol

from vpcache.drills.changes import lab_of
from vpcache.drills.context import DrillContext
from vpcache.drills.load import Sample
from vpcache.drills.timeline import seconds
from vpcache.lab.errors import LabError

_INTERVAL = 1.0  # seconds between reports
_SHOWN_SECONDS = 600.0  # of a drill, the newest: a report of all would take longer from second to second


class SampledLoad(Protocol):
    """The part of a `Load` that is reported; times are in seconds since it began."""

    @property
    def now(self) -> float:
        """The current time."""

    def samples(self) -> list[Sample]:
        """Return the calls that have ended."""


class Broadcast:
    """Reports a drill once a second during a `with` block; on AWS it does nothing.

    `phase` is the name of the current phase, `injected` and `removed` are the times of the fault in seconds
    of the load. A lab that does not answer is no error.
    """

    def __init__(self, context: DrillContext, fault: str, load: SampledLoad) -> None:
        self.phase = ""
        self.injected: float | None = None
        self.removed: float | None = None
        self._load = load
        self._epoch = 0.0  # when the load began, as time.time()
        self._texts = {"name": fault, "zone": context.zone, "stack": context.stack.name}
        self._lab = lab_of(context.target) if context.target.is_lab else None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broadcast", daemon=True)

    def __enter__(self) -> Broadcast:
        self._epoch = time.time() - self._load.now
        if self._lab:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._lab:
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self._report(is_running=True)
        self.phase = "ended"
        self._report(is_running=False)

    def _report(self, *, is_running: bool) -> None:
        times = {"injected": self.injected, "removed": self.removed}
        progress = {
            **self._texts,
            "phase": self.phase,
            "is_running": is_running,
            **{name: None if at is None else _ms(self._epoch + at) for name, at in times.items()},
            "seconds": chart_seconds(self._recent(), self._epoch),
        }
        if self._lab:
            with suppress(LabError):
                self._lab.show_drill(progress)

    def _recent(self) -> list[Sample]:
        since = math.floor(self._load.now - _SHOWN_SECONDS)
        return [sample for sample in self._load.samples() if sample.at >= since]


def chart_seconds(samples: Sequence[Sample], epoch: float) -> list[dict[str, Any]]:
    """Return the calls by second as the page shows them; `epoch` is when the load began, as time.time()."""
    if not samples:
        return []
    found = (asdict(second) for second in seconds(samples, 0.0))
    return [
        {key: None if _is_nan(value) else value for key, value in second.items()}
        | {"at": _ms(epoch + second["at"])}
        for second in found
    ]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _ms(seconds_: float) -> int:
    return int(seconds_ * 1000)
