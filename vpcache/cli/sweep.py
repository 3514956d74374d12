"""What dead runs left behind: stacks to destroy, locks to release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vpcache.cli.console import confirm_name, is_confirmed, say_notice, step, user_errors
from vpcache.cli.stack import TargetChoice, chosen_target, is_there
from vpcache.drills.injection import restore_interrupted_drills
from vpcache.errors import InterruptedRunError, VpcacheError
from vpcache.project import Project, check_stack_name
from vpcache.stack import journal, lock
from vpcache.stack.command_line import typed
from vpcache.stack.leftovers import Leftover, leftovers, remove, without_vanishing
from vpcache.stack.outside import unknown_to
from vpcache.stack.stack import Stack
from vpcache.stack.state import StateLocation, erase_state, state_exists, state_location
from vpcache.stack.state_history import shown_names
from vpcache.stack.target import Target
from vpcache.terraform.runner import TerraformError


@dataclass(frozen=True)
class AbandonedStack:
    """A stack to sweep: what the account shows of it, and its entry in the journal if it has one."""

    name: str
    entry: journal.Entry | None
    left: list[Leftover]

    @property
    def since(self) -> datetime | None:
        """When the run began that the journal knows."""
        return self.entry.began if self.entry else None


@user_errors
def sweep(root: Path, target: TargetChoice, name: str, *, tests: bool, yes: bool, confirm: str) -> None:
    """Show and, after a yes, destroy stacks: by their state, then by their tag.

    The stack of that name; given none, those of dead test runs, with `tests` those of all test runs.
    """
    if not is_there(target):
        print("nothing to sweep: the lab is not running, and its stacks ended with it")
        return
    project = Project(root)
    where = chosen_target(target, project)
    account = where.account()
    print(f"sweep on {where.name}, account {account}, {where.region}", flush=True)
    restore_interrupted_drills(where, account, name, say_notice)
    now = datetime.now(UTC)
    with step("looking"):
        wrecks = _find_abandoned(where, account, name, tests=tests, now=now)
    if not wrecks:
        print(f"nothing of {name} is there" if name else "no test run left anything")
        return
    for wreck in wrecks:
        _show(wreck, now)
    if name and _is_protected(project, wrecks[0]):
        confirm_name(name, f"destroy {name}, which is protected", confirm)
    elif not (where.is_lab or yes or is_confirmed(f"destroy {len(wrecks)} stacks on {where.name}")):
        return
    problems = [problem for wreck in wrecks for problem in _problems(project, where, account, wreck, now)]
    if problems:
        raise VpcacheError("; ".join(problems))
    print(f"nothing is left of {', '.join(wreck.name for wreck in wrecks)} in account {account}")


@user_errors
def unlock(root: Path, target: TargetChoice, name: str, *, yes: bool) -> None:
    """Release the lock on a stack's state, after a yes."""
    check_stack_name(name)
    where = chosen_target(target, Project(root))
    account = where.account()
    print(f"unlock on {where.name} of {name}, account {account}, {where.region}", flush=True)
    location = state_location(where, account, name)
    holder = lock.holder(where, location)
    if holder is None:
        print(f"the state of {name} is not locked")
        return
    print(f"the state of {name} is locked by {holder}")
    if where.is_lab or yes or is_confirmed("release that lock, though its holder may still be running"):
        lock.release(where, location)
        print("unlocked")


def _find_abandoned(
    where: Target, account: str, name: str, *, tests: bool, now: datetime
) -> list[AbandonedStack]:
    """Return the stack of that name if anything of it is there; given none, those of dead test runs, and
    those of all test runs if `tests`.
    """
    if name:
        check_stack_name(name)
        entry = journal.read(where, state_location(where, account, name), say_notice)
        wreck = AbandonedStack(name, entry, leftovers(where, name, since=entry.began if entry else None))
        return [wreck] if wreck.entry or wreck.left else []
    wrecks = []
    for entry in journal.entries(where, state_location(where, account, name), say_notice):
        location = state_location(where, account, entry.stack)
        is_locked = entry.temporary and lock.holder(where, location) is not None
        if entry.is_abandoned(now, is_locked=is_locked) or (tests and entry.temporary):
            wrecks.append(
                AbandonedStack(entry.stack, entry, leftovers(where, entry.stack, since=entry.began))
            )
        elif entry.phase != journal.APPLIED:
            say_notice(_why_kept(where, entry, now))
    return wrecks


