"""The last rounds of checks, as long as they follow each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from decision import Round


@dataclass(frozen=True)
class History:
    """At most `length` rounds. Rounds before a pause of more than `longest_pause` seconds are dropped."""

    length: int
    longest_pause: float
    rounds: tuple[Round, ...] = ()
    at: float = 0.0  # seconds since the epoch: a frozen process may stop other clocks

    def with_round(self, at: float, results: Round) -> History:
        """Return the history after a round that began `at` a time."""
        is_gap = not 0 <= at - self.at <= self.longest_pause
        rounds = (results,) if is_gap else (*self.rounds, results)
        return replace(self, rounds=rounds[-self.length :], at=at)
