"""What the page shows, read from the lab, and the difference from one reading to the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, Protocol

from vpcache.lab.daemon.link_counters import Counters, LinkCounters, traffic
from vpcache.lab.daemon.live import drops as dropped
from vpcache.lab.daemon.live import fault_view
from vpcache.lab.daemon.live.drill_progress import DrillProgress
from vpcache.lab.daemon.live.invocations import WatchedRunner
from vpcache.lab.daemon.live.model import Model
from vpcache.lab.daemon.live.stacks import elastic_ips, outside, stacks, users_by_interface
from vpcache.lab.faults import Fault, internet_hosts
from vpcache.lab.flows.drops import Drop
from vpcache.lab.topology import Topology

Json = dict[str, Any]
_QUIET_READINGS = 2  # after a packet, until its drop is reported for certain


class LabSource(Protocol):
    """The region's part that the page reads; `topology` is another object after each change."""

    @property
    def topology(self) -> Topology:
        """The topology that was applied last."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The active faults, oldest first."""


class Observer:
    """Reads the lab between `open` and `close`, and holds open files only then. Not for several threads.

    `drops` returns the flows that were dropped in the last minute. `model` returns the model, while `at_rest`
    blocks all changes of it. `lab` is a part of each snapshot.
    """

    def __init__(
        self,
        region: LabSource,
        counters: LinkCounters,
        runner: WatchedRunner,
        drills: DrillProgress,
        *,
        drops: Callable[[], Iterable[Drop]],
        model: Callable[[], Model],
        at_rest: Callable[[], AbstractContextManager[None]],
        lab: Mapping[str, Any],
    ) -> None:
        self._region = region
        self._counters = counters
        self._runner = runner
        self._drills = drills
        self._dropped = drops
        self._read_model = model
        self._at_rest = at_rest
        self._lab = lab
        self._last_line = 0
        self._forget()

    def open(self) -> None:
        """Begin with a first reading."""
        self.changes()

    def close(self) -> None:
        """Close all files, and forget what was read."""
        self._counters.close()
        self._forget()

    def snapshot(self) -> Json:
        """Return all that the last reading found, with the newest log lines of each function."""
        lines = self._runner.lines(0, self._last_line)
        return {"time": _now(), "lab": self._lab, **self._shown, "logs": [asdict(line) for line in lines]}

    def changes(self) -> Json:
        """Read the lab, and return the parts that differ from the last reading; nothing if none does.

        The part `logs` has the lines since then.
        """
        parts = {**self._structure(), **self._faults(), **self._traffic(), **self._functions()}
        parts["drill"] = self._drills.latest
        parts |= self._drops()
        changed = {key: value for key, value in parts.items() if self._shown.get(key, _MISSING) != value}
        self._shown |= changed
        before, self._last_line = self._last_line, self._runner.last_line
        if self._last_line > before:
            lines = self._runner.lines(before, self._last_line)
            changed["logs"] = [asdict(line) for line in lines]
        return {"time": _now(), **changed} if changed else {}

    def _forget(self) -> None:
        self._shown: Json = {}
        self._topology: Topology | None = None
        self._model = Model()
        self._active: tuple[Fault, ...] | None = None
        self._read_counters: dict[str, Counters] = {}
        self._read_at = 0.0
        self._invocations = -1
        self._last_line = 0
        self._quiet = 0

    def _structure(self) -> Json:
        """Return the picture, if the topology is another one than before."""
        if self._region.topology is self._topology:
            return {}
        with self._at_rest():
            self._topology = self._region.topology
            self._model = self._read_model()
            self._counters.follow(self._topology)
        self._active = None  # what faults hit depends on the topology
        self._invocations = -1
        return {
            "stacks": stacks(self._topology, self._model),
            "outside": outside(self._model),
            "elastic_ips": elastic_ips(self._topology, self._model),
            "internet": {
                "hosts": [
                    {
                        "name": name,
                        "address": str(address),
                        "function": self._model.url_functions.get(name),
                    }
                    for name, address in sorted(internet_hosts(self._topology).items())
                ]
            },
            "fault_choices": fault_view.choices(self._topology),
        }

    def _faults(self) -> Json:
        faults = self._region.faults
        if faults is self._active or self._topology is None:
            return {}
        self._active = faults
        return {
            "faults": fault_view.described(faults),
            "faulty": fault_view.faulty(self._topology, faults),
        }

    def _traffic(self) -> Json:
        now, counters = time.monotonic(), self._counters.read()
        found = traffic(counters, self._read_counters, now - self._read_at)
        self._quiet = 0 if counters != self._read_counters else self._quiet + 1
        self._read_counters, self._read_at = counters, now
        return {"traffic": found}

    def _functions(self) -> Json:
        changes = self._runner.changes
        if changes == self._invocations:
            return {}
        self._invocations = changes
        known = {each.arn for each in self._model.functions}
        return {"functions": {arn: each for arn, each in self._runner.figures().items() if arn in known}}

    def _drops(self) -> Json:
        """Return the dropped flows. Without packets in the last readings there are no new ones."""
        is_quiet = self._quiet > _QUIET_READINGS
        if self._topology is None or (is_quiet and not self._shown.get("drops", True)):
            return {}
        users = users_by_interface(self._topology, self._model)
        return {"drops": dropped.described(self._dropped(), self._topology, users)}


_MISSING = object()


def _now() -> int:
    return int(time.time() * 1000)
