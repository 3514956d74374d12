"""The lab by hand, and for whatever needs it running."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from vpcache.cli.console import step, user_errors
from vpcache.errors import VpcacheError
from vpcache.lab.client import DEFAULT_PORT, Lab, LabStatus
from vpcache.lab.doctor import Finding, examine
from vpcache.lab.faults import Fault
from vpcache.project import Project


@user_errors
def start(root: Path) -> None:
    """Start the lab unless it runs."""
    lab = chosen_lab()
    was_running = lab.status().running
    status = started(lab, Project(root))
    print(f"the lab {'was running' if was_running else 'runs'} at {status.endpoint}, process {status.pid}")


@user_errors
def stop() -> None:
    """Stop the lab if it runs."""
    lab = chosen_lab()
    print(f"the lab at {lab.endpoint} {'is stopped' if lab.stop() else 'was not running'}")


@user_errors
def status(*, as_json: bool) -> None:
    """Tell whether the lab runs."""
    status = chosen_lab().status()
    if as_json:
        print(json.dumps(asdict(status)))
    else:
        print(
            f"the lab runs at {status.endpoint}, process {status.pid}"
            if status.running
            else "the lab is not running"
        )
        _say_faults(status.faults)


@user_errors
def doctor(*, as_json: bool) -> None:
    """Say whether this host has what the lab needs and, if the lab runs, whether it is what it says."""
    findings = examine()
    lab = chosen_lab()
    if lab.status().running:
        differences = lab.differences()
        words = "; ".join(differences) or "model, kernel and processes agree"
        findings.append(Finding(f"lab on port {lab.port}", not differences, words))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        print(*findings, sep="\n")
    failed = [finding.name for finding in findings if not finding.is_ok]
    if failed:
        raise VpcacheError(f"{len(failed)} of {len(findings)} are not ok: {', '.join(failed)}")


@user_errors
def configure(name: str, value: str) -> None:
    """Change a setting and show all."""
    if not value.isdigit():
        raise VpcacheError(f"setting {name} is '{value}': give a whole number")
    settings = running_lab().configure(**{name: int(value)})
    for key, current in asdict(settings).items():
        print(f"{key}: {current}")


@user_errors
def fault(kind: str, target: str, mode: str, seconds: str) -> None:
    """Let something go wrong and show all that is wrong."""
    try:
        duration = float(seconds) if seconds else None
    except ValueError:
        raise VpcacheError(f"--seconds is '{seconds}': give a number") from None
    _say_faults(running_lab().fault(kind, target, mode or None, seconds=duration))


@user_errors
def clear(kind: str, target: str) -> None:
    """Remove the fault of one target, or all faults, and print the active ones."""
    if bool(kind) != bool(target):
        raise VpcacheError("give both --kind and --target, or neither to clear all faults")
    left = running_lab().clear_faults(kind or None, target or None)
    _say_faults(left)
    if not left:
        print("no active faults")


def running_lab() -> Lab:
    """Return the chosen lab. Raises LabNotRunningError if it does not run."""
    lab = chosen_lab()
    lab.faults()
    return lab


def _say_faults(faults: Sequence[Fault]) -> None:
    for each in faults:
        print(f"fault: {each.label}")


def chosen_lab() -> Lab:
    """Return the lab on the port that VPCACHE_LAB_PORT names. Raises VpcacheError if it names none."""
    port = os.environ.get("VPCACHE_LAB_PORT", str(DEFAULT_PORT))
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise VpcacheError(f"VPCACHE_LAB_PORT is '{port}': give a port number from 1 to 65535")
    return Lab(int(port))


def started(lab: Lab, project: Project) -> LabStatus:
    """Start `lab` unless it runs, with its log among the project's work files."""
    with step("lab"):
        return lab.start(project.work_dir / f"lab-{lab.port}.log")
