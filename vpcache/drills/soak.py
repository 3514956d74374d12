"""A soak test: a long load with one fault after another, and the resource usage of the lab's daemon."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypedDict

from vpcache.drills.changes import lab_of
from vpcache.drills.context import DrillContext
from vpcache.drills.drill import load_size
from vpcache.drills.faults import FAULTS
from vpcache.drills.injection import Notice, injected
from vpcache.drills.load import Load, Sample
from vpcache.lab.daemon.process_stats import ProcessStats

SOAK_FAULTS = ("node-hung", "nat-gateway", "node-dead", "origin-erroring", "zone", "node-reboot", "all-nodes")


class SoakFigures(TypedDict):
    """The main figures; those of the daemon are at the start, after the first round and at the end."""

    faults: int
    requests: int
    wrong_answers: int
    errors: int
    errors_on_known_keys: int
    memory_mb: list[float]
    descriptors: list[int]
    threads: list[int]


@dataclass(frozen=True)
class SoakReport:
    """The result of a soak test. `stats` are those of the daemon before each fault and at the end."""

    faults: list[str]
    samples: list[Sample]
    stats: list[ProcessStats]

    def figures(self) -> SoakFigures:
        """Return the main figures."""
        # the first round fills pools and caches; growth after it is a leak
        warm = self.stats[min(len(SOAK_FAULTS), len(self.stats) - 1)]
        stats = (self.stats[0], warm, self.stats[-1])
        return {
            "faults": len(self.faults),
            "requests": len(self.samples),
            "wrong_answers": sum(sample.is_wrong for sample in self.samples),
            "errors": sum(sample.failed for sample in self.samples),
            "errors_on_known_keys": sum(sample.failed and sample.is_known for sample in self.samples),
            "memory_mb": [each.memory_mb for each in stats],
            "descriptors": [each.descriptors for each in stats],
            "threads": [each.threads for each in stats],
        }


def soak(
    context: DrillContext,
    *,
    rounds: int,
    interval: float,
    on_fault: Callable[[str, ProcessStats], None] = lambda _name, _stats: None,
    notice: Notice = lambda _: None,
    rate: float = 20,
) -> SoakReport:
    """Inject `rounds` faults, one every `interval` seconds and for half of it, in each zone in turn."""
    lab = lab_of(context.target)
    faults, stats = [], []
    size = load_size(context, rate, notice)
    with Load(context.target, context.function, size=size) as load:
        for name, zone in itertools.islice(_schedule(context.outputs["zones"]), rounds):
            time.sleep(interval / 2)
            stats.append(lab.daemon_stats())
            on_fault(f"{name} in {zone}", stats[-1])
            with injected(FAULTS[name], replace(context, zone=zone), interval / 2, notice) as injection:
                injection.pause(interval / 2)
            faults.append(name)
        time.sleep(interval / 2)
        stats.append(lab.daemon_stats())
    return SoakReport(faults, load.samples(), stats)


def _schedule(zones: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each fault in each zone, repeatedly."""
    for zone in itertools.cycle(zones):
        for name in SOAK_FAULTS:
            yield name, zone
