"""A test run as one self-contained HTML page. Pure."""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from vpcache.drills.chart import svg_chart
from vpcache.program import command
from vpcache.stack.target import LAB
from vpcache.testing.report.facts import ChangeRecord, DrillRecord, ProbeRecord
from vpcache.testing.report.outcomes import FAILED, PASSED, SKIPPED, Outcome
from vpcache.wording import counted

_SLOWEST = 10


@dataclass(frozen=True)
class RunReport:
    """The content of the page: the run's start (ISO 8601, UTC), its duration in seconds, its facts by type.

    `diagram` (SVG) shows the stack at the end of the run, and is empty without a stack. `problem` is the
    reason if the run itself failed or ended early, independently of its tests.
    """

    since: str
    seconds: float
    outcomes: Sequence[Outcome] = ()
    changes: Sequence[ChangeRecord] = ()
    diagram: str = ""
    probes: Sequence[ProbeRecord] = ()
    drills: Sequence[DrillRecord] = ()
    problem: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The number of tests by status."""
        counts = Counter(outcome.status for outcome in self.outcomes)
        return {status: counts[status] for status in (PASSED, FAILED, SKIPPED)}

    @property
    def has_passed(self) -> bool:
        """Whether the run had no problem, no test failed, and at least one test passed."""
        return not (self.problem or self.counts[FAILED]) and self.counts[PASSED] > 0

    @property
    def slowest(self) -> list[Outcome]:
        """The slowest tests."""
        return sorted(self.outcomes, key=lambda outcome: -outcome.seconds)[:_SLOWEST]

    @property
    def left(self) -> list[str]:
        """The resources that the last destroy of each stack left in the account."""
        last = {change.stack: change for change in self.changes if change.command == "destroy"}
        return [item for change in last.values() for item in change.left]

    @property
    def undestroyed(self) -> list[ChangeRecord]:
        """The last change of each stack that was not destroyed, or whose destroy failed."""
        last = {change.stack: change for change in self.changes}
        return [change for change in last.values() if change.command == "apply" or change.problem]


def html(run: RunReport) -> str:
    """Return the page of a run."""
    return _template().render(
        run=run, FAILED=FAILED, PASSED=PASSED, SKIPPED=SKIPPED, LAB=LAB, sweep=sweep_command
    )


def sweep_command(change: ChangeRecord) -> str:
    """Return the command that deletes the rest of a stack on AWS."""
    return command("sweep", name=change.stack, target=change.target, region=change.region)


def duration(seconds: float) -> str:
    """Return a duration as text: `0.44 s`, `1.4 s`, `52 s`, `12 min 5 s`."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def data_uri(svg: str) -> str:
    """Return an SVG as a data URI. Its styles do not affect the page if an `img` shows it."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def ticks(seconds: float) -> list[int]:
    """Return at most eight round numbers for an axis from 0 to `seconds`."""
    power = 10 ** math.floor(math.log10(max(seconds, 1)))
    steps = [max(1, round(power * share)) for share in (0.2, 0.5, 1)]
    step = next((step for step in steps if seconds / step <= 7), steps[-1])
    return list(range(0, math.floor(seconds) + 1, step))


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "chart": svg_chart,
        "counted": counted,
        "duration": duration,
        "data_uri": data_uri,
        "ticks": ticks,
    }
    package = files(__package__)
    environment.globals["style"] = Markup(  # noqa: S704  # the style sheet of the package
        package.joinpath("page.css").read_text()
    )  # trusted, must not be escaped
    return environment.from_string(package.joinpath("page.html").read_text())
