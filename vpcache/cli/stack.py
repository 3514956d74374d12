"""The commands for a stack, and their output."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vpcache.cli.console import confirm_name, is_confirmed, print_notice, step, user_errors
from vpcache.cli.host.lifecycle import print_notices, started
from vpcache.cli.lab import chosen_lab
from vpcache.cli.target_choice import TargetChoice
from vpcache.drills.injection import restore_interrupted_drill
from vpcache.errors import VpcacheError
from vpcache.front_door import FrontDoor
from vpcache.lab.host import other_system
from vpcache.program import command, typed
from vpcache.project import Project, check_stack_name, default_name
from vpcache.stack import journal
from vpcache.stack.command_line import command_for
from vpcache.stack.outside import Outside
from vpcache.stack.stack import Plan, Stack
from vpcache.stack.state import bucket_exists, state_exists
from vpcache.stack.target import LAB, Target, aws_target, lab_target, offline_target, target_name
from vpcache.terraform.plans import losses, losses_line, what_to_confirm
from vpcache.terraform.undeclared import check_values
from vpcache.wording import left as resources_left


@user_errors
def apply(root: Path, environment: str, target: TargetChoice, name: str, *, yes: bool, confirm: str) -> None:
    """Apply the stack's environment and print a summary and the next commands."""
    check_confirm(confirm, name or default_name(environment))
    stack = chosen_stack(root, environment, target, name, start_lab=True)
    print_header("apply", stack)
    with stack.exclusive_lock():
        with step("init"):
            stack.init()
        with stack.one_provider():
            with step("plan"):
                planned = stack.plan()
            _check_quotas(stack, planned)
            if not _is_plan_confirmed(stack, planned, yes=yes, confirm=confirm):
                return
        with _progress() as show:
            stack.apply(planned, on_event=show)
    if stack.target.is_lab:
        print_notices(chosen_lab())
    _print_summary(stack)


@user_errors
def plan(root: Path, environment: str, target: TargetChoice, name: str, *, as_json: bool) -> None:
    """Print the plan of an apply."""
    stack = chosen_stack(root, environment, target, name, start_lab=True)
    if not as_json:
        print_header("plan", stack)
    with stack.exclusive_lock():
        with step("init"):
            stack.init()
        with stack.one_provider():
            with step("plan"):
                planned = stack.plan()
            if not as_json:
                _print_plan(planned)
                return
            counts = {"add": planned.add, "change": planned.change, "remove": planned.remove}
            print(
                json.dumps(
                    counts
                    | losses(planned.changes)
                    | {"changes": stack.changes(planned), "leftovers": _outside_as_json(planned.outside)}
                )
            )


