"""What interrupted runs left behind: stacks to destroy, locks to take away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vpcache import journal, lock
from vpcache.commands.console import agreed, in_one_line, say_notice, step
from vpcache.commands.stack import chosen_target
from vpcache.drills.injection import restore_interrupted_drills
from vpcache.errors import VpcacheError
from vpcache.leftovers import Leftover, leftovers, remove
from vpcache.project import Project, check_stack_name
from vpcache.state import StateLocation, erase_state, state_exists, state_location
from vpcache.target import Target


@dataclass(frozen=True)
class _Wreck:
    """A stack to sweep: what the account shows of it, and its entry in the journal if it has one."""

    name: str
    entry: journal.Entry | None
    left: list[Leftover]

    def __str__(self) -> str:
        known = (
            f"{self.entry.phase} since {self.entry.since} by {self.entry.who}"
            if self.entry
            else "not in the journal"
        )
        return f"{self.name} ({known}): {len(self.left)} resources"


@in_one_line
def sweep(root: Path, target: str, name: str, *, tests: bool, yes: bool) -> None:
    """Show and, after a yes, destroy what interrupted runs left: by its state, then by the stack's tag.

    With `tests`, the stacks of all test runs too.
    """
    project = Project(root)
    where = chosen_target(target, project)
    account = where.account()
    print(f"sweep on {where.name}, account {account}, {where.region}", flush=True)
    restore_interrupted_drills(where, account, name, say_notice)
    with step("looking"):
        wrecks = _wrecks(where, account, name, tests=tests)
    if not wrecks:
        print(f"nothing of {name} is there" if name else "no run left anything")
        return
    for wreck in wrecks:
        print(wreck)
        for item in wreck.left:
            print(
                f"  {item}" + ("" if item.is_tagged else ": bears no tag of the stack, will not be touched")
            )
    if not (where.is_lab or yes or agreed(f"destroy {len(wrecks)} stacks on {where.name}")):
        return
    remains = [item for wreck in wrecks for item in _destroy(project, where, account, wreck)]
    if remains:
        raise VpcacheError(f"{len(remains)} things are left: {', '.join(map(str, remains))}")
    print(f"nothing is left of {', '.join(wreck.name for wreck in wrecks)} in account {account}")


@in_one_line
def unlock(root: Path, target: str, name: str, *, yes: bool) -> None:
    """Take away the lock on a stack's state, after a yes."""
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
    if where.is_lab or yes or agreed("take that lock away, though its holder may still be at work"):
        lock.release(where, location)
        print("unlocked")


def _wrecks(where: Target, account: str, name: str, *, tests: bool) -> list[_Wreck]:
    """Return the stack of that name if anything of it is there; given none, those abandoned, and those of
    test runs if `tests`.
    """
    bucket = state_location(where, account, name).bucket
    known = {entry.stack: entry for entry in journal.entries(where, bucket)}
    if name:
        check_stack_name(name)
        wreck = _Wreck(name, known.get(name), leftovers(where, name))
        return [wreck] if wreck.entry or wreck.left else []
    return [
        _Wreck(entry.stack, entry, leftovers(where, entry.stack))
        for entry in known.values()
        if entry.is_abandoned(datetime.now(UTC)) or (tests and entry.temporary)
    ]


def _destroy(project: Project, where: Target, account: str, wreck: _Wreck) -> list[Leftover]:
    """Destroy by state if its environment is at hand, by tag in any case; return what is left."""
    location = state_location(where, account, wreck.name)
    if wreck.entry and wreck.entry.environment in project.environments():
        stack = project.stack(wreck.entry.environment, where, wreck.name, notice=say_notice)
        with stack.alone(), step(f"destroying {wreck.name}"):
            if state_exists(where, location):
                stack.init()
            stack.destroy()
    with lock.alone(where, location, wreck.name, say_notice), step(f"removing what is left of {wreck.name}"):
        return _remove_by_tag(where, location, wreck.name)


def _remove_by_tag(where: Target, location: StateLocation, name: str) -> list[Leftover]:
    with lock.state_lock(where, location, name):
        refused = remove(where, leftovers(where, name), lambda item: say_notice(f"removed {item}"))
        for item, reason in refused.items():
            say_notice(f"could not remove {item}: {reason}")
        left = leftovers(where, name)
        if not left:
            erase_state(where, location)
            journal.erase(where, location)
        return left
