"""A whole run's figures, and what was to be reached."""

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
    """Hits and misses by size and contestant, in µs; calls of the origin; import times, in ms; bytes."""

    hits: dict[str, dict[str, Times]]
    misses: dict[str, dict[str, Times]]
    cold_key: dict[str, int]
    short_lived: dict[str, tuple[int, Times]]
    imports: dict[str, float]
    bundle_bytes: int
    end_to_end: dict[str, EndToEnd] | None


@dataclass(frozen=True)
class Line:
    """One thing to be reached: what was measured, and its limit."""

    text: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the value is on the right side of the limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        sign, verdict = (">=" if self.at_least else "<="), ("met" if self.is_met else "MISSED")
        return f"{self.text}: {self.value:.2f}{self.unit} ({sign} {self.limit:g}{self.unit}) {verdict}"


def lines(result: Result) -> list[Line]:
    """Return what issue and README promise, with this run's values."""
    found = []
    for size, faster in (("2 KB", 5), ("100 KB", 12)):
        hit = result.hits[size]
        raw, ours = hit[RAW], hit[OURS]
        found += [
            Line(f"hit {size}, p50 over the raw socket's", ours.p50 / raw.p50, 1.3),
            Line(f"hit {size}, p99 over the raw socket's", ours.p99 / raw.p99, 1.6),
            Line(
                f"hit {size}, the scenario's p50 over ours",
                hit[SCENARIO].p50 / ours.p50,
                faster,
                at_least=True,
            ),
        ]
    hit = result.hits["2 KB"]
    calls, stale = result.short_lived[OURS]
    found += [
        Line("telemetry, added to a hit's p50", (hit[OURS].p50 - hit[SILENT].p50) / 1e3, 0.15, " ms"),
        Line("origin calls of 100 callers on a cold key", result.cold_key[OURS], 1),
        Line("origin calls in 12 s of 40 callers, TTL 2 s", calls, 7),
        Line("p99 of those callers", stale.p99 / 1e3, 10, " ms"),
    ]
    for size, miss in result.misses.items():
        found.append(
            Line(
                f"miss {size}, p50 over the origin's own", (miss[OURS].p50 - miss[ORIGIN].p50) / 1e3, 2, " ms"
            )
        )
    limit = min(120, 1.2 * result.imports[BARE])
    found += [
        Line("import of the handler", result.imports[HANDLER], round(limit, 1), " ms"),
        Line("bundle", result.bundle_bytes / 1e6, 2, " MB"),
    ]
    return found


def text(result: Result) -> str:
    """Return the run as tables, and what was reached of what is promised."""
    said = []
    for title, by_size in (("hit", result.hits), ("miss", result.misses)):
        for size, series in by_size.items():
            base = next(iter(series.values()))
            said.append(f"{title}, {size:24}  p50 µs   p99 µs   p50 ratio   p99 ratio   samples")
            for name, each in series.items():
                said.append(
                    f"  {name:28}{each.p50:9.1f}{each.p99:9.1f}{each.p50 / base.p50:12.2f}"
                    f"{each.p99 / base.p99:12.2f}{each.count:10}"
                )
    said.append("the two raw sockets differ by the machine's noise alone")
    said.append("origin calls of 100 callers on a cold key: " + _listed(result.cold_key))
    for name, (calls, each) in result.short_lived.items():
        said.append(
            f"40 callers, 10/s each, 12 s, TTL 2 s, {name}: {calls} origin calls, "
            f"p50 {each.p50 / 1e3:.2f} ms, p99 {each.p99 / 1e3:.2f} ms, {each.count} calls"
        )
    said.append("import, ms: " + _listed({name: round(value, 1) for name, value in result.imports.items()}))
    said.append(f"bundle: {result.bundle_bytes} bytes")
    for size, seen in (result.end_to_end or {}).items():
        said.append(
            f"end to end on the lab, hit {size}: caller p50 {seen.caller.p50 / 1e3:.2f} ms p99 "
            f"{seen.caller.p99 / 1e3:.2f} ms; function p50 {seen.function.p50 / 1e3:.2f} ms p99 "
            f"{seen.function.p99 / 1e3:.2f} ms"
        )
    return "\n".join([*said, "", *map(str, lines(result))])


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
