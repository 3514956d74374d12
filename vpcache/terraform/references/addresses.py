"""Addresses of resources and modules, and references to them in expressions. Pure.

https://developer.hashicorp.com/terraform/cli/state/resource-addressing
https://developer.hashicorp.com/terraform/language/expressions/references
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Key = str | int | None
"""The key of an instance: of `for_each`, of `count`, or None."""

_INDEX = r'\[(?:(?P<number>\d+)|(?P<text>"(?:[^"\\]|\\.)*"))\]'
_STEP = re.compile(rf"(?P<name>[\w-]+)|{_INDEX}")
_MODULE = re.compile(rf"module\.(?P<name>[\w-]+)(?:{_INDEX})?\.?")


@dataclass(frozen=True)
class Reference:
    """A reference in an expression.

    `kind` is the type of a resource, or module, var, local, each, count, path, self or terraform. `rest` are
    the names after it: for a module the output first.
    """

    kind: str
    name: str
    key: Key = None
    rest: tuple[str, ...] = ()
    is_data: bool = False


def references(texts: Sequence[str]) -> Iterator[Reference]:
    """Yield the references of an expression without the prefixes that Terraform lists after each."""
    for position, text in enumerate(texts):
        before = texts[position - 1] if position else ""
        if not before.startswith((f"{text}.", f"{text}[")):
            yield _reference(text)


def module_steps(address: str) -> list[tuple[str, Key]]:
    """Return the names and keys of the modules in a module's address, the root module's child first."""
    return [
        (found["name"], _key(found) if found["number"] or found["text"] else None)
        for found in _MODULE.finditer(address)
    ]


def child_address(parent: str, name: str, key: Key) -> str:
    """Return the address of a module instance that the module `parent` calls."""
    index = "" if key is None else f"[{json.dumps(key)}]"
    return f"{parent}{'.' if parent else ''}module.{name}{index}"


def _key(found: re.Match[str]) -> str | int:
    return int(found["number"]) if found["number"] else str(json.loads(found["text"]))


def _reference(text: str) -> Reference:
    parts = [found["name"] or (_key(found),) for found in _STEP.finditer(text)]
    is_data = parts[0] == "data"
    kind, *others = parts[1:] if is_data else parts
    name = others.pop(0) if others and isinstance(others[0], str) else ""
    index = others.pop(0) if others and isinstance(others[0], tuple) else (None,)
    rest = tuple(each for each in others if isinstance(each, str))
    return Reference(str(kind), str(name), index[0], rest, is_data)
