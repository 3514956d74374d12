"""Terraform's JSON of a state or a plan, from a file or from a plan without requests to AWS."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpcache.cli.console import step
from vpcache.errors import VpcacheError
from vpcache.stack.stack import Stack


def check_source(environment: str, source: str, **options: str) -> None:
    """Raise VpcacheError unless either an environment or a file is given.

    `options` are the values of options that choose the environment's stack, which a file does not have.
    """
    if bool(environment) == bool(source):
        raise VpcacheError("use either --env, or --from with the output of `terraform show -json`")
    for option, value in options.items():
        if source and value:
            raise VpcacheError(f"--{option} {value} is of a stack: omit it with --from")


def planned(stack: Stack) -> Mapping[str, Any]:
    """Return the plan that creates the whole stack, with generated IDs."""
    from vpcache.stack.mock_plan import mock_plan

    with step("plan"):
        return mock_plan(stack)


def plan_documents(stack: Stack) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """Return the plan of a stack, and its evaluation as in `vpcache.terraform.resources.resources`.

    The JSON of a plan lacks local values. If it leaves something open, Terraform evaluates the root module
    with generated IDs, which takes seconds.
    """
    from vpcache.reach.terraform_source import plans
    from vpcache.stack.mock_plan import evaluated_plan

    with stack.exclusive_lock():
        with step("init"):
            stack.init()
        with stack.one_provider():
            with step("plan"):
                planned = stack.plan()
            document = stack.plan_json(planned)
        if not plans.after(document).undecided:
            return document, None
        with step("unknown values"):
            return document, evaluated_plan(stack, document)


def source_name(source: str) -> str:
    """Return the name of a file for messages, `stdin` for `-`."""
    return "stdin" if source == "-" else source


def read(source: str, option: str = "--from") -> Mapping[str, Any]:
    """Return the JSON object in a file, or on stdin for `-`. Raises VpcacheError if it is not valid.

    `option` is the option that has the file's name.
    """
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
        document = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VpcacheError(f"cannot read {option} {source}: {reason}") from error
    except ValueError as error:
        raise VpcacheError(
            f"{source_name(source)} is not JSON ({error}): use the output of `terraform show -json`"
        ) from error
    if not isinstance(document, dict):
        raise VpcacheError(
            f"{source_name(source)} is not a JSON object: use the output of `terraform show -json`"
        )
    return document
