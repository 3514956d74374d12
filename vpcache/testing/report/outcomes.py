"""The outcome of each test of a run, from pytest's reports of its phases. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a test.

    `status` is one of the constants above, `seconds` the duration of all phases, `why` pytest's explanation.
    """

    test: str
    status: str
    seconds: float
    why: str = ""


def outcomes(reports: Iterable[Any]) -> list[Outcome]:
    """Return the outcome of each test in the order of their first reports.

    `reports` are pytest's TestReports, and the CollectReports of failed collections. A test has failed if one
    of its phases has failed. An interrupted test has no outcome.
    """
    by_test: dict[str, list[Any]] = {}
    for report in reports:
        by_test.setdefault(report.nodeid, []).append(report)
    found = (_outcome(test, phases) for test, phases in by_test.items())
    return [outcome for outcome in found if outcome is not None]


def _outcome(test: str, phases: list[Any]) -> Outcome | None:
    seconds = sum(getattr(phase, "duration", 0.0) for phase in phases)
    for status in (FAILED, SKIPPED):
        if reasons := [_reason(phase) for phase in phases if phase.outcome == status]:
            unique = dict.fromkeys(reasons)  # each worker reports the same failed collection
            return Outcome(test, status, seconds, "\n".join(unique))
    return Outcome(test, PASSED, seconds) if any(phase.when == "call" for phase in phases) else None


def _reason(phase: Any) -> str:
    """Return why a phase did not pass: the reason of a skip, or pytest's full report of a failure."""
    if phase.outcome == SKIPPED and isinstance(phase.longrepr, tuple):
        return str(phase.longrepr[2]).removeprefix("Skipped: ")
    return str(phase.longreprtext)
