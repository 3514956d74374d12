"""The results of drills and soaks as sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vpcache.drills.drill import Report
from vpcache.drills.soak import SoakReport
from vpcache.drills.timeline import Phase
from vpcache.wording import counted


def drill_lines(report: Report) -> list[str]:
    """Return a line for all requests, one for each phase, and one for the first error."""
    before, during, after = report.before, report.during, report.after
    wrong = sum(phase.wrong for phase in (before, during, after))
    problem = next((sample.problem for sample in report.samples if sample.problem), None)
    return [
        f"requests: {len(report.samples)}, {wrong} with a wrong answer",
        f"before the fault: {_counts(before)}, hit rate {_percent(before.hit_rate)}, {_latency(before)}",
        *(
            f"{name}: {_counts(phase)}{_end(phase)}, {_back(phase, before.hit_rate)}, {_latency(phase)}"
            for name, phase in (("during the fault", during), ("after it", after))
        ),
        *([f"first error: {problem}"] if problem else []),
    ]


def soak_lines(report: SoakReport) -> list[str]:
    """Return a line for the requests, and one for each resource of the daemon at three times."""
    figures = report.figures()
    return [
        f"faults: {figures['faults']}",
        f"requests: {figures['requests']}, {figures['wrong_answers']} with a wrong answer",
        f"errors: {figures['errors']}, {figures['errors_on_known_keys']} of them on known keys",
        f"memory of the lab: {_course(figures['memory_mb'], ' MiB')}",
        f"file descriptors of the lab: {_course(figures['descriptors'])}",
        f"threads of the lab: {_course(figures['threads'])}",
    ]


def _counts(phase: Phase) -> str:
    if not phase.samples:
        return "no requests"
    errors = counted(phase.errors, "error") if phase.errors else "no errors"
    return f"{counted(len(phase.samples), 'request')}, {errors}"


def _end(phase: Phase) -> str:
    """Return when the errors of a phase ended, empty without errors."""
    if not phase.errors:
        return ""
    end = phase.errors_end()
    until = "until its end" if end is None else f"until {end:.1f} s"
    return f" ({phase.known_errors} on known keys) {until}"


def _back(phase: Phase, before: float | None) -> str:
    back = phase.hit_rate_back(before or 0.0)
    if not phase.samples or before is None:
        return "hit rate unknown"
    return "hit rate not recovered" if back is None else f"hit rate recovered after {back:.0f} s"


def _percent(rate: float | None) -> str:
    return "unknown" if rate is None else f"{rate:.0%}"


def _latency(phase: Phase) -> str:
    return f"p99 {phase.p99_ms:.1f} ms" if phase.samples else "p99 unknown"


def _course(values: Sequence[float], unit: str = "") -> str:
    start, warm, end = (f"{value:.0f}{unit}" for value in values)
    return f"{start} at the start, {warm} after one round, {end} at the end"
