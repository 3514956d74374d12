"""The command that lists stacks."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vpcache.cli.console import print_notice, step, user_errors
from vpcache.cli.lab import chosen_lab
from vpcache.cli.stack import chosen_target
from vpcache.cli.target_choice import TargetChoice
from vpcache.errors import InterruptedRunError, VpcacheError
from vpcache.lab.faults import Fault
from vpcache.project import Project, check_stack_name
from vpcache.stack.overview.listing import stacks
from vpcache.stack.overview.summary import Condition, StackSummary, age_text
from vpcache.stack.target import LAB, Target, offline_target, target_name
from vpcache.terraform.drift import Drift

_MANY = 3  # resources with drift that the table names


@dataclass(frozen=True)
class Row:
    """A stack, and its drift: None if it was not searched for, with the reason in `no_drift_reason`."""

    stack: StackSummary
    drift: tuple[Drift, ...] | None
    no_drift_reason: str = ""


@user_errors
def status(
    root: Path, environment: str, choice: TargetChoice, name: str, *, with_drift: bool, as_json: bool
) -> None:
    """Print the stacks of the target, of one environment or of one name. Nothing is started."""
    project = Project(root)
    wanted = project.environment_name(environment) if environment else ""
    if name:
        check_stack_name(name)
    is_lab = target_name(choice.name, os.environ) == LAB
    if is_lab:
        offline_target(os.environ, region=choice.region or None)
    if is_lab and not (lab := chosen_lab()).status().running:
        text = f"the lab is not running at {lab.endpoint}: no stacks"
        print(json.dumps(_document(LAB, None, [], None)) if as_json else text)
        return
    target = chosen_target(choice, project)
    with step("search"):
        account = target.account()
        found = [
            stack
            for stack in stacks(target, account, print_notice, all_regions=not choice.region)
            if name in ("", stack.name) and wanted in ("", stack.environment)
        ]
    rows = [_row(project, target, stack, with_drift=with_drift) for stack in found]
    faults = chosen_lab().faults() if target.is_lab else None
    if as_json:
        print(json.dumps(_document(target.name, account, rows, faults)))
        return
    print(f"status on {target.name}, account {account}")
    if rows:
        _print_table(target, rows)
    else:
        print(f"no stacks{f' of environment {wanted}' if wanted else ''}{f' named {name}' if name else ''}")
    for fault in faults or ():
        print(f"fault: {fault.label}")


def _row(project: Project, target: Target, stack: StackSummary, *, with_drift: bool) -> Row:
    if not with_drift:
        return Row(stack, None, "use --drift")
    if stack.condition not in (Condition.APPLIED, Condition.FAILED):
        return Row(stack, None, stack.condition)
    if not project.has_environment(stack.environment):
        return Row(stack, None, "environment is not in this project")
    try:
        with step(f"drift of {stack.name}"):
            there = chosen_target(TargetChoice(target.name, stack.region), project)
            return Row(stack, tuple(project.stack(stack.environment, there, stack.name).drift()))
    except InterruptedRunError:
        raise
    except VpcacheError as error:
        print_notice(f"cannot find the drift of {stack.name}: {error}")
        return Row(stack, None, "see the note")


def _print_table(target: Target, rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    now = datetime.now(UTC)
    columns = ("stack", "env", "target", "region", "state", "age", "drift", "protected")
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        stack = row.stack
        age = stack.age(now)
        table.add_row(
            stack.name,
            stack.environment or "?",
            target.name,
            stack.region,
            stack.condition,
            "?" if age is None else age_text(age),
            drift_text(row),
            "yes" if stack.is_protected else "no",
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)  # logs are not wrapped


def drift_text(row: Row) -> str:
    """Return the number of resources with drift and the first of them, or why it is not known."""
    if row.drift is None:
        return row.no_drift_reason
    if not row.drift:
        return "none"
    more = f", {len(row.drift) - _MANY} more" if len(row.drift) > _MANY else ""
    return f"{len(row.drift)}: {', '.join(map(str, row.drift[:_MANY]))}{more}"


def _document(
    target: str, account: str | None, rows: Iterable[Row], faults: Sequence[Fault] | None
) -> dict[str, Any]:
    """Return the output of --json. `faults` is None on AWS and without a lab, `account` without a lab."""
    return {
        "target": target,
        "running": account is not None,
        "account": account,
        "stacks": [_as_json(row) for row in rows],
        "faults": None if faults is None else [fault.label for fault in faults],
    }


def _as_json(row: Row) -> dict[str, Any]:
    stack = row.stack
    age = stack.age(datetime.now(UTC))
    drift = None if row.drift is None else [asdict(each) for each in row.drift]
    return {
        "name": stack.name,
        "environment": stack.environment or None,
        "region": stack.region,
        "state": stack.condition,
        "applied": stack.applied or None,
        "age_seconds": None if age is None else int(age.total_seconds()),
        "last_run_by": stack.who or None,
        "protected": stack.is_protected,
        "test_run": stack.is_temporary,
        "drift": drift,
    }
