"""Values as HCL, in the form of `terraform fmt`. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_WIDTH = 100  # characters of an object in one line


def attribute(name: str, value: Any) -> str:
    """Return the lines that set a variable. A long object, or an object of objects, has a line per member."""
    if not isinstance(value, Mapping):
        return f"{name} = {expression(value)}"
    line = f"{name} = {expression(value)}"
    has_objects = any(isinstance(member, Mapping) for member in value.values())
    if len(line) <= _WIDTH and not has_objects:
        return line
    width = max(map(len, map(_key, value)), default=0)
    members = "".join(f"  {_key(key):<{width}} = {expression(member)}\n" for key, member in value.items())
    return f"{name} = {{\n{members}}}"


def expression(value: Any) -> str:
    """Return a value of JSON's types as a HCL expression in one line."""
    if isinstance(value, Mapping):
        members = ", ".join(f"{_key(key)} = {expression(member)}" for key, member in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(expression, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _key(key: str) -> str:
    return key if key.replace("-", "_").isidentifier() else json.dumps(key, ensure_ascii=False)
