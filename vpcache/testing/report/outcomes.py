"""How each test of a run ended, from pytest's reports of its phases. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass(frozen=True)
class Outcome:
    """A test's end: `how` is one of those above, `why` what pytest says of it, `seconds` all its phases."""

    test: str
    how: str
    seconds: float
    why: str = ""


def outcomes(reports: Iterable[Any]) -> list[Outcome]:
    """Return the outcome of each test in the order of their first reports.

    `reports` are pytest's TestReports, and CollectReports of what could not be collected. A test has failed
    if any of its phases has, and has no outcome if it was interrupted.
    """
    by_test: dict[str, list[Any]] = {}
    for report in reports:
        by_test.setdefault(report.nodeid, []).append(report)
    made = (_outcome(test, phases) for test, phases in by_test.items())
    return [outcome for outcome in made if outcome is not None]


def _outcome(test: str, phases: list[Any]) -> Outcome | None:
    seconds = sum(getattr(phase, "duration", 0.0) for phase in phases)
    for how in (FAILED, SKIPPED):
        if words := [_words(phase) for phase in phases if phase.outcome == how]:
            return Outcome(test, how, seconds, "\n".join(dict.fromkeys(words)))  # each worker says the same
    return Outcome(test, PASSED, seconds) if any(phase.when == "call" for phase in phases) else None


def _words(phase: Any) -> str:
    """Return why a phase did not pass: a skip's reason alone, else pytest's whole account."""
    if phase.outcome == SKIPPED and isinstance(phase.longrepr, tuple):
        return str(phase.longrepr[2]).removeprefix("Skipped: ")
    return str(phase.longreprtext)