def _why_kept(where: Target, entry: journal.Entry, now: datetime) -> str:
    if entry.temporary:
        return (
            f"kept {_summary(entry, now)}: a test run that may be alive; "
            f"`{typed('sweep', where, name=entry.stack)}` destroys it"
        )
    again = typed("apply", where, env=entry.environment, name=entry.stack)
    return (
        f"kept {_summary(entry, now)}: not a test run's; `{again}` completes it, "
        f"`{typed('sweep', where, name=entry.stack)}` destroys it"
    )


def _show(wreck: AbandonedStack, now: datetime) -> None:
    known = _summary(wreck.entry, now) if wreck.entry else f"{wreck.name} (not in the journal)"
    print(f"{known}: {len(wreck.left)} resources")
    for item in wreck.left:
        print(f"  {item}" + ("" if item.is_tagged else ": bears no tag of the stack, will be kept"))


def _summary(entry: journal.Entry, now: datetime) -> str:
    return f"{entry.stack} ({entry.phase} {_age(entry.age(now))} ago by {entry.who}, since {entry.since})"


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 60 // 24} days"


def _is_protected(project: Project, wreck: AbandonedStack) -> bool:
    """Whether the stack was protected when it was last applied, or its environment is now."""
    entry = wreck.entry
    if entry is None or entry.temporary:
        return False
    is_known = project.has_environment(entry.environment)
    return entry.protected or (is_known and project.values(entry.environment).protected)


def _problems(
    project: Project, where: Target, account: str, wreck: AbandonedStack, now: datetime
) -> Iterator[str]:
    """Sweep a stack and yield what is left of it, or why it cannot be swept: the others can be."""
    try:
        remains = _destroy(project, where, account, wreck, now)
    except InterruptedRunError:
        raise
    except VpcacheError as error:
        yield f"{wreck.name}: {error}"
    else:
        if remains:
            yield f"{len(remains)} things are left of {wreck.name}: {', '.join(map(str, remains))}"


def _destroy(
    project: Project, where: Target, account: str, wreck: AbandonedStack, now: datetime
) -> list[Leftover]:
    """Destroy by state if its environment is at hand, by tag in any case; return what is left."""
    location = state_location(where, account, wreck.name)
    if wreck.entry and wreck.entry.is_abandoned(now, is_locked=True):
        _release_lock_of_the_dead(where, location)
    if wreck.entry and project.has_environment(wreck.entry.environment):
        stack = project.stack(
            wreck.entry.environment,
            where,
            wreck.name,
            notice=say_notice,
            temporary=wreck.entry.temporary,
        )
        with stack.exclusive_lock(), step(f"destroying {wreck.name}"):
            _destroy_by_state(stack, wreck)
    with (
        lock.exclusive_lock(where, location, wreck.name, say_notice),
        step(f"removing what is left of {wreck.name}"),
    ):
        return _remove_by_tag(where, location, wreck)


def _destroy_by_state(stack: Stack, wreck: AbandonedStack) -> None:
    """Destroy what the state knows, after what stands in it that the state does not know: Terraform would
    wait for that in vain. What Terraform cannot destroy may still go by its tag.
    """
    try:
        if state_exists(stack.target, stack.state):
            stack.init()
        with lock.state_lock(stack.target, stack.state, stack.name):
            unknown = unknown_to(shown_names(stack.show_json()), wreck.left)
            # the rest is tried again when Terraform is done
            remove(stack.target, unknown, lambda item: say_notice(f"removed {item}"), say_notice, timeout=0)
        stack.destroy()
    except TerraformError as error:
        say_notice(str(error))


def _release_lock_of_the_dead(where: Target, location: StateLocation) -> None:
    """Release the lock of a test run that began too long ago to be alive, on whatever machine it ran."""
    if holder := lock.holder(where, location):
        lock.release(where, location)
        say_notice(f"released the lock of a dead test run: {holder}")


def _remove_by_tag(where: Target, location: StateLocation, wreck: AbandonedStack) -> list[Leftover]:
    def look() -> list[Leftover]:
        return leftovers(where, wreck.name, since=wreck.since)

    removed: set[Leftover] = set()

    def on_removal(item: Leftover) -> None:
        removed.add(item)
        say_notice(f"removed {item}")

    with lock.state_lock(where, location, wreck.name):
        refused = remove(where, look(), on_removal, say_notice)
        for item, reason in refused.items():
            say_notice(f"could not remove {item}: {reason}")
        left = without_vanishing(look, lambda item: item in removed)
        if not left:
            erase_state(where, location)
            journal.erase(where, location)
        return left
