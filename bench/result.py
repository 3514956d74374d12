"""The figures of a run, and the goals for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.stack import EndToEnd
from bench.times import Times

RAW, AGAIN, OURS, SILENT = "raw socket", "raw socket again", "vpcache", "vpcache, no telemetry"
NAIVE, SCENARIO = "naive Python", "source scenario (Node.js)"
ORIGIN = "origin alone"
HANDLER, BARE = "handler", "pymemcache and powertools"


@dataclass(frozen=True)
class Result:
    """Hits and misses by size and candidate, in µs; origin calls; import times, in ms; bundle size."""

    hits: dict[str, dict[str, Times]]
    misses: dict[str, dict[str, Times]]
    cold_key: dict[str, int]
    short_lived: dict[str, tuple[int, Times]]
    imports: dict[str, float]
    bundle_bytes: int
    end_to_end: dict[str, EndToEnd] | None


@dataclass(frozen=True)
class Goal:
    """A measured value and its limit."""

    text: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the value is within the limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign, verdict = (">=" if self.at_least else "<="), ("met" if self.is_met else "MISSED")
        return f"{self.text}: {self.value:.2f}{self.unit} ({sign} {self.limit:g}{self.unit}) {verdict}"


def goals(result: Result) -> list[Goal]:
    """Return the goals of the project with this run's values."""
    all_goals = []
    for size, faster in (("2 KB", 5), ("100 KB", 12)):
        hit = result.hits[size]
        raw, ours = hit[RAW], hit[OURS]
        all_goals += [
            Goal(f"hit {size}, p50 over the raw socket's", ours.p50 / raw.p50, 1.2),
            Goal(f"hit {size}, p99 over the raw socket's", ours.p99 / raw.p99, 1.4),
            Goal(
                f"hit {size}, the scenario's p50 over ours",
                hit[SCENARIO].p50 / ours.p50,
                faster,
                at_least=True,
            ),
        ]
    hit = result.hits["2 KB"]
    calls, stale = result.short_lived[OURS]
    all_goals += [
        Goal("telemetry, added to a hit's p50", (hit[OURS].p50 - hit[SILENT].p50) / 1e3, 0.15, " ms"),
        Goal("origin calls of 100 callers on a cold key", result.cold_key[OURS], 1),
        Goal("origin calls in 12 s of 40 callers, TTL 2 s", calls, 7),
        Goal("p99 of those callers", stale.p99 / 1e3, 10, " ms"),
    ]
    for size, miss in result.misses.items():
        all_goals.append(
            Goal(
                f"miss {size}, p50 over the origin's own",
                (miss[OURS].p50 - miss[ORIGIN].p50) / 1e3,
                1.5,
                " ms",
            )
        )
    limit = min(120, 1.2 * result.imports[BARE])
    all_goals += [
        Goal("import of the handler", result.imports[HANDLER], round(limit, 1), " ms"),
        Goal("bundle", result.bundle_bytes / 1e6, 2, " MB"),
    ]
    return all_goals


def text(result: Result) -> str:
    """Return the run as tables, with the goals below."""
    rows = []
    for title, by_size in (("hit", result.hits), ("miss", result.misses)):
        for size, series in by_size.items():
            base = next(iter(series.values()))
            rows.append(f"{title}, {size:24}  p50 µs   p99 µs   p50 ratio   p99 ratio   samples")
            for name, timing in series.items():
                rows.append(
                    f"  {name:28}{timing.p50:9.1f}{timing.p99:9.1f}{timing.p50 / base.p50:12.2f}"
                    f"{timing.p99 / base.p99:12.2f}{timing.count:10}"
                )
    rows.append("the two raw sockets differ by noise only")
    rows.append("origin calls of 100 callers on a cold key: " + _join(result.cold_key))
    for name, (calls, timing) in result.short_lived.items():
        rows.append(
            f"40 callers, 10/s each, 12 s, TTL 2 s, {name}: {calls} origin calls, "
            f"p50 {timing.p50 / 1e3:.2f} ms, p99 {timing.p99 / 1e3:.2f} ms, {timing.count} calls"
        )
    rows.append("import, ms: " + _join({name: round(value, 1) for name, value in result.imports.items()}))
    rows.append(f"bundle: {result.bundle_bytes} bytes")
    for size, end in (result.end_to_end or {}).items():
        rows.append(f"end to end on the lab, hit {size}: {end}")
    return "\n".join([*rows, "", *map(str, goals(result))])


def _join(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
