"""A drill: load, a disruption, its end; and the figures of what callers saw."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vpcache.drills.disruption import Disruption, Premises
from vpcache.drills.load import Load, Sample
from vpcache.drills.timeline import Phase, Second, seconds


@dataclass(frozen=True)
class Schedule:
    """How long each phase lasts, in seconds."""

    before: float = 5
    during: float = 15
    after: float = 15


@dataclass(frozen=True)
class Report:
    """What a drill showed. `taken` and `given_back` are moments of the load's clock, in seconds."""

    fault: str
    zone: str
    taken: float
    given_back: float
    samples: list[Sample]

    @property
    def before(self) -> Phase:
        """The calls that had ended when the fault came."""
        return Phase(0, self.taken, [each for each in self.samples if each.end <= self.taken])

    @property
    def during(self) -> Phase:
        """The calls that it met: due before it was given back, and not ended when it came."""
        met = [each for each in self.samples if each.end > self.taken and each.at < self.given_back]
        return Phase(self.taken, self.given_back, met)

    @property
    def after(self) -> Phase:
        """The calls due later."""
        later = [each for each in self.samples if each.at >= self.given_back]
        return Phase(self.given_back, later[-1].at if later else self.given_back, later)

    @property
    def seconds(self) -> list[Second]:
        """The timeline, counted from the fault."""
        return seconds(self.samples, self.taken)

    def figures(self) -> dict[str, object]:
        """Return the figures that matter, times in seconds from the fault and from its end."""
        hit_rate = self.before.hit_rate or 0.0
        shown = {"during": self.during, "after": self.after}
        return {
            "fault": self.fault,
            "zone": self.zone,
            "requests": len(self.samples),
            "wrong_answers": sum(each.wrong for each in (self.before, *shown.values())),
            "errors_before": self.before.errors,
            "hit_rate_before": self.before.hit_rate,
            "p99_ms_before": round(self.before.p99_ms, 1),
            **{
                f"{name}_{what}": value
                for name, each in shown.items()
                for what, value in (
                    ("requests", len(each.samples)),
                    ("errors", each.errors),
                    ("errors_on_known_keys", each.known_errors),
                    ("errors_end_s", _rounded(each.errors_end())),
                    ("hit_rate_back_s", _rounded(each.hit_rate_back(hit_rate))),
                    ("p99_ms", round(each.p99_ms, 1)),
                )
            },
            "first_problem": next((sample.problem for sample in self.samples if sample.problem), None),
        }


def run(
    name: str,
    disruption: Disruption,
    premises: Premises,
    schedule: Schedule,
    on_phase: Callable[[str, float], None] = lambda _name, _seconds: None,
    *,
    rate: float = 40,
) -> Report:
    """Run one drill against a running stack, `rate` calls a second. `on_phase` is told what begins, and for
    how many seconds.
    """
    pause = threading.Event().wait
    with Load(premises.target, premises.outputs["cached_api"], rate=rate) as load:
        on_phase("steady load", schedule.before)
        pause(schedule.before)
        taken = load.now
        with disruption.apply(premises):
            on_phase(f"taken away: {disruption.what}", schedule.during)
            pause(max(0.0, taken + schedule.during - load.now))
            given_back = load.now
        on_phase("given back", schedule.after)
        pause(max(0.0, given_back + schedule.after - load.now))
    return Report(name, premises.zone, taken, given_back, load.samples())


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