@user_errors
def outputs(root: Path, environment: str, target: TargetChoice, name: str, *, as_json: bool) -> None:
    """Print the stack's outputs."""
    stack = chosen_stack(root, environment, target, name)
    values = stack.outputs()
    if as_json:
        print(json.dumps(values))
        return
    print_header("outputs", stack)
    for key, value in values.items():
        print(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")


@user_errors
def verify(
    root: Path, environment: str, target: TargetChoice, name: str, *, path: str, as_json: bool
) -> None:
    """Run all probes of the running stack and print the results."""
    from vpcache import probes

    check_path(path)

    stack = chosen_stack(root, environment, target, name)
    values = stack.outputs()
    if not as_json:
        print_header("verify", stack)
    results = probes.verify(stack.target, values, stack.environment_dir, path=path)
    has_passed = all(result.passed for result in results)
    if as_json:
        print(json.dumps({"passed": has_passed, "probes": [asdict(result) for result in results]}))
    else:
        _print_results(results)
        _print_pending_reboots(stack, values)
        if not values["egress_probes"]:
            print(
                "egress and the privacy of the cache are not probed: set `probes = true` to add the functions"
            )
    if not has_passed:
        failed = [f"{result.name} {result.zone or ''}".strip() for result in results if not result.passed]
        raise VpcacheError(f"{len(failed)} of {len(results)} probes failed: {', '.join(failed)}")


@user_errors
def destroy(
    root: Path, environment: str, target: TargetChoice, name: str, *, yes: bool, confirm: str
) -> None:
    """Destroy the stack and report leftovers."""
    check_options(Project(root), environment, target, name)
    check_confirm(confirm, name or default_name(environment))
    if not may_have_stacks(target):
        print("nothing to destroy: the lab is not running, and its stacks ended with it")
        return
    stack = chosen_stack(root, environment, target, name)
    print_header("destroy", stack)
    planned = None
    with stack.exclusive_lock():
        if state_exists(stack.target, stack.state):
            with step("init"):
                stack.init()
        elif not journal.read(stack.target, stack.state) and (elsewhere := stack.elsewhere()):
            raise VpcacheError(elsewhere)
        if stack.protected or not (stack.target.is_lab or yes):
            with stack.one_provider():
                with step("plan"):
                    planned = stack.plan(destroy=True)
                if not _is_plan_confirmed(stack, planned, yes=yes, confirm=confirm, is_destroy=True):
                    return
        else:
            _print_outside(stack.outside_state())
        with _progress() as show:
            left = stack.destroy(planned, on_event=show)
    if left:
        sweep_command = command_for("sweep", stack.target, name=stack.name)
        raise VpcacheError(
            f"{resources_left(len(left))} of {stack.name}: {', '.join(map(str, left))}; "
            f"delete those with its tag by `{sweep_command}`"
        )
    print(f"nothing is left of {stack.name} in account {stack.account}, {stack.target.region}")


def may_have_stacks(choice: TargetChoice) -> bool:
    """Return whether the chosen target may have stacks. A stopped lab has none."""
    return target_name(choice.name, os.environ) != LAB or chosen_lab().status().running


def chosen_target(
    choice: TargetChoice, project: Project, *, start_lab: bool = False, pinned_region: str | None = None
) -> Target:
    """Return the chosen target. Raises VpcacheError if it is a stopped lab, unless `start_lab`."""
    regions = {"region": choice.region or None, "pinned_region": pinned_region}
    if target_name(choice.name, os.environ) != LAB:
        return aws_target(os.environ, **regions)
    lab = chosen_lab()
    target = lab_target(lab.endpoint, os.environ, **regions)
    if start_lab:
        started(lab, project)
    else:
        status = lab.status()
        if not status.running:
            raise VpcacheError(
                f"the lab is not running at {lab.endpoint}: "
                + (other_system(typed()) or f"run `{command('lab.start')}`, or apply a stack")
            )
        status.check_owner()
    return target


def check_options(project: Project, environment: str, choice: TargetChoice, name: str) -> None:
    """Raise VpcacheError if an option that selects a stack is invalid. No lab and no account is needed."""
    pinned = project.values(environment).region
    check_stack_name(name or default_name(environment))
    if target_name(choice.name, os.environ) == LAB:
        offline_target(os.environ, region=choice.region or None, pinned_region=pinned)
    else:
        aws_target(os.environ, region=choice.region or None, pinned_region=pinned)


def check_confirm(confirm: str, name: str) -> None:
    """Raise VpcacheError if --confirm is not the name of the stack, whether it is required or not."""
    if confirm not in ("", name):
        raise VpcacheError(f"--confirm is '{confirm}', but the stack is {name}: nothing was changed")


def chosen_stack(
    root: Path, environment: str, target: TargetChoice, name: str, *, start_lab: bool = False
) -> Stack:
    """Return the chosen stack, with bundled functions. An interrupted drill of the stack is restored.

    Raises VpcacheError if the stack was applied from another environment.
    """
    project = Project(root)
    check_options(project, environment, target, name)
    pinned = project.values(environment).region
    if start_lab:  # before a plan, which Terraform makes in spite of such values
        check_values(project.environment_dir(environment))
    chosen = chosen_target(target, project, start_lab=start_lab, pinned_region=pinned)
    with step("bundles"):
        stack = project.stack(environment, chosen, name or None, notice=print_notice)
    if bucket_exists(chosen, stack.state):
        _check_environment(project, stack)
        restore_interrupted_drill(chosen, stack.state, print_notice)
    return stack


def _check_environment(project: Project, stack: Stack) -> None:
    """Raise VpcacheError if the stack was applied from another environment, of this project or of another."""
    entry = journal.read(stack.target, stack.state)
    if entry is None or entry.environment == stack.environment:
        return
    fault = f"stack {stack.name} is of environment {entry.environment}, not {stack.environment}"
    if project.has_environment(entry.environment):
        raise VpcacheError(f"{fault}: use --env {entry.environment}, or another --name")
    sweep_command = command_for("sweep", stack.target, name=stack.name)
    raise VpcacheError(
        f"{fault}, and {entry.environment} is not in this project: use another --name, or destroy the stack "
        f"with `{sweep_command}`"
    )


def check_path(path: str) -> None:
    """Raise VpcacheError unless a path of the origin is absolute."""
    if not re.fullmatch(r"/\S*", path):
        raise VpcacheError(f"--path is '{path}': must begin with a slash and have no spaces, e.g. /employees")


def _check_quotas(stack: Stack, planned: Plan) -> None:
    """Print the use of quotas on AWS. Raises VpcacheError if the plan exceeds one."""
    from vpcache.stack import quotas

    if stack.target.is_lab:
        return
    uses = quotas.preflight(stack.target, planned.changes)
    for use in uses:
        print(use, flush=True)
    quotas.check(uses)


def _is_plan_confirmed(
    stack: Stack, planned: Plan, *, yes: bool, confirm: str, is_destroy: bool = False
) -> bool:
    """Print a plan that requires a confirmation, and return whether the user confirms it.

    Raises VpcacheError if the stack's name is required and was not typed.
    """
    what = what_to_confirm(
        stack.name,
        planned.changes,
        planned.outside.remove,
        is_protected=stack.protected,
        is_destroy=is_destroy,
    )
    is_yes_required = not (stack.target.is_lab or yes)
    if not (what or is_yes_required):
        _print_losses(planned)
        return True
    _print_plan(planned)
    if what:
        confirm_name(stack.name, what, confirm)
        return True
    if planned.is_empty:
        return True
    counts = f"{planned.add} to add, {planned.change} to change, {planned.remove} to destroy"
    outside = len(planned.outside.remove)
    return is_confirmed(
        f"{counts}{f', {outside} outside the state to delete' if outside else ''} on {stack.target.name}"
    )


def _print_plan(planned: Plan) -> None:
    if planned.add or planned.change or planned.remove:
        print(planned.text)
    elif not planned.outside.remove:
        print("no changes")
    _print_losses(planned)


def _print_losses(planned: Plan) -> None:
    """Print what a plan replaces and destroys, in the state and outside it."""
    if line := losses_line(planned.changes):
        print(line)
    _print_outside(planned.outside)


def _print_outside(outside: Outside) -> None:
    """Print the resources that an interrupted run left outside the state."""
    if outside.remove:
        print("created by an interrupted run, not in the state, will be deleted:")
        for item in outside.remove:
            print(f"  {item}")
    if outside.keep:
        print("not in the state, will be kept:")
        for kept in outside.keep:
            print(f"  {kept}")


def _outside_as_json(outside: Outside) -> list[dict[str, Any]]:
    removed = [{"type": item.kind, "id": item.id, "action": "delete"} for item in outside.remove]
    return removed + [
        {"type": kept.item.kind, "id": kept.item.id, "action": "keep", "reason": kept.reason}
        for kept in outside.keep
    ]


def print_header(command: str, stack: Stack) -> None:
    """Print the environment, target, stack, account and region of a command."""
    print(
        f"{command} {stack.environment} on {stack.target.name} "
        f"as {stack.name}, account {stack.account}, {stack.target.region}",
        flush=True,
    )


def _print_summary(stack: Stack) -> None:
    """Print each zone's egress address and cache nodes, the front door, and the commands to continue with."""
    values = stack.outputs()
    for zone in values.get("zones", []):
        nodes = [
            f"{node['id']} {node['address']}:{node['port']}"
            for node in values["cache_nodes"]
            if node["availability_zone"] == zone
        ]
        print(f"{zone}: egress IP {values['egress_ips'][zone]}, cache node {', '.join(nodes) or 'none'}")
    if url := values.get("cached_api_url"):
        print(f"front door: {FrontDoor(stack.target, url).curl('/employees')}")
    if values.get("alarm_receivers") == []:
        print("the alarms have no receiver: set `alarm_emails` or `alarm_receivers` in terraform.tfvars")
    if "configuration_endpoint" in values:
        _print_pending_reboots(stack, values)
    environment, name_option = stack.environment, _name_option(stack)
    tasks = ("call", "verify", "destroy")
    print(
        "next: "
        + ", ".join(command_for(task, stack.target, env=environment, **name_option) for task in tasks)
    )


def _name_option(stack: Stack) -> dict[str, str]:
    return {} if stack.name == default_name(stack.environment) else {"name": stack.name}


def _print_pending_reboots(stack: Stack, outputs: Mapping[str, Any]) -> None:
    """Print which cache nodes use outdated parameters, and the command that reboots them."""
    from vpcache.stack.reboot import pending_nodes

    if nodes := pending_nodes(stack.target, outputs):
        reboot = command_for("reboot-cache", stack.target, env=stack.environment, **_name_option(stack))
        print(f"pending-reboot: cache nodes {', '.join(nodes)} use outdated parameters; run `{reboot}`")


def _print_results(results: Sequence[Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("probe", "zone", "", "evidence", box=None, pad_edge=False)
    for result in results:
        table.add_row(
            result.name,
            result.zone or "",
            "[green]passed" if result.passed else "[red]failed",
            result.evidence,
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)  # logs are not wrapped


@contextmanager
def _progress() -> Iterator[Any]:
    from rich.console import Console

    from vpcache.terraform.progress import ProgressDisplay

    with ProgressDisplay(Console(highlight=False)) as display:
        yield display
