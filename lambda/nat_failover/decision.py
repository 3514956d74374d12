"""Which default routes change after a round of checks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Round = Mapping[str, "bool | None"]
"""Whether the NAT gateway of each zone reached the internet, by zone; None if its check did not run."""


@dataclass(frozen=True)
class Thresholds:
    """How many consecutive rounds must fail before a route leaves its gateway, and pass before it returns."""

    failures: int
    successes: int


def decide(
    serving: Mapping[str, str | None], rounds: Sequence[Round], thresholds: Thresholds
) -> dict[str, str]:
    """Return the zones whose default route changes, each with the zone whose gateway it gets.

    `serving` has the zone whose gateway serves each zone now; a zone whose route has another target, None, is
    left alone. `rounds` are in the order of time. A gateway gets the route of another zone only if it passed
    as many rounds as a failure needs, so that a loss of all targets, which fails every zone, changes nothing.
    """
    changes = {}
    for zone, current in serving.items():
        if current is None:
            continue
        if current != zone and _all(rounds, zone, True, thresholds.successes):
            changes[zone] = zone
        elif _all(rounds, current, False, thresholds.failures):
            candidates = _beginning_with(zone, serving)
            steady = (each for each in candidates if _all(rounds, each, True, thresholds.failures))
            if substitute := next(steady, None):
                changes[zone] = substitute
    return changes


def _beginning_with(zone: str, zones: Iterable[str]) -> list[str]:
    """Return the zone, then those after it by name, so that two failed zones get different substitutes."""
    ordered = sorted(zones)
    position = ordered.index(zone)
    return ordered[position:] + ordered[:position]


def _all(rounds: Sequence[Round], zone: str, result: bool, count: int) -> bool:
    """Return whether the last `count` rounds all have `result` for a zone."""
    last = rounds[-count:]
    return len(last) == count and all(each.get(zone) is result for each in last)
