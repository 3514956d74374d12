"""The commands that clean up after dead runs: sweep abandoned stacks, release locks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vpcache.cli.console import confirm_name, is_confirmed, print_notice, step, user_errors
from vpcache.cli.stack import check_confirm, chosen_target, may_have_stacks
from vpcache.cli.target_choice import TargetChoice
from vpcache.drills.injection import restore_interrupted_drills
from vpcache.errors import InterruptedRunError, VpcacheError
from vpcache.project import Project, check_stack_name
from vpcache.stack import journal, lock
from vpcache.stack.command_line import command_for
from vpcache.stack.leftovers import Leftover, leftovers, remove, settled_leftovers
from vpcache.stack.outside import unknown_to
from vpcache.stack.overview.summary import age_text
from vpcache.stack.stack import Stack
from vpcache.stack.state import StateLocation, erase_state, state_exists, state_location
from vpcache.stack.state_history import shown_names
from vpcache.stack.target import LAB, Target, offline_target, target_name
from vpcache.terraform.runner import TerraformError
from vpcache.testing.kept.removal import sweep_kept
from vpcache.wording import counted
from vpcache.wording import left as resources_left


@dataclass(frozen=True)
class AbandonedStack:
    """A stack to sweep: its leftovers in the account, and its journal entry if there is one."""

    name: str
    entry: journal.JournalEntry | None
    left: list[Leftover]

    @property
    def since(self) -> datetime | None:
        """The start of the last run in the journal, None without an entry."""
        return self.entry.began if self.entry else None


@user_errors
def sweep(root: Path, target: TargetChoice, name: str, *, tests: bool, yes: bool, confirm: str) -> None:
    """Print stacks and, after a confirmation, destroy them by their state, then by their tag.

    The stack is the one called `name`. Without a name, the stacks are those of dead test runs, with `tests`
    those of all test runs. Stacks that test runs keep are printed, and removed if `name` or `tests` is given.
    """
    _check_sweep(target, name, tests=tests, confirm=confirm)
    is_lab = target_name(target.name, os.environ) == LAB
    has_kept = is_lab and sweep_kept(root, name, print_notice, tests=tests)
    if has_kept and name:
        return
    if not may_have_stacks(target):
        if not (has_kept and tests):
            print("nothing to sweep: the lab is not running, and its stacks ended with it")
        return
    project = Project(root)
    chosen = chosen_target(target, project)
    account = chosen.account()
    print(f"sweep on {chosen.name}, account {account}, {chosen.region}", flush=True)
    restore_interrupted_drills(chosen, account, name, print_notice)
    now = datetime.now(UTC)
    with step("search"):
        stacks = _find_abandoned(chosen, account, name, tests=tests, now=now)
    if not stacks:
        print(f"no resources of {name} exist" if name else "no abandoned test stacks found")
        return
    for abandoned in stacks:
        _show(abandoned, now)
    if name and _is_protected(project, stacks[0]):
        confirm_name(name, f"destroy {name}, which is protected", confirm)
    elif not (
        chosen.is_lab or yes or is_confirmed(f"destroy {counted(len(stacks), 'stack')} on {chosen.name}")
    ):
        return
    problems = [
        problem for abandoned in stacks for problem in _problems(project, chosen, account, abandoned, now)
    ]
    if problems:
        raise VpcacheError("; ".join(problems))
    print(f"nothing is left of {', '.join(abandoned.name for abandoned in stacks)} in account {account}")


def _check_sweep(choice: TargetChoice, name: str, *, tests: bool, confirm: str) -> None:
    """Raise VpcacheError for invalid or contradictory options. No lab and no account is needed."""
    if target_name(choice.name, os.environ) == LAB:
        offline_target(os.environ, region=choice.region or None)
    if name:
        check_stack_name(name)
        check_confirm(confirm, name)
    elif confirm:
        raise VpcacheError(f"--confirm is the name of a protected stack: add --name {confirm}")
    if name and tests:
        raise VpcacheError(f"--tests sweeps the stacks of all test runs: omit --name {name}, or --tests")


@user_errors
def unlock(root: Path, target: TargetChoice, name: str, *, yes: bool) -> None:
    """Release the lock on a stack's state, after a confirmation."""
    check_stack_name(name)
    chosen = chosen_target(target, Project(root))
    account = chosen.account()
    print(f"unlock {name} on {chosen.name}, account {account}, {chosen.region}", flush=True)
    location = state_location(chosen, account, name)
    holder = lock.holder(chosen, location)
    if holder is None:
        print(f"the state of {name} is not locked")
        return
    print(f"the state of {name} is locked by {holder}")
    if chosen.is_lab or yes or is_confirmed("release that lock, although its holder may still be running"):
        lock.release(chosen, location)
        print("unlocked")


