"""The commands for drills and soaks."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from vpcache.cli.console import (
    confirm_name,
    is_confirmed,
    parse_positive,
    print_notice,
    user_errors,
    writable,
)
from vpcache.cli.stack import check_confirm, chosen_stack, print_header
from vpcache.cli.target_choice import TargetChoice
from vpcache.drills.changes import lab_of
from vpcache.drills.chart import svg_chart, text_chart
from vpcache.drills.context import DrillContext
from vpcache.drills.drill import Report, Schedule, run
from vpcache.drills.faults import FAULTS, DrillFault, check_fault, fault_named, shared_gateway
from vpcache.drills.load import MISS_SHARE
from vpcache.drills.record import DrillRunningError, read
from vpcache.drills.soak import SOAK_FAULTS, soak
from vpcache.drills.summary import drill_lines, soak_lines
from vpcache.errors import VpcacheError
from vpcache.lab.daemon.process_stats import ProcessStats
from vpcache.program import command
from vpcache.project import default_name
from vpcache.stack.stack import Stack
from vpcache.stack.target import LAB, target_name
from vpcache.wording import counted

_SOAK_INTERVAL = 120.0  # seconds between two faults
_SECONDS, _MAX_SECONDS = 15.0, 3600.0
_MINUTES, _MAX_MINUTES = 30.0, 1440.0
_RATE = 40.0  # calls a second


@dataclass(frozen=True)
class DrillOptions:
    """The options of the task as typed, empty or None if omitted."""

    fault: str
    zone: str
    seconds: str | None
    svg: str
    soak: bool
    minutes: str | None

    def check(self) -> None:
        """Raise VpcacheError for an invalid combination of options."""
        if not self.soak:
            if not self.fault:
                raise VpcacheError(f"--fault or --soak is required; choose --fault from {', '.join(FAULTS)}")
            if self.minutes is not None:
                raise VpcacheError(f"--minutes {self.minutes} requires --soak: use --seconds instead")
            if self.zone and not fault_named(self.fault).has_zone:
                raise VpcacheError(f"fault '{self.fault}' does not affect a zone: omit --zone {self.zone}")
            return
        if self.fault:
            raise VpcacheError(f"--soak injects {', '.join(SOAK_FAULTS)} in turn: omit --fault {self.fault}")
        for option, value, reason in (
            ("--zone", self.zone or None, "uses all zones in turn"),
            ("--seconds", self.seconds, "injects a fault every two minutes"),
            ("--svg", self.svg or None, "draws no timeline"),
        ):
            if value is not None:
                raise VpcacheError(f"--soak {reason}: omit {option} {value}")


@user_errors
def drill(
    root: Path,
    environment: str,
    target: TargetChoice,
    name: str,
    options: DrillOptions,
    *,
    as_json: bool,
    yes: bool,
    confirm: str,
) -> None:
    """Inject a fault under load, or with --soak several faults, and print the effect on callers."""
    options.check()
    check_confirm(confirm, name or default_name(environment))
    if options.soak:
        minutes = _number(options.minutes, "--minutes", _MINUTES, _MAX_MINUTES)
        if target_name(target.name, os.environ) != LAB:
            raise VpcacheError(
                "--soak monitors the lab's daemon, and most of its faults need the lab: use --target lab"
            )
        context = _context(chosen_stack(root, environment, target, name), "")
        if may_begin(context, 0, yes=yes, confirm=confirm):
            _soak(context, max(1, round(minutes * 60 / _SOAK_INTERVAL)), as_json=as_json)
        return
    fault = fault_named(options.fault)
    seconds = _number(options.seconds, "--seconds", _SECONDS, _MAX_SECONDS)
    svg_file = writable(options.svg) if options.svg else None
    context = _context(chosen_stack(root, environment, target, name), options.zone)
    check_fault(fault, context)
    schedule = Schedule(during=seconds, after=seconds)
    if may_begin(context, schedule.total, yes=yes, confirm=confirm):
        _drill(fault, context, schedule, svg_file, as_json=as_json)


def _drill(
    fault: DrillFault, context: DrillContext, schedule: Schedule, svg_file: Path | None, *, as_json: bool
) -> None:
    if not as_json:
        print_header(f"drill {fault.name}{f' in {context.zone}' if fault.has_zone else ''}:", context.stack)
    if note := shared_gateway(fault, context):
        print_notice(note)
    report = run(
        fault,
        context,
        schedule,
        (lambda *_: None) if as_json else (lambda phase, length: print(f"{phase}, {length:g} s", flush=True)),
        print_notice,
        rate=_RATE,
    )
    if svg_file:
        svg_file.write_text(svg_chart(report))
    if as_json:
        timeline = [asdict(second) for second in report.seconds]
        print(json.dumps({**report.figures(), "timeline": timeline}))
    else:
        _show(report)


def _soak(context: DrillContext, rounds: int, *, as_json: bool) -> None:
    def show(fault: str, stats: ProcessStats) -> None:
        if not as_json:
            print(
                f"{fault}; the lab uses {stats.memory_mb:.0f} MiB, {stats.descriptors} file descriptors",
                flush=True,
            )

    if not as_json:
        print_header(f"soak of {counted(rounds, 'fault')} out of {', '.join(SOAK_FAULTS)}:", context.stack)
    report = soak(context, rounds=rounds, interval=_SOAK_INTERVAL, on_fault=show, notice=print_notice)
    if as_json:
        print(json.dumps(report.figures()))
    else:
        print(*soak_lines(report), sep="\n")


def _context(stack: Stack, zone: str) -> DrillContext:
    outputs = stack.outputs()
    return DrillContext(stack, outputs, zone or outputs["zones"][0])


def may_begin(context: DrillContext, seconds: float, *, yes: bool, confirm: str) -> bool:
    """Return whether a drill of `seconds` may start. The user is asked for a confirmation if required.

    Raises VpcacheError if another drill is in progress, or if a confirmation is required without a terminal.
    """
    stack = context.stack
    running = read(stack.target, stack.state)
    if running is not None and running.has_ended:
        raise VpcacheError(
            f"{running} is not restored yet, for the reason above: fix the cause and run this command again"
        )
    if running is not None:
        raise DrillRunningError(stack.name, running)
    if stack.protected:
        confirm_name(stack.name, f"a drill injects a fault into {stack.name}, which is protected", confirm)
    if stack.target.is_lab:
        if faults := lab_of(stack.target).faults():
            active = ", ".join(fault.label for fault in faults)
            print_notice(f"the lab has active faults: {active}; remove them with `{command('lab.clear')}`")
        return True
    if context.outputs.get("origin_function"):
        return True
    return yes or is_confirmed(
        f"the origin {context.origin_host} does not belong to {stack.name}: a drill sends "
        f"{_RATE * MISS_SHARE:g} requests a second to it, {_RATE:g} without the cache, for {seconds:g} s"
    )


def _number(text: str | None, option: str, default: float, limit: float) -> float:
    """Return the number in an option. Raises VpcacheError unless it is above 0 and at most `limit`."""
    return default if text is None else parse_positive(text, option, at_most=limit)


def _show(report: Report) -> None:
    print(*text_chart(report), *drill_lines(report), sep="\n")
