"""The chart of a drill's timeline, as lines of text and as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape

from vpcache.drills.drill import Report
from vpcache.drills.timeline import Second
from vpcache.wording import counted

_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH, _PANEL, _LEFT, _RIGHT, _TOP, _GAP = 760, 110, 60, 16, 92, 36
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 } .faint { fill: #6e7781 }
  .ground { fill: #ffffff } .fault { fill: #cf222e; opacity: .10 } .grid { stroke: #d0d7de }
  .label { fill: #cf222e; font-weight: 600 }
  rect.requests { fill: #80ccff } rect.errors { fill: #cf222e }
  polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
  polyline.hit { stroke: #1a7f37 } polyline.p50 { stroke: #8250df } polyline.p99 { stroke: #9a6700 }
  tspan { font-weight: 600 }
  tspan.requests { fill: #0969da } tspan.errors { fill: #cf222e }
  tspan.p50 { fill: #8250df } tspan.p99 { fill: #9a6700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .grid { stroke: #3d444d } .ground { fill: #0d1117 }
    .fault { opacity: .22 } .label, tspan.errors { fill: #f85149 } rect.errors { fill: #f85149 }
    rect.requests { fill: #1f6feb } tspan.requests { fill: #58a6ff }
    polyline.hit { stroke: #3fb950 } polyline.p50 { stroke: #ab7df8 } polyline.p99 { stroke: #d29922 }
    tspan.p50 { fill: #ab7df8 } tspan.p99 { fill: #d29922 }
  }
"""


def text_chart(report: Report) -> list[str]:
    """Return lines for a terminal with one character a second; vertical bars enclose the fault."""
    timeline = report.seconds
    rows: list[tuple[str, list[float], str]] = [
        ("requests/s", [float(second.requests) for second in timeline], "{:.0f}"),
        ("errors/s", [float(second.errors) for second in timeline], "{:.0f}"),
        ("hit rate", [100 * (second.hit_rate or 0.0) for second in timeline], "{:.0f} %"),
        ("p50", [second.p50_ms for second in timeline], "{:.1f} ms"),
        ("p99", [second.p99_ms for second in timeline], "{:.1f} ms"),
    ]
    lines = []
    for name, values, unit in rows:
        top = max(values, default=0.0)
        bars = "".join(
            _mark(second.at, report) + _BARS[round(value / top * 8) if top else 0]
            for second, value in zip(timeline, values, strict=True)
        )
        lines.append(f"{name:>10} {bars}  max {unit.format(top)}")
    return lines


def svg_chart(report: Report) -> str:
    """Return an SVG chart of three panels over one time axis, in seconds from the fault."""
    timeline = report.seconds
    first, last = timeline[0].at, timeline[-1].at + 1
    span = (_WIDTH - _LEFT - _RIGHT) / (last - first)
    height = _TOP + 3 * (_PANEL + _GAP)

    def x(at: float) -> float:
        return _LEFT + (at - first) * span

    end = report.removed - report.injected
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'role="img" aria-label="drill {escape(report.fault)}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}"/>',
        f'<text class="title" x="{_LEFT}" y="26">{escape(_title(report))}</text>',
        f'<text class="faint" x="{_LEFT}" y="46">{escape(_summary(report))}</text>',
        f'<rect class="fault" x="{x(0):.1f}" y="{_TOP - _GAP + 8}" width="{end * span:.1f}" '
        f'height="{3 * (_PANEL + _GAP) - 8}"/>',
        f'<text class="label" x="{x(end) - 6:.1f}" y="{_TOP - 8}" text-anchor="end">fault</text>',
        *_bars(timeline, x, span, _TOP),
        *_hit_panel(timeline, x, _TOP + _PANEL + _GAP),
        *_latency_panel(timeline, x, _TOP + 2 * (_PANEL + _GAP)),
    ]
    for at in range(first, last + 1):
        if at % 5 == 0:
            anchor = "end" if at == last else "middle"
            parts.append(
                f'<text class="faint" x="{x(at):.1f}" y="{height - 12}" text-anchor="{anchor}">{at} s</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


def _title(report: Report) -> str:
    return f"drill {report.fault}{f', {report.zone}' if report.zone else ''}"


def _mark(at: int, report: Report) -> str:
    """Return a vertical bar before the seconds in which the fault begins and ends, else nothing."""
    return "│" if at in (0, math.floor(report.removed - report.injected)) else ""


def _summary(report: Report) -> str:
    figures = report.figures()
    return (
        f"{counted(len(report.samples), 'call')}; errors during the fault: {figures['during_errors']}, "
        f"p99 {figures['during_p99_ms']} ms; errors after it: {figures['after_errors']}"
    )


def _panel_frame(y: float, title: str, *labels: str) -> Iterator[str]:
    """Yield a panel's title, and a grid line for each label, from top to bottom."""
    yield f'<text x="{_LEFT}" y="{y - 8:.0f}">{title}</text>'
    for number, label in enumerate(labels):
        at = y + number * _PANEL / (len(labels) - 1)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text class="faint" x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>'


def _bars(timeline: Sequence[Second], x: Callable[[float], float], span: float, y: float) -> Iterator[str]:
    top = max(second.requests for second in timeline)
    title = f"{_coloured('requests')} and {_coloured('errors')} a second"
    yield from _panel_frame(y, title, str(top), "0")
    for second in timeline:
        for css, count in (("requests", second.requests), ("errors", second.errors)):
            tall = count / top * _PANEL
            yield (
                f'<rect class="{css}" x="{x(second.at):.1f}" y="{y + _PANEL - tall:.1f}" '
                f'width="{max(span - 1.5, 1):.1f}" height="{tall:.1f}"/>'
            )


def _hit_panel(timeline: Sequence[Second], x: Callable[[float], float], y: float) -> Iterator[str]:
    yield from _panel_frame(y, "hit rate of known keys", "100 %", "0 %")
    yield _line("hit", x, y, [(second.at, second.hit_rate) for second in timeline])


def _latency_panel(timeline: Sequence[Second], x: Callable[[float], float], y: float) -> Iterator[str]:
    """Yield the latencies from 1 ms up, on a logarithmic scale, as hits and timeouts differ by a thousand."""
    decades = max(1, math.ceil(math.log10(max(second.p99_ms for second in timeline))))
    labels = [f"{10**power // 1000} s" if power > 2 else f"{10**power} ms" for power in range(decades + 1)]
    yield from _panel_frame(y, f"latency, {_coloured('p50')} and {_coloured('p99')}", *reversed(labels))
    for css, values in (
        ("p50", [(second.at, second.p50_ms) for second in timeline]),
        ("p99", [(second.at, second.p99_ms) for second in timeline]),
    ):
        yield _line(css, x, y, [(at, math.log10(max(ms, 1)) / decades) for at, ms in values])


def _coloured(css: str) -> str:
    """Return the name of a series, in its colour."""
    return f'<tspan class="{css}">{css}</tspan>'


def _line(css: str, x: Callable[[float], float], y: float, values: Sequence[tuple[int, float | None]]) -> str:
    """Return a line through the middles of the seconds; values are fractions of the panel's height."""
    points = " ".join(
        f"{x(at + 0.5):.1f},{y + _PANEL * (1 - value):.1f}" for at, value in values if value is not None
    )
    return f'<polyline class="{css}" points="{points}"/>'
