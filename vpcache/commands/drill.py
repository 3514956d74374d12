"""A drill from the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from vpcache.commands.console import in_one_line
from vpcache.commands.lab import chosen_lab
from vpcache.commands.stack import chosen_stack, say_header
from vpcache.drills.chart import svg_chart, text_chart
from vpcache.drills.disruption import Premises, disruption
from vpcache.drills.drill import Report, Schedule, run


@in_one_line
def drill(
    root: Path,
    environment: str,
    target: str,
    name: str,
    *,
    fault: str,
    zone: str,
    seconds: int,
    svg: str,
    as_json: bool,
) -> None:
    """Take something away under load, give it back, and show what callers saw."""
    stack = chosen_stack(root, environment, target, name)
    outputs = stack.outputs()
    premises = Premises(
        stack.target, outputs, zone or outputs["zones"][0], chosen_lab() if stack.target.is_lab else None
    )
    chosen = disruption(fault, premises)
    if not as_json:
        say_header(f"drill {fault} in {premises.zone}:", stack)
    report = run(
        fault,
        chosen,
        premises,
        Schedule(during=seconds, after=seconds),
        (lambda *_: None) if as_json else (lambda what, lasts: print(f"{what}, {lasts:g} s", flush=True)),
    )
    if svg:
        Path(svg).write_text(svg_chart(report))
    if as_json:
        timeline = [asdict(second) for second in report.seconds]
        print(json.dumps({**report.figures(), "timeline": timeline}))
    else:
        _show(report)


def _show(report: Report) -> None:
    for line in text_chart(report):
        print(line)
    for key, value in report.figures().items():
        print(f"{key}: {value}")
