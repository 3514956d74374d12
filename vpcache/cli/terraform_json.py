"""What Terraform tells of resources as JSON: from a file, or by planning with nobody asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vpcache.cli.console import step
from vpcache.errors import VpcacheError
from vpcache.stack.stack import Stack


def check_source(environment: str, source: str) -> None:
    """Raise VpcacheError unless the user names an environment or a file, and not both."""
    if bool(environment) == bool(source):
        raise VpcacheError("give either --env, or --from with what `terraform show -json` printed")


def planned(stack: Stack) -> Mapping[str, Any]:
    """Return the plan for making the whole stack, with made-up ids."""
    from vpcache.stack.mock_plan import mock_plan

    with step("plan"):
        return mock_plan(stack)


def read(source: str) -> Mapping[str, Any]:
    """Return the JSON in a file, or on stdin for `-`. Raises VpcacheError if there is none."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
        document = json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise VpcacheError(f"cannot read {source}: {getattr(error, 'strerror', None) or error}") from error
    except ValueError as error:
        raise VpcacheError(
            f"{source} is not JSON ({error}): give what `terraform show -json` prints"
        ) from error
    if not isinstance(document, dict):
        raise VpcacheError(f"{source} is not what `terraform show -json` prints")
    return document
