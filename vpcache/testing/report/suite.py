"""The report of a test run, written by the run's controller."""

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
from vpcache.testing.report.facts import ChangeRecord, DrillRecord, Facts, ProbeRecord
from vpcache.testing.report.outcomes import outcomes
from vpcache.testing.report.page import RunReport, html

_PROBLEMS: dict[int, str] = {
    pytest.ExitCode.INTERRUPTED: "The run was interrupted before its end.",
    pytest.ExitCode.INTERNAL_ERROR: "pytest had an internal error; see its output.",
    pytest.ExitCode.USAGE_ERROR: "pytest had a usage error; see its output.",
}


class SuiteReport:
    """A pytest plugin that collects the outcomes of all tests, and writes them and the run's facts to a page.

    Raises pytest.UsageError if it cannot create the folder.
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
        self._diagram = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the report of one phase of a test, from any process."""
        self._reports.append(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Collect the report of a failed collection."""
        if report.failed:
            self._reports.append(report)

    def draw(self, show_json: Callable[[], Mapping[str, Any] | None]) -> None:
        """Draw the stack with the probes' results. `show_json` returns `terraform show -json` of it."""
        with suppress(Exception):  # a failed drawing must not prevent the destroy
            if document := show_json():
                results = [probe.result for probe in self._facts.of(ProbeRecord) if not probe.in_drill]
                latest = {(result.name, result.zone): result for result in results}
                live = Live(list(latest.values()))
                self._diagram = svg(layout(parse(document), live, with_evidence=False))

    def write(self, status: int, problem: str | None) -> Path:
        """Write the page and return its path. `problem` is a failure outside the tests."""
        run = RunReport(
            since=self._since.isoformat("T", "seconds"),
            seconds=time.monotonic() - self._started,
            outcomes=outcomes(self._reports),
            changes=self._facts.of(ChangeRecord),
            diagram=self._diagram,
            probes=self._facts.of(ProbeRecord),
            drills=self._facts.of(DrillRecord),
            problem=problem or _PROBLEMS.get(status),
        )
        self._page.write_text(html(run))
        return self._page
