"""Probe results of the running stack, for its diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vpcache.probes import Result


@dataclass(frozen=True)
class Live:
    """The results of `vpcache.probes.verify`; empty without probes."""

    results: Sequence[Result] = ()

    def of(self, probe: str, zone: str | None = None) -> bool | None:
        """Return whether a probe passed, None if it did not run."""
        return next(
            (result.passed for result in self.results if (result.name, result.zone) == (probe, zone)), None
        )
