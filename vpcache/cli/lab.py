"""The commands for the lab."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict

from vpcache.cli.console import parse_positive, user_errors
from vpcache.errors import VpcacheError
from vpcache.lab.client import DEFAULT_PORT, Lab
from vpcache.lab.faults import Fault, fault_kind
from vpcache.lab.settings import LabSettings, parse_value

_MAX_DELAY = 3600.0  # seconds by which an origin is slow


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
        kept = f", state in {status.state_folder}" if status.state_folder else ""
        print(f"the lab is running at {status.endpoint}, process {status.pid}{user}{kept}")
        _print_faults(status.faults)


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
