"""The page of a test run, written by the run's controller."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vpcache.diagram.drawing.svg import svg
from vpcache.diagram.layout import layout
from vpcache.diagram.live import Live
from vpcache.diagram.parser import parse
from vpcache.testing.report.facts import Change, DrillRecord, Facts, ProbeRecord
from vpcache.testing.report.outcomes import outcomes
from vpcache.testing.report.page import Run, html

_PROBLEMS: dict[int, str] = {
    pytest.ExitCode.INTERRUPTED: "The run was interrupted before its end.",
    pytest.ExitCode.INTERNAL_ERROR: "pytest itself failed; its output says how.",
    pytest.ExitCode.USAGE_ERROR: "pytest could not begin; its output says why.",
}


class SuiteReport:
    """A pytest plugin that hears how each test ended, and writes a page of that and of the run's facts.

    Raises pytest.UsageError if it cannot make the folder.
    """

    def __init__(self, folder: Path, facts: Facts) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise pytest.UsageError(f"--vpcache-report-dir is '{folder}': {error.strerror}") from error
        self._page = folder / "report.html"
        self._facts = facts
        self._since = datetime.now(UTC)
        self._started = time.monotonic()
        self._reports: list[pytest.TestReport | pytest.CollectReport] = []
        self._picture = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear how a phase of a test ended, in whichever process it ran."""
        self._reports.append(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Hear of what could not be collected."""
        if report.failed:
            self._reports.append(report)

    def look_at(self, shown: Callable[[], Mapping[str, Any] | None]) -> None:
        """Draw the stack that `shown` tells of as `terraform show -json` does, with the probes' results."""
        with suppress(Exception):  # whatever keeps it from being drawn must not keep it from being destroyed
            if document := shown():
                steady = [probed.result for probed in self._facts.of(ProbeRecord) if not probed.in_drill]
                latest = {(result.name, result.zone): result for result in steady}
                live = Live(list(latest.values()))
                self._picture = svg(layout(parse(document), live, with_evidence=False))

    def write(self, status: int, problem: str | None) -> Path:
        """Write the page and return where it is. `problem` is what else went wrong than the tests."""
        run = Run(
            since=self._since.isoformat("T", "seconds"),
            seconds=time.monotonic() - self._started,
            outcomes=outcomes(self._reports),
            changes=self._facts.of(Change),
            picture=self._picture,
            probes=self._facts.of(ProbeRecord),
            drills=self._facts.of(DrillRecord),
            problem=problem or _PROBLEMS.get(status),
        )
        self._page.write_text(html(run))
        return self._page
