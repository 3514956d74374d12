"""The facts of a test run: any of its processes records them, and its controller reads them."""

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

from vpcache.drills.drill import Report
from vpcache.drills.load import Sample
from vpcache.probes import Result
from vpcache.stack.stack import Stack
from vpcache.terraform.runner import Event
from vpcache.testing.report.timings import Timing, timings


@dataclass(frozen=True)
class ChangeRecord:
    """An apply or a destroy of a stack: its start (ISO 8601, UTC), its duration in seconds, and its timings.

    `problem` is the reason of a failure. `left` names the resources that a destroy left in the account.
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
    def restored(cls, values: dict[str, Any]) -> ChangeRecord:
        """Return the record that was written as `values`."""
        steps = tuple(Timing(**timing) for timing in values["timings"])
        return cls(**values | {"timings": steps, "left": tuple(values["left"])})


@dataclass(frozen=True)
class DrillRecord:
    """The report of a drill."""

    report: Report

    @classmethod
    def restored(cls, values: dict[str, Any]) -> DrillRecord:
        """Return the record that was written as `values`."""
        report = values["report"]
        return cls(Report(**report | {"samples": [Sample(**sample) for sample in report["samples"]]}))


@dataclass(frozen=True)
class ProbeRecord:
    """The result of a probe, and the test that ran it. A probe `in_drill` may fail because of the fault."""

    result: Result
    test: str
    in_drill: bool

    @classmethod
    def restored(cls, values: dict[str, Any]) -> ProbeRecord:
        """Return the record that was written as `values`."""
        return cls(**values | {"result": Result(**values["result"])})


Fact = ChangeRecord | DrillRecord | ProbeRecord
FactType = TypeVar("FactType", ChangeRecord, DrillRecord, ProbeRecord)


@dataclass(frozen=True)
class Facts:
    """A folder with one file for each fact, so that several processes can add facts at once."""

    folder: Path

    def add(self, fact: Fact) -> None:
        """Write a fact to the folder."""
        self.folder.mkdir(exist_ok=True)
        name = f"{time.time_ns()}-{os.getpid()}-{type(fact).__name__}.json"
        unfinished = self.folder / f".{name}"
        unfinished.write_text(json.dumps(asdict(fact)))
        unfinished.rename(self.folder / name)

    def of(self, fact_type: type[FactType]) -> list[FactType]:
        """Return the facts of a type, oldest first."""
        files = sorted(self.folder.glob(f"[0-9]*-{fact_type.__name__}.json"))
        return [fact_type.restored(json.loads(file.read_text())) for file in files]


@dataclass
class Note:
    """The observations of a command while it runs: Terraform's events, and the leftovers of a destroy."""

    events: list[Event] = field(default_factory=list)
    left: tuple[str, ...] = ()


@contextmanager
def noted(facts: Facts, command: str, stack: Stack) -> Iterator[Note]:
    """Record the command that runs in the `with` block, whether it succeeds or fails.

    The block fills the note that it receives.
    """
    note, problem = Note(), None
    since, started = datetime.now(UTC), time.monotonic()
    try:
        yield note
    except BaseException as error:
        problem = str(error) or type(error).__name__
        raise
    finally:
        facts.add(
            ChangeRecord(
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