def _find_abandoned(
    where: Target, account: str, name: str, *, tests: bool, now: datetime
) -> list[AbandonedStack]:
    """Return the stack called `name`, if resources or an entry of it exist.

    Without a name, return the stacks of dead test runs, with `tests` those of all test runs.
    """
    if name:
        entry = journal.read(where, state_location(where, account, name), print_notice)
        abandoned = AbandonedStack(name, entry, leftovers(where, name, since=entry.began if entry else None))
        return [abandoned] if abandoned.entry or abandoned.left else []
    stacks = []
    for entry in journal.entries(where, state_location(where, account, name), print_notice):
        location = state_location(where, account, entry.stack)
        is_locked = entry.temporary and lock.holder(where, location) is not None
        if entry.is_abandoned(now, is_locked=is_locked) or (tests and entry.temporary):
            stacks.append(
                AbandonedStack(entry.stack, entry, leftovers(where, entry.stack, since=entry.began))
            )
        elif entry.phase != journal.APPLIED:
            print_notice(_kept_notice(where, entry, now))
    return stacks


def _kept_notice(where: Target, entry: journal.JournalEntry, now: datetime) -> str:
    if entry.temporary:
        return (
            f"kept {_summary(entry, now)}: the test run may still be running; destroy it with "
            f"`{command_for('sweep', where, name=entry.stack)}`"
        )
    return (
        f"kept {_summary(entry, now)}: not a test stack; complete it with "
        f"`{command_for('apply', where, env=entry.environment, name=entry.stack)}`, or destroy it with "
        f"`{command_for('sweep', where, name=entry.stack)}`"
    )


def _show(abandoned: AbandonedStack, now: datetime) -> None:
    entry = abandoned.entry
    summary = _summary(entry, now) if entry else f"{abandoned.name} (not in the journal)"
    print(f"{summary}: {counted(len(abandoned.left), 'resource')}")
    for item in abandoned.left:
        print(f"  {item}" if item.is_tagged else f"  {item}: does not have the stack's tag, will be kept")


def _summary(entry: journal.JournalEntry, now: datetime) -> str:
    return f"{entry.stack} ({entry.phase} {age_text(entry.age(now))} ago by {entry.who}, since {entry.since})"


def _is_protected(project: Project, abandoned: AbandonedStack) -> bool:
    """Return whether the stack was protected at its last apply, or its environment is protected now."""
    entry = abandoned.entry
    if entry is None or entry.temporary:
        return False
    is_known = project.has_environment(entry.environment)
    return entry.protected or (is_known and project.values(entry.environment).is_protected)


def _problems(
    project: Project, where: Target, account: str, abandoned: AbandonedStack, now: datetime
) -> Iterator[str]:
    """Sweep a stack and yield an error message, if any, so that a failure does not stop the other sweeps."""
    try:
        left = _destroy(project, where, account, abandoned, now)
    except InterruptedRunError:
        raise
    except VpcacheError as error:
        yield f"{abandoned.name}: {error}"
    else:
        if left:
            yield f"{resources_left(len(left))} of {abandoned.name}: {', '.join(map(str, left))}"


def _destroy(
    project: Project, where: Target, account: str, abandoned: AbandonedStack, now: datetime
) -> list[Leftover]:
    """Destroy a stack by its state, if its environment exists, and by its tag. Return the leftovers."""
    location = state_location(where, account, abandoned.name)
    entry = abandoned.entry
    if entry and entry.is_abandoned(now, is_locked=True):
        _release_stale_lock(where, location)
    if entry and project.has_environment(entry.environment):
        stack = project.stack(
            entry.environment, where, abandoned.name, notice=print_notice, temporary=entry.temporary
        )
        with stack.exclusive_lock(), step(f"destroying {abandoned.name}"):
            _destroy_by_state(stack, abandoned)
    with (
        lock.exclusive_lock(where, location, abandoned.name, print_notice),
        step(f"deleting leftovers of {abandoned.name}"),
    ):
        return _remove_by_tag(where, location, abandoned)


def _destroy_by_state(stack: Stack, abandoned: AbandonedStack) -> None:
    """Destroy the resources in the state, after tagged resources outside the state.

    Terraform would wait in vain for resources outside the state that use those in it. Resources that
    Terraform cannot destroy may still be deleted by their tag.
    """
    try:
        if state_exists(stack.target, stack.state):
            stack.init()
        with lock.state_lock(stack.target, stack.state, stack.name):
            unknown = unknown_to(shown_names(stack.show_json()), abandoned.left)
            # failed deletions are retried after Terraform's destroy
            remove(
                stack.target, unknown, lambda item: print_notice(f"removed {item}"), print_notice, timeout=0
            )
        stack.destroy()
    except TerraformError as error:
        print_notice(str(error))


def _release_stale_lock(where: Target, location: StateLocation) -> None:
    """Release the lock of a test run that is too old to be alive, on any machine."""
    if holder := lock.holder(where, location):
        lock.release(where, location)
        print_notice(f"released the lock of a dead test run: {holder}")


def _remove_by_tag(where: Target, location: StateLocation, abandoned: AbandonedStack) -> list[Leftover]:
    def find() -> list[Leftover]:
        return leftovers(where, abandoned.name, since=abandoned.since)

    removed: set[Leftover] = set()

    def on_removal(item: Leftover) -> None:
        removed.add(item)
        print_notice(f"removed {item}")

    with lock.state_lock(where, location, abandoned.name):
        refused = remove(where, find(), on_removal, print_notice)
        for item, reason in refused.items():
            print_notice(f"could not remove {item}: {reason}")
        left = settled_leftovers(find, lambda item: item in removed)
        if not left:
            erase_state(where, location)
            journal.erase(where, location)
        return left
