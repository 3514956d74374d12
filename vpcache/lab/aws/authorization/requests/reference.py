"""AWS's Service Authorization Reference: actions, resource types and condition keys of the lab's services.

`tools/service_authorization.py` writes the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

_VARIABLE = re.compile(r"\$\{(\w+)\}")


@cache
def _reference() -> Mapping[str, Any]:
    path = files("vpcache.lab.aws.authorization.requests") / "reference.json"
    reference: Mapping[str, Any] = json.loads(path.read_text())
    return reference


def _service(name: str) -> Mapping[str, Any]:
    service: Mapping[str, Any] = _reference()["services"].get(name, {"resources": {}, "actions": {}})
    return service


def services() -> tuple[str, ...]:
    """Return the prefixes of the services in the reference."""
    return tuple(_reference()["services"])


@cache
def actions_of(service: str) -> tuple[str, ...]:
    """Return all actions of a service, as in "ec2:CreateVpc"."""
    return tuple(f"{service}:{name}" for name in _service(service)["actions"])


def resource_types(action: str) -> Mapping[str, bool]:
    """Return the resource types of an action, and whether each is required."""
    service, _, name = action.partition(":")
    uses = _service(service)["actions"].get(name, {})
    return {kind: bool(required) for kind, (required, _) in uses.items() if kind}


def condition_keys(action: str, kind: str) -> frozenset[str]:
    """Return the condition keys of an action on a resource type, in lower case, "" for no resource.

    A key with a variable ends with the slash before it: "aws:resourcetag/".
    """
    return _condition_keys(action, kind)


@cache
def _condition_keys(action: str, kind: str) -> frozenset[str]:
    service, _, name = action.partition(":")
    uses = _service(service)["actions"].get(name, {})
    lists = _reference()["keys"]
    keys = [lists[uses[each][1]] for each in (kind, "") if each in uses]
    if not (kind in uses and lists[uses[kind][1]]):
        keys.append(lists[_service(service)["resources"].get(kind, ["", 0])[1]])
    return frozenset(re.sub(r"[$<].*", "", key).lower() for each in keys for key in each)


def arn(service: str, kind: str, region: str, account: str, *names: str) -> str:
    """Return the ARN of a resource; its names replace the variables of the type in order, `*` the others."""
    template: str = _service(service)["resources"][kind][0]
    values = iter(names)
    known = {"Partition": "aws", "Region": region, "Account": account}

    def value(match: re.Match[str]) -> str:
        return known.get(match[1]) or next(values, "*")

    return _VARIABLE.sub(value, template)
