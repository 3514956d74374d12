"""A soak: a long load with one fault after another, and a look at what the lab's daemon keeps."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from vpcache.drills.changes import lab_of
from vpcache.drills.context import DrillContext
from vpcache.drills.drill import load_size
from vpcache.drills.faults import FAULTS
from vpcache.drills.injection import Notice, injected
from vpcache.drills.load import Load, Sample
from vpcache.lab.daemon.process_stats import ProcessStats

SOAK_FAULTS = ("node-hung", "nat-gateway", "node-dead", "origin-erroring", "zone", "node-reboot", "all-nodes")


@dataclass(frozen=True)
class SoakReport:
    """`stats` is what the daemon stats in the quiet before each fault and at the end."""

    faults: list[str]
    samples: list[Sample]
    stats: list[ProcessStats]

    def figures(self) -> dict[str, object]:
        """Return the figures that matter."""
        # the first round fills pools and caches; what grows after it is kept for good
        settled = self.stats[min(len(SOAK_FAULTS), len(self.stats) - 1)]
        moments = (self.stats[0], settled, self.stats[-1])
        return {
            "faults": len(self.faults),
            "requests": len(self.samples),
            "wrong_answers": sum(sample.is_wrong for sample in self.samples),
            "errors": sum(sample.failed for sample in self.samples),
            "errors_on_known_keys": sum(sample.failed and sample.is_known for sample in self.samples),
            "memory_mb": [each.memory_mb for each in moments],
            "descriptors": [each.descriptors for each in moments],
            "threads": [each.threads for each in moments],
        }


def soak(
    context: DrillContext,
    *,
    rounds: int,
    interval: float,
    on_fault: Callable[[str, ProcessStats], None] = lambda _name, _held: None,
    notice: Notice = lambda _: None,
    rate: float = 20,
) -> SoakReport:
    """Inject `rounds` faults, one every `interval` seconds and for half of it, in each zone in turn."""
    lab = lab_of(context.target)
    made, stats = [], []
    size = load_size(context, rate, notice)
    with Load(context.target, context.function, size=size) as load:
        for name, zone in itertools.islice(_turns(context.outputs["zones"]), rounds):
            time.sleep(interval / 2)
            stats.append(lab.daemon_stats())
            on_fault(f"{name} in {zone}", stats[-1])
            with injected(FAULTS[name], replace(context, zone=zone), interval / 2, notice) as injection:
                injection.pause(interval / 2)
            made.append(name)
        time.sleep(interval / 2)
        stats.append(lab.daemon_stats())
    return SoakReport(made, load.samples(), stats)


def _turns(zones: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each fault in each zone, over and over."""
    for zone in itertools.cycle(zones):
        for name in SOAK_FAULTS:
            yield name, zone
