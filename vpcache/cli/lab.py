"""The commands for the lab."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

from vpcache.cli.console import is_confirmed, parse_positive, print_notice, step, user_errors
from vpcache.cli.host.foreground import stopped_by_signals, wait_for_end
from vpcache.cli.host.system_packages import prepare_host
from vpcache.errors import VpcacheError
from vpcache.lab.client import DEFAULT_PORT, Lab, LabStatus
from vpcache.lab.doctor import Finding, examine
from vpcache.lab.faults import Fault, fault_kind
from vpcache.lab.settings import LabSettings, parse_value
from vpcache.program import command
from vpcache.project import Project
from vpcache.stack.overview.listing import stacks as listed_stacks
from vpcache.stack.overview.summary import Condition
from vpcache.stack.target import lab_target

_MAX_DELAY = 3600.0  # seconds by which an origin is slow


@user_errors
def start(root: Path, *, foreground: bool = False, all_addresses: bool = False) -> None:
    """Start the lab unless it is running. In the foreground, return when it ends."""
    lab = chosen_lab()
    before = lab.status()
    if before.running and (foreground or all_addresses):
        raise VpcacheError(
            f"the lab is already running at {before.endpoint}, process {before.pid}: "
            f"`{command('lab.stop')}` stops it, with its stacks"
        )
    with stopped_by_signals(lab) if foreground else nullcontext():
        status = started(lab, Project(root), all_addresses=all_addresses)
        verb = "is already running" if before.running else "is running"
        print(f"the lab {verb} at {status.endpoint}, process {status.pid}", flush=True)
        if foreground and status.pid is not None:
            wait_for_end(lab, status.pid)


@user_errors
def stop(*, yes: bool) -> None:
    """Stop the lab if it is running, after a confirmation if it has stacks."""
    lab = chosen_lab()
    status = lab.status()
    if not status.running:
        print(f"the lab at {lab.endpoint} was not running")
        return
    status.check_owner(enters=True)
    stacks = ", ".join(_stacks_of(lab))
    if stacks and not (yes or is_confirmed(f"stop the lab at {lab.endpoint}, which deletes {stacks}")):
        return
    lab.stop()
    print(f"the lab at {lab.endpoint} was stopped{f', and {stacks} deleted' if stacks else ''}")


def _stacks_of(lab: Lab) -> list[str]:
    """Return the names of the stacks of all regions of a lab."""
    target = lab_target(lab.endpoint, os.environ)
    found = listed_stacks(target, target.account(), print_notice, all_regions=True)
    return sorted({stack.name for stack in found if stack.condition is not Condition.EMPTY})


@user_errors
def status(*, as_json: bool) -> None:
    """Print whether the lab is running."""
    status = chosen_lab().status()
    if as_json:
        print(json.dumps(asdict(status)))
    else:
        if not status.running:
            print("the lab is not running")
            return
        user = f", user {status.owner.user}" if status.owner else ""
        print(f"the lab is running at {status.endpoint}, process {status.pid}{user}")
        _print_faults(status.faults)


@user_errors
def doctor(*, as_json: bool) -> None:
    """Check the requirements of the lab on this host and, if it is running, the consistency of its state."""
    findings = examine()
    lab = chosen_lab()
    if lab.status().running:
        differences = lab.differences()
        text = "; ".join(differences) or "model, kernel and processes are consistent"
        findings.append(Finding(f"lab on port {lab.port}", not differences, text))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        print(*findings, sep="\n")
    failed = [finding.name for finding in findings if not finding.is_ok]
    if failed:
        raise VpcacheError(f"{len(failed)} of {len(findings)} checks failed: {', '.join(failed)}")


@user_errors
def configure(name: str, value: str) -> None:
    """Change a setting of the running lab and print all settings."""
    values = {name: parse_value(name, value)}
    LabSettings().changed(values)
    settings = running_lab().configure(**values)
    for key, current in asdict(settings).items():
        print(f"{key}: {current}")


@user_errors
def audit(principal: str, *, as_json: bool) -> None:
    """Print the permissions that roles and users used and did not use while the lab enforced IAM."""
    audits = running_lab(reads=True).audit()
    if principal:
        known = ", ".join(each.principal for each in audits) or "none"
        audits = tuple(
            each for each in audits if principal in (each.principal, each.principal.rpartition("/")[2])
        )
        if not audits:
            raise VpcacheError(f"unknown principal '{principal}': those that made a call are {known}")
    if as_json:
        print(json.dumps({"principals": [asdict(each) for each in audits]}))
        return
    for each in audits:
        print(each.principal)
        for title, names in (
            ("used", each.used),
            ("denied", each.denied),
            ("never used", each.unused),
            ("statements that nothing needed", each.unneeded_statements),
        ):
            print(f"  {title}: {', '.join(names) or 'none'}")
        print("  smallest policy:", json.dumps(each.policy))


@user_errors
def fault(kind: str, target: str, mode: str, seconds: str) -> None:
    """Inject a fault and print all active faults."""
    duration = parse_positive(seconds, "--seconds", at_most=_MAX_DELAY) if seconds else None
    checked = Fault.create(kind, target, mode or None, duration)
    _print_faults(running_lab().fault(kind, target, checked.mode, seconds=duration))


@user_errors
def clear(kind: str, target: str) -> None:
    """Remove the fault of one target, or all faults; print the removed and the active ones.

    Raises VpcacheError if the target has no fault.
    """
    if bool(kind) != bool(target):
        raise VpcacheError("use both --kind and --target for one fault, or neither to clear all faults")
    kind_name = fault_kind(kind) if kind else None
    lab = running_lab()
    before = lab.faults()
    if kind_name and not any(each.is_about(kind_name, target) for each in before):
        faults = ", ".join(f"{each.kind} {each.target}" for each in before)
        choices = f"choose from {faults}" if before else "no faults are active"
        raise VpcacheError(f"{kind} '{target}' has no fault; {choices}")
    active = lab.clear_faults(kind_name, target or None)
    for each in before:
        if each not in active:
            print(f"cleared: {each.label}")
    _print_faults(active)
    if not active:
        print("no active faults")


def running_lab(*, reads: bool = False, enters: bool = False) -> Lab:
    """Return the chosen lab. Raises LabNotRunningError if it is not running.

    Raises LabError if it belongs to another user, unless the command only `reads`. With `enters`, for its
    namespaces, raises it also if the lab runs in another container.
    """
    lab = chosen_lab()
    lab.faults()
    if not reads:
        lab.status().check_owner(enters=enters)
    return lab


def _print_faults(faults: Sequence[Fault]) -> None:
    for fault in faults:
        print(f"fault: {fault.label}")


def chosen_lab() -> Lab:
    """Return the lab on the port in VPCACHE_LAB_PORT. Raises VpcacheError if the port is invalid."""
    port = os.environ.get("VPCACHE_LAB_PORT", str(DEFAULT_PORT))
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise VpcacheError(f"VPCACHE_LAB_PORT is '{port}': must be a port number from 1 to 65535")
    return Lab(int(port))


def started(lab: Lab, project: Project, *, all_addresses: bool = False) -> LabStatus:
    """Start `lab` unless it is running: with its log in the project's work folder, and its settings.

    The system packages that it requires are installed if they are missing and the user may do so. Raises
    LabError if the lab is running for another user.
    """
    settings = project.lab_settings()
    was_running = lab.status().running
    if not was_running:
        prepare_host()
    with step("lab"):
        status = lab.start(project.work_dir / f"lab-{lab.port}.log", all_addresses=all_addresses)
        status.check_owner()
        if settings and not was_running:
            lab.configure(**settings)
        return status


def print_notices(lab: Lab) -> None:
    """Print how the lab's functions differ from AWS's on this machine."""
    for line in lab.notices():
        print_notice(line)
