"""A drill: fault injection under load, and the figures of the impact on callers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from vpcache.drills.broadcast import Broadcast
from vpcache.drills.context import DrillContext
from vpcache.drills.faults import DrillFault
from vpcache.drills.injection import Notice, injected
from vpcache.drills.load import Load, LoadSize, Sample, fitted_size
from vpcache.drills.timeline import Phase, Second, seconds
from vpcache.functions import concurrency_limit


@dataclass(frozen=True)
class Schedule:
    """How long each phase lasts, in seconds."""

    before: float = 5
    during: float = 15
    after: float = 15

    @property
    def total(self) -> float:
        """All phases together, in seconds."""
        return self.before + self.during + self.after


@dataclass(frozen=True)
class Report:
    """The result of a drill. The fault was active from `injected` to `removed`, in seconds of the load.

    `zone` is empty for a fault that does not affect one zone.
    """

    fault: str
    zone: str
    injected: float
    removed: float
    samples: list[Sample]

    @property
    def before(self) -> Phase:
        """The calls that ended before the injection of the fault."""
        return Phase(0, self.injected, [sample for sample in self.samples if sample.end <= self.injected])

    @property
    def during(self) -> Phase:
        """The calls that were due or in flight while the fault was active."""
        affected = [
            sample for sample in self.samples if sample.end > self.injected and sample.at < self.removed
        ]
        return Phase(self.injected, self.removed, affected)

    @property
    def after(self) -> Phase:
        """The calls that were due after the removal of the fault."""
        later = [sample for sample in self.samples if sample.at >= self.removed]
        return Phase(self.removed, later[-1].at if later else self.removed, later)

    @property
    def seconds(self) -> list[Second]:
        """The timeline, in seconds from the injection."""
        return seconds(self.samples, self.injected)

    def figures(self) -> dict[str, object]:
        """Return the main figures; times are in seconds from injection and removal of the fault."""
        hit_rate = self.before.hit_rate or 0.0
        phases = {"during": self.during, "after": self.after}
        return {
            "fault": self.fault,
            "zone": self.zone or None,
            "requests": len(self.samples),
            "wrong_answers": sum(phase.wrong for phase in (self.before, *phases.values())),
            "errors_before": self.before.errors,
            "hit_rate_before": self.before.hit_rate,
            "p99_ms_before": _rounded(self.before.p99_ms, 1),
            **{
                f"{name}_{figure}": value
                for name, phase in phases.items()
                for figure, value in (
                    ("requests", len(phase.samples)),
                    ("errors", phase.errors),
                    ("errors_on_known_keys", phase.known_errors),
                    ("errors_end_s", _rounded(phase.errors_end())),
                    ("hit_rate_back_s", _rounded(phase.hit_rate_back(hit_rate))),
                    ("p99_ms", _rounded(phase.p99_ms, 1)),
                )
            },
            "first_problem": next((sample.problem for sample in self.samples if sample.problem), None),
        }


def run(
    fault: DrillFault,
    context: DrillContext,
    schedule: Schedule,
    on_phase: Callable[[str, float], None] = lambda _name, _seconds: None,
    notice: Notice = lambda _: None,
    *,
    rate: float = 40,
) -> Report:
    """Run one drill against a running stack, with `rate` calls a second or as many as Lambda allows.

    `on_phase` is called with the name of each phase and its duration in seconds, `notice` with messages about
    unexpected conditions. Raises as `injected` and `load_size` do.
    """
    size = load_size(context, rate, notice)
    load = Load(context.target, context.function, size=size)
    with load, Broadcast(context, fault.name, load) as broadcast:

        def begin_phase(name: str, duration: float) -> None:
            broadcast.phase = name
            on_phase(name, duration)

        begin_phase("steady load", schedule.before)
        time.sleep(schedule.before)
        with injected(fault, context, schedule.during, notice) as injection:
            broadcast.injected = began = load.at(injection.began)
            begin_phase(f"fault injected: {fault.description}", schedule.during)
            injection.pause(began + schedule.during - load.now)
            broadcast.removed = removed = load.now
        begin_phase("fault removed", schedule.after)
        time.sleep(max(0.0, removed + schedule.after - load.now))
    zone = context.zone if fault.has_zone else ""
    return Report(fault.name, zone, began, removed, load.samples())


def load_size(context: DrillContext, rate: float, notice: Notice) -> LoadSize:
    """Return the load of a drill: `rate` calls a second or, with a `notice`, as many as Lambda allows.

    Raises VpcacheError if that is too few for a drill.
    """
    from botocore.exceptions import ClientError

    try:
        available = concurrency_limit(context.target, context.function)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        notice(f"no permission to read Lambda's concurrency quota, so the load ignores it: {error}")
        return LoadSize(rate)
    size = fitted_size(rate, available)
    if size.rate < rate:
        notice(
            f"Lambda allows {available} concurrent executions of {context.function}: the load is "
            f"{size.rate:.3g} calls a second instead of {rate:g}"
        )
    return size


def _rounded(value: float | None, digits: int = 2) -> float | None:
    """Round a figure; None also for NaN, which JSON cannot represent."""
    return None if value is None or math.isnan(value) else round(value, digits)
