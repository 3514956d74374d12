"""Drills and soaks from the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from vpcache.commands.console import in_one_line, positive, writable
from vpcache.commands.lab import chosen_lab
from vpcache.commands.stack import chosen_stack, say_header
from vpcache.drills.chart import svg_chart, text_chart
from vpcache.drills.disruption import DISRUPTIONS, Premises, disruption
from vpcache.drills.drill import Report, Schedule, run
from vpcache.drills.soak import FAULTS, soak
from vpcache.errors import VpcacheError
from vpcache.lab.held import Held
from vpcache.stack import Stack

_SOAK_INTERVAL = 120.0  # seconds from fault to fault


@in_one_line
def drill(
    root: Path,
    environment: str,
    target: str,
    name: str,
    *,
    fault: str,
    zone: str,
    seconds: str,
    svg: str,
    as_json: bool,
) -> None:
    """Take something away under load, give it back, and show what callers saw."""
    if not fault:
        raise VpcacheError(
            f"give --fault with one of {', '.join(DISRUPTIONS)}, or --soak for one after another"
        )
    lasts = positive(seconds, "--seconds")
    picture = writable(svg) if svg else None
    stack = chosen_stack(root, environment, target, name)
    premises = _premises(stack, zone)
    chosen = disruption(fault, premises)
    if not as_json:
        say_header(f"drill {fault} in {premises.zone}:", stack)
    report = run(
        fault,
        chosen,
        premises,
        Schedule(during=lasts, after=lasts),
        (lambda *_: None) if as_json else (lambda what, long: print(f"{what}, {long:g} s", flush=True)),
    )
    if picture:
        picture.write_text(svg_chart(report))
    if as_json:
        timeline = [asdict(second) for second in report.seconds]
        print(json.dumps({**report.figures(), "timeline": timeline}))
    else:
        _show(report)


@in_one_line
def soak_stack(
    root: Path, environment: str, target: str, name: str, *, fault: str, minutes: str, as_json: bool
) -> None:
    """Take one thing after another away, every two minutes, and show what callers saw and the lab kept."""
    if fault:
        raise VpcacheError(f"--soak makes {', '.join(FAULTS)} in turn: leave --fault {fault} out")
    rounds = max(1, round(positive(minutes, "--minutes") * 60 / _SOAK_INTERVAL))
    stack = chosen_stack(root, environment, target, name)
    if not stack.target.is_lab:
        raise VpcacheError(
            "--soak looks at the lab's daemon, and most of its faults are the lab's: use --target lab"
        )

    def tell(what: str, held: Held) -> None:
        if not as_json:
            print(
                f"{what}; the lab holds {held.memory_mb:.0f} MiB, {held.descriptors} descriptors", flush=True
            )

    if not as_json:
        say_header(f"soak of {rounds} faults out of {', '.join(FAULTS)}:", stack)
    report = soak(_premises(stack, ""), rounds=rounds, interval=_SOAK_INTERVAL, on_fault=tell)
    if as_json:
        print(json.dumps(report.figures()))
    else:
        for key, value in report.figures().items():
            print(f"{key}: {value}")


def _premises(stack: Stack, zone: str) -> Premises:
    outputs = stack.outputs()
    lab = chosen_lab() if stack.target.is_lab else None
    return Premises(stack.target, outputs, zone or outputs["zones"][0], lab)


def _show(report: Report) -> None:
    for line in text_chart(report):
        print(line)
    for key, value in report.figures().items():
        print(f"{key}: {value}")
