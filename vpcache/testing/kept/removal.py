"""The removal of kept stacks, each with its lab: of ended ones by the next run, of others by sweep."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from vpcache.errors import VpcacheError
from vpcache.program import command
from vpcache.stack.overview.summary import age_text
from vpcache.stack.target import LAB
from vpcache.testing.kept.record import KeptStack, Records, records
from vpcache.testing.liveness import is_alive

Notify = Callable[[str], None]


def is_used(record: KeptStack) -> bool:
    """Return whether a living test run uses a kept stack."""
    return bool(record.run) and is_alive(Path(record.run))


def remove(stored: Records, key: str, record: KeptStack, *, keeps_files: bool = False) -> None:
    """Stop the lab of a kept stack, delete its files and erase its record. A stack on AWS remains."""
    if record.lab is not None and record.lab.is_alive():
        record.lab.lab.stop()
    if not keeps_files:
        shutil.rmtree(record.work_dir, ignore_errors=True)
    stored.erase(key)


def remove_ended(stored: Records, notify: Notify) -> None:
    """Remove the records of stacks that ended with their lab, and stacks whose root module is gone."""
    if not stored.all():
        return  # the user's state folder need not be writable
    with stored.exclusive():
        for key, record in stored.all().items():
            if record.target != LAB or is_used(record):
                continue
            if record.has_ended:
                remove(stored, key, record)
                notify(f"the kept stack {record.name} of {record.root_module} ended with its lab")
            elif not Path(record.root_module).is_dir():
                remove(stored, key, record)
                notify(
                    f"removed the kept stack {record.name}: its root module {record.root_module} "
                    "no longer exists"
                )


def sweep_kept(root: Path, name: str, notice: Notify, *, tests: bool) -> bool:
    """Report the kept stacks of this user on labs, and remove the one called `name`, with `tests` all.

    Stacks that a test run uses are not removed. Returns whether there were any. Raises VpcacheError if a test
    run uses the stack called `name`.
    """
    stored = records()
    remove_ended(stored, notice)
    if not stored.all():
        return False  # the user's state folder need not be writable
    with stored.exclusive():
        kept = {key: record for key, record in stored.all().items() if record.target == LAB}
        if name:
            kept = _called(kept, name, root)
        for key, record in kept.items():
            if is_used(record):
                if name:
                    raise VpcacheError(f"a test run uses the kept stack {name}: wait for its end")
                notice(f"kept {_summary(record)}: a test run uses it")
            elif name or tests:
                remove(stored, key, record)
                notice(f"removed {_summary(record)}, with its lab")
            else:
                notice(f"kept {_summary(record)}: `{command('sweep', name=record.name)}` removes it")
    return bool(kept)


def _called(kept: dict[str, KeptStack], name: str, root: Path) -> dict[str, KeptStack]:
    """Return the kept stack with a name: of several, that of the project in `root`."""
    called = {key: record for key, record in kept.items() if record.name == name}
    if len(called) < 2:
        return called
    own = {key: record for key, record in called.items() if Path(record.root) == root.resolve()}
    if len(own) != 1:
        roots = ", ".join(sorted(record.root for record in called.values()))
        raise VpcacheError(f"several kept stacks are called {name}: run this command in one of {roots}")
    return own


def _summary(record: KeptStack) -> str:
    age = age_text(datetime.now(UTC) - datetime.fromisoformat(record.used))
    port = record.lab.port if record.lab else 0
    return f"{record.name} of {record.root_module} on the lab at 127.0.0.1:{port} (last used {age} ago)"
