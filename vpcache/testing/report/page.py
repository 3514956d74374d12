"""A test run as one HTML page that needs nothing beside itself. Pure."""

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

from vpcache.program import command
from vpcache.stack.target import LAB
from vpcache.testing.report.facts import Change, DrillRecord, ProbeRecord
from vpcache.testing.report.outcomes import FAILED, PASSED, SKIPPED, Outcome

_SLOWEST = 10


@dataclass(frozen=True)
class Run:
    """All that the page shows: since when (ISO 8601, UTC), for how many seconds, and the facts by kind.

    `picture` (SVG) is of the stack as it stood in the end, empty if none did. `problem` is why the run itself
    failed or ended early, whatever its tests say.
    """

    since: str
    seconds: float
    outcomes: Sequence[Outcome] = ()
    changes: Sequence[Change] = ()
    picture: str = ""
    probes: Sequence[ProbeRecord] = ()
    drills: Sequence[DrillRecord] = ()
    problem: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many tests ended each way."""
        counts = Counter(outcome.how for outcome in self.outcomes)
        return {how: counts[how] for how in (PASSED, FAILED, SKIPPED)}

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong, and something was tested at all."""
        return not (self.problem or self.counts[FAILED]) and self.counts[PASSED] > 0

    @property
    def slowest(self) -> list[Outcome]:
        """The tests that took longest."""
        return sorted(self.outcomes, key=lambda outcome: -outcome.seconds)[:_SLOWEST]

    @property
    def left(self) -> list[str]:
        """What the last destroy of each stack left in the account."""
        last = {change.stack: change for change in self.changes if change.command == "destroy"}
        return [item for change in last.values() for item in change.left]

    @property
    def undestroyed(self) -> list[Change]:
        """The last change of each stack that was not destroyed, or of which the destroy failed."""
        last = {change.stack: change for change in self.changes}
        return [change for change in last.values() if change.command == "apply" or change.problem]


def html(run: Run) -> str:
    """Return the page."""
    return _template().render(
        run=run, FAILED=FAILED, PASSED=PASSED, SKIPPED=SKIPPED, LAB=LAB, sweep=sweep_command
    )


def sweep_command(change: Change) -> str:
    """Return the command that destroys the rest of a stack on AWS."""
    return command("sweep", name=change.stack, target=change.target, region=change.region)


def duration(seconds: float) -> str:
    """Return a duration as people say it: `0.44 s`, `1.4 s`, `52 s`, `12 min 5 s`."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def data_uri(svg: str) -> str:
    """Return a picture as an address that holds it whole: an `img` keeps its styles to itself."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def ticks(seconds: float) -> list[int]:
    """Return round numbers for an axis up to `seconds`, no more than eight."""
    power = 10 ** math.floor(math.log10(max(seconds, 1)))
    steps = [max(1, round(power * share)) for share in (0.2, 0.5, 1)]
    step = next((step for step in steps if seconds / step <= 7), steps[-1])
    return list(range(0, math.floor(seconds) + 1, step))


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"duration": duration, "data_uri": data_uri, "ticks": ticks}
    here = files(__package__)
    environment.globals["style"] = Markup(here.joinpath("page.css").read_text())  # ours, and it has quotes
    return environment.from_string(here.joinpath("page.html").read_text())
