"""A soak: a long load with one thing after another taken away, and a look at what the lab's daemon keeps."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from vpcache.drills.disruption import DISRUPTIONS, Premises
from vpcache.drills.load import Load, Sample
from vpcache.lab.held import Held

FAULTS = ("node-hung", "nat-gateway", "node-dead", "origin-erroring", "zone", "node-reboot", "all-nodes")


@dataclass(frozen=True)
class SoakReport:
    """`held` is what the daemon held in the quiet before each fault and at the end."""

    faults: list[str]
    samples: list[Sample]
    held: list[Held]

    def figures(self) -> dict[str, object]:
        """Return the figures that matter."""
        # the first round fills pools and caches; what grows after it is kept for good
        settled = self.held[min(len(FAULTS), len(self.held) - 1)]
        moments = (self.held[0], settled, self.held[-1])
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
    premises: Premises,
    *,
    rounds: int,
    interval: float,
    on_fault: Callable[[str, Held], None] = lambda _name, _held: None,
    rate: float = 20,
) -> SoakReport:
    """Take `rounds` things away, one every `interval` seconds and for half of it, in each zone in turn."""
    lab = premises.lab
    assert lab is not None  # AWS has no daemon to look at
    pause = threading.Event().wait
    made, held = [], []
    with Load(premises.target, premises.outputs["cached_api"], rate=rate) as load:
        for name, zone in itertools.islice(_turns(premises.outputs["zones"]), rounds):
            pause(interval / 2)
            held.append(lab.held())
            on_fault(f"{name} in {zone}", held[-1])
            with DISRUPTIONS[name].apply(replace(premises, zone=zone)):
                pause(interval / 2)
            made.append(name)
        pause(interval / 2)
        held.append(lab.held())
    return SoakReport(made, load.samples(), held)


def _turns(zones: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each fault in each zone, over and over."""
    for zone in itertools.cycle(zones):
        for name in FAULTS:
            yield name, zone
