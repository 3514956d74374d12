"""The facts of a test run, told by whichever of its processes knows them and read by its controller."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from vpcache.drills.chart import svg_chart
from vpcache.drills.drill import Report
from vpcache.probes import Result
from vpcache.stack.stack import Stack
from vpcache.terraform.runner import Event
from vpcache.testing.report.timings import Timing, timings


@dataclass(frozen=True)
class Change:
    """An apply or a destroy: of what, since when (ISO 8601, UTC), for how many seconds, resource by resource.

    `problem` says why it failed, `left` names what a destroy left in the account.
    """

    command: str
    stack: str
    environment: str
    target: str
    account: str
    region: str
    since: str
    seconds: float
    timings: tuple[Timing, ...]
    left: tuple[str, ...] = ()
    problem: str | None = None

    @classmethod
    def restored(cls, values: dict[str, Any]) -> Change:
        """Return the change that was written as these values."""
        steps = tuple(Timing(**each) for each in values["timings"])
        return cls(**values | {"timings": steps, "left": tuple(values["left"])})


@dataclass(frozen=True)
class DrillRecord:
    """A drill's figures and its timeline (SVG)."""

    fault: str
    zone: str
    figures: dict[str, Any]
    svg: str

    @classmethod
    def by(cls, report: Report) -> DrillRecord:
        """Return what a drill's report shows."""
        return cls(report.fault, report.zone, report.figures(), svg_chart(report))


@dataclass(frozen=True)
class ProbeRecord:
    """A probe's result, in which test; one `in_drill` may fail on purpose, as something was away."""

    result: Result
    test: str
    in_drill: bool

    @classmethod
    def restored(cls, values: dict[str, Any]) -> ProbeRecord:
        """Return the result that was written as these values."""
        return cls(**values | {"result": Result(**values["result"])})


Fact = Change | DrillRecord | ProbeRecord
Kind = TypeVar("Kind", Change, DrillRecord, ProbeRecord)


@dataclass(frozen=True)
class Facts:
    """A folder with a file for each fact, so that any number of processes can add to it at once."""

    folder: Path

    def add(self, fact: Fact) -> None:
        """Keep a fact."""
        self.folder.mkdir(exist_ok=True)
        name = f"{time.time_ns()}-{os.getpid()}-{type(fact).__name__}.json"
        unfinished = self.folder / f".{name}"
        unfinished.write_text(json.dumps(asdict(fact)))
        unfinished.rename(self.folder / name)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the facts of a kind, oldest first."""
        files = sorted(self.folder.glob(f"[0-9]*-{kind.__name__}.json"))
        restored = getattr(kind, "restored", lambda values: kind(**values))
        return [restored(json.loads(file.read_text())) for file in files]


@dataclass
class Note:
    """What a change shows while it is made: Terraform's events, and at the end what it left."""

    events: list[Event] = field(default_factory=list)
    left: tuple[str, ...] = ()


@contextmanager
def noted(facts: Facts, command: str, stack: Stack) -> Iterator[Note]:
    """Keep what a command does to a stack inside a `with` block, however it ends; the block fills a note."""
    note, problem = Note(), None
    since, started = datetime.now(UTC), time.monotonic()
    try:
        yield note
    except BaseException as error:
        problem = str(error) or type(error).__name__
        raise
    finally:
        facts.add(
            Change(
                command=command,
                stack=stack.name,
                environment=stack.environment,
                target=stack.target.name,
                account=stack.account,
                region=stack.target.region,
                since=since.isoformat("T", "seconds"),
                seconds=time.monotonic() - started,
                timings=tuple(timings(note.events)),
                left=note.left,
                problem=problem,
            )
        )
