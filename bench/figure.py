"""A chart (SVG) of the hit latencies of a run."""

from __future__ import annotations

from html import escape

from bench.result import NAIVE, OURS, RAW, SCENARIO, Result
from bench.times import Times

_WIDTH, _LABELS, _BAR, _GAP = 760, 190, 18, 8
_COLOURS = {RAW: "#8a8f98", OURS: "#1a7f37", NAIVE: "#bf8700", SCENARIO: "#cf222e"}
_STYLE = "font-family:system-ui,sans-serif;font-size:13px;fill:#57606a"


def svg(result: Result) -> str:
    """Return a panel for each size, with its own scale: bars for the medians, thin lines up to each p99."""
    parts: list[str] = []
    y = 10
    for size, series in result.hits.items():
        selected = {name: series[name] for name in _COLOURS}
        parts.append(_text(0, y + 14, f"Hit, {size}: from the event to the bytes of the response"))
        y += 26
        scale = (_WIDTH - _LABELS - 190) / max(times.p99 for times in selected.values())
        for name, times in selected.items():
            parts += _bar(y, name, times, scale, times.p50 / selected[RAW].p50)
            y += _BAR + _GAP
        y += 14
    parts.append(
        _text(0, y + 4, "bar: median; line: 99th percentile; x: ratio to a get over a persistent raw socket")
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 14}" role="img" '
        f'aria-label="Latency of a cache hit">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bar(y: int, name: str, times: Times, scale: float, ratio: float) -> list[str]:
    colour = _COLOURS[name]
    end = _LABELS + times.p99 * scale
    middle = y + _BAR / 2
    return [
        _text(0, y + 14, name),
        f'<rect x="{_LABELS}" y="{y}" width="{times.p50 * scale:.1f}" height="{_BAR}" fill="{colour}"/>',
        f'<line x1="{_LABELS}" y1="{middle}" x2="{end:.1f}" y2="{middle}" stroke="{colour}"/>',
        _text(end + 8, y + 14, f"{times.p50:.0f} µs, {ratio:.2f} x (p99 {times.p99:.0f})"),
    ]


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" style="{_STYLE}">{escape(text)}</text>'
