"""Plans in the format of `terraform show -json` of resources that do not exist yet."""

from __future__ import annotations

import re
from typing import Any

_ADDRESS = re.compile(
    r'(?:(?P<module>module\..*)\.)?(?P<type>aws_\w+)\.(?P<name>\w+)(?:\[(?:(?P<number>\d+)|"(?P<key>.*)")\])?'
)


def created(address: str, /, *unknown: str, **known: Any) -> dict[str, Any]:
    """Return the change that creates a resource; its ID and the attributes `unknown` are unknown."""
    change = {"actions": ["create"], "before": None, "after": known}
    flags = dict.fromkeys(("id", *unknown), True)
    return _item(address) | {"change": change | {"after_unknown": flags}}


def unchanged(address: str, /, **values: Any) -> dict[str, Any]:
    """Return a resource that a plan does not change."""
    change = {"actions": ["no-op"], "before": values, "after": values, "after_unknown": {}}
    return _item(address) | {"change": change}


def deleted(address: str, /, **values: Any) -> dict[str, Any]:
    """Return the change that deletes a resource."""
    change = {"actions": ["delete"], "before": values, "after": None, "after_unknown": {}}
    return _item(address) | {"change": change}


def module(
    *resources: dict[str, Any], outputs: dict[str, Any] | None = None, **calls: dict[str, Any]
) -> dict[str, Any]:
    """Return the configuration of a module with resources of `configured` and calls of `called`."""
    expressions = {name: {"expression": refers(*texts)} for name, texts in (outputs or {}).items()}
    return {"resources": list(resources), "outputs": expressions, "module_calls": calls}


def configured(address: str, /, *, for_each: tuple[str, ...] = (), **expressions: Any) -> dict[str, Any]:
    """Return the configuration of a resource with the references of its attributes."""
    type_, name = address.split(".")
    return {
        "mode": "managed",
        "type": type_,
        "name": name,
        "expressions": {key: _expression(value) for key, value in expressions.items()},
        **({"for_each_expression": refers(*for_each)} if for_each else {}),
    }


def called(child: dict[str, Any], /, **arguments: Any) -> dict[str, Any]:
    """Return the call of a module with the references of its arguments."""
    return {"module": child, "expressions": {key: _expression(value) for key, value in arguments.items()}}


def refers(*texts: str) -> dict[str, Any]:
    """Return an expression with these references; Terraform lists their prefixes after each."""
    listed = []
    for text in texts:
        listed.append(text)
        while (shorter := re.sub(r"(\.[\w-]+|\[[^\]]*\])$", "", text)).count(".") > (
            text.startswith("data.")
        ):
            listed.append(shorter)
            text = shorter
    return {"references": listed}


def plan(root: dict[str, Any], *changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a plan with the configuration of its root module."""
    return {
        "format_version": "1.2",
        "resource_changes": list(changes),
        "configuration": {"root_module": root},
        **more,
    }


def _expression(value: Any) -> Any:
    if isinstance(value, tuple):
        return refers(*value)
    return value if isinstance(value, (dict, list)) else {"constant_value": value}


def _item(address: str) -> dict[str, Any]:
    found = _ADDRESS.fullmatch(address)
    assert found, address
    item: dict[str, Any] = {
        "address": address,
        "mode": "managed",
        "type": found["type"],
        "name": found["name"],
    }
    if found["module"]:
        item["module_address"] = found["module"]
    if found["number"] or found["key"]:
        item["index"] = int(found["number"]) if found["number"] else found["key"]
    return item
