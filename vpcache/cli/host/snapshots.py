"""The snapshots of a lab: save it to a file, load a file."""

from __future__ import annotations

from pathlib import Path

from vpcache.cli.console import is_confirmed, print_notice, step, user_errors, writable
from vpcache.cli.host.lifecycle import stacks_of, started
from vpcache.cli.lab import chosen_lab, running_lab
from vpcache.errors import VpcacheError
from vpcache.lab.snapshots.file import read_snapshot
from vpcache.program import command
from vpcache.project import Project


@user_errors
def save(file: str) -> None:
    """Write a snapshot of the running lab to a file."""
    path = writable(file)
    lab = running_lab()
    size = lab.save(path)
    stacks = ", ".join(stacks_of(lab)) or "no stacks"
    print(f"{file}: {size / 1024:,.0f} KB, the lab at {lab.endpoint} with {stacks}")


@user_errors
def load(root: Path, file: str, *, replace: bool, yes: bool) -> None:
    """Load a snapshot into an unused lab, which is started if it is not running.

    With `replace`, a lab in use is stopped first, after a confirmation that names its stacks.
    """
    read_snapshot(Path(file))  # before anything is stopped or started
    lab = chosen_lab()
    status = lab.status()
    if replace and status.running and lab.is_in_use():
        status.check_owner(enters=True)
        if status.state_folder:
            raise VpcacheError(
                f"the lab at {lab.endpoint} keeps its state in {status.state_folder}, which --replace does "
                f"not delete: stop it with `{command('lab.stop')}`, and load {file} without that folder"
            )
        stacks = ", ".join(stacks_of(lab)) or "no stack, but possibly other resources"
        if not (yes or is_confirmed(f"stop the lab at {lab.endpoint}, which deletes {stacks}")):
            return
        lab.stop()
    started(lab, Project(root))
    with step("snapshot"):
        problems = lab.load(file)
    for problem in problems:
        print_notice(problem)
    for each in lab.faults():
        print(f"fault: {each.label}")
    print(f"the lab at {lab.endpoint} has {', '.join(stacks_of(lab)) or 'no stacks'}")
