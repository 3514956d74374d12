"""What probes of the running stack showed, for a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vpcache.probes import Result


@dataclass(frozen=True)
class Live:
    """The results of `vpcache.probes.verify`; none if nothing was probed."""

    results: Sequence[Result] = ()

    def of(self, probe: str, zone: str | None = None) -> bool | None:
        """Return whether a probe passed, None if it was not made."""
        return next((each.passed for each in self.results if (each.name, each.zone) == (probe, zone)), None)
