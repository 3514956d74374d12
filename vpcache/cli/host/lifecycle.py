"""The start and the end of a lab on this host."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

from vpcache.cli.console import is_confirmed, print_notice, step, user_errors
from vpcache.cli.host.foreground import stopped_by_signals, wait_for_end
from vpcache.cli.host.system_packages import prepare_host
from vpcache.cli.lab import chosen_lab
from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab, LabStatus
from vpcache.program import command
from vpcache.project import Project
from vpcache.stack.overview.listing import stacks as listed_stacks
from vpcache.stack.overview.summary import Condition
from vpcache.stack.target import lab_target


@user_errors
def start(root: Path, *, foreground: bool = False, all_addresses: bool = False, persist: str = "") -> None:
    """Start the lab unless it is running. In the foreground, return when it ends."""
    lab = chosen_lab()
    before = lab.status()
    if before.running and (foreground or all_addresses or persist):
        raise VpcacheError(
            f"the lab is already running at {before.endpoint}, process {before.pid}: "
            f"`{command('lab.stop')}` stops it{'' if before.state_folder else ', with its stacks'}"
        )
    with stopped_by_signals(lab) if foreground else nullcontext():
        status = started(lab, Project(root), all_addresses=all_addresses, persist=persist)
        verb = "is already running" if before.running else "is running"
        print(f"the lab {verb} at {status.endpoint}, process {status.pid}", flush=True)
        if status.state_folder:
            print(f"its state is kept in {status.state_folder}", flush=True)
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
    if status.state_folder:
        lab.stop()
        start_again = command("lab.start", persist=status.state_folder)
        print(f"the lab at {lab.endpoint} was stopped; `{start_again}` starts it with its stacks")
        return
    stacks = ", ".join(stacks_of(lab))
    if stacks and not (yes or is_confirmed(f"stop the lab at {lab.endpoint}, which deletes {stacks}")):
        return
    lab.stop()
    print(f"the lab at {lab.endpoint} was stopped{f', and {stacks} deleted' if stacks else ''}")


def stacks_of(lab: Lab) -> list[str]:
    """Return the names of the stacks of all regions of a lab."""
    target = lab_target(lab.endpoint, os.environ)
    found = listed_stacks(target, target.account(), print_notice, all_regions=True)
    return sorted({stack.name for stack in found if stack.condition is not Condition.EMPTY})


def started(lab: Lab, project: Project, *, all_addresses: bool = False, persist: str = "") -> LabStatus:
    """Start `lab` unless it is running: with its log in the project's work folder, and its settings.

    It keeps its state in the folder `persist`, by default the one in VPCACHE_LAB_PERSIST, if any; a state
    that is already there has its own settings.

    The system packages that it requires are installed if they are missing and the user may do so. Raises
    LabError if the lab is running for another user.
    """
    settings = project.lab_settings()
    was_running = lab.status().running
    if not was_running:
        prepare_host()
    with step("lab"):
        status = lab.start(
            project.work_dir / f"lab-{lab.port}.log",
            all_addresses=all_addresses,
            persist=persist or os.environ.get("VPCACHE_LAB_PERSIST") or None,
        )
        status.check_owner()
        if settings and not was_running and not lab.is_in_use():
            lab.configure(**settings)
        return status


def print_notices(lab: Lab) -> None:
    """Print how the lab's functions differ from AWS's on this machine."""
    for line in lab.notices():
        print_notice(line)
