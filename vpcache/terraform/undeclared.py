"""Variables and attributes in .tfvars files that a root module does not declare.

Terraform only warns of an undeclared variable, and drops an undeclared attribute of an object silently:
https://developer.hashicorp.com/terraform/language/expressions/type-constraints#conversion-of-complex-types
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.terraform.hcl import Entry, attributes, blocks, call, elements, items, parse_hcl
from vpcache.terraform.root_module import declared_variables, values_files


@dataclass(frozen=True)
class Shape:
    """What a type constraint says of the values below a value.

    `members` are the types of an object's attributes, `each` is the type of all elements of a map, list or
    set. Both are None for a type that has no parts, and for `any`.
    """

    members: Mapping[str, Shape] | None = None
    each: Shape | None = None


@dataclass(frozen=True)
class Declaration:
    """A variable: the shape of its type, and whether it has a default."""

    shape: Shape = field(default_factory=Shape)
    has_default: bool = False


def check_values(folder: Path) -> None:
    """Raise VpcacheError if the .tfvars files of a root module set what its variables do not declare.

    The message has file and line of each, and the most similar declared name. Files that cannot be parsed
    raise it too.
    """
    declared = declarations(folder)
    problems = [problem for file in values_files(folder) for problem in _problems(file, declared)]
    if problems:
        raise VpcacheError("; ".join(problems))


def unset_variables(folder: Path, passed: Collection[str]) -> list[str]:
    """Return the variables without a default that neither `passed` nor a .tfvars file sets, by name."""
    known = {*passed, *(entry.name for file in values_files(folder) for entry in _entries(file))}
    return sorted(
        name for name, each in declarations(folder).items() if not (each.has_default or name in known)
    )


def declarations(folder: Path) -> dict[str, Declaration]:
    """Return the variables of a root module by name.

    A variable in a file that python-hcl2 cannot parse accepts all values, and so does one without a type.
    """
    found: dict[str, Declaration] = {}
    for file in sorted(folder.glob("*.tf")):
        if "variable" not in file.read_text():
            continue  # to parse it would take a tenth of a second
        with suppress(VpcacheError):  # Terraform names its error
            for name, body in blocks(parse_hcl(file), "variable"):
                written = {entry.name: entry.value for entry in attributes(body)}
                earlier = found.get(name, Declaration())  # if this is an override file, or is overridden
                shape = shape_of(written["type"]) if "type" in written else earlier.shape
                found[name] = Declaration(shape, earlier.has_default or "default" in written)
    in_json = [name for file in folder.glob("*.tf.json") for name in _in_json(file)]
    unknown = Declaration(has_default=True)
    return dict.fromkeys([*declared_variables(folder), *in_json], unknown) | found


def shape_of(constraint: Any) -> Shape:
    """Return the shape of a type constraint, such as `map(object({ path = string }))`."""
    function = call(constraint)
    if function is None or not function[1]:
        return Shape()
    name, (argument, *_) = function
    if name == "optional":
        return shape_of(argument)
    if name in ("list", "map", "set"):
        return Shape(each=shape_of(argument))
    members = elements(argument) if name == "object" else None
    if members is None:
        return Shape()
    return Shape(members={entry.name: shape_of(entry.value) for entry in members})


def _problems(file: Path, declared: Mapping[str, Declaration]) -> Iterator[str]:
    for entry in _entries(file):
        variable = declared.get(entry.name)
        if variable is None:
            advice = suggestion(entry.name, declared)
            yield f'{_where(file, entry)}: the root module has no variable "{entry.name}"{advice}'
        else:
            yield from _undeclared(file, entry.name, entry.value, variable.shape)


def _undeclared(file: Path, path: str, value: Any, shape: Shape) -> Iterator[str]:
    """Yield the attributes of a value, at any depth, that its type does not declare."""
    if shape.members is not None:
        for entry in _parts(value) or []:
            if entry.name in shape.members:
                yield from _undeclared(file, f"{path}.{entry.name}", entry.value, shape.members[entry.name])
            else:
                advice = suggestion(entry.name, shape.members)
                yield f'{_where(file, entry)}: {path} has no attribute "{entry.name}"{advice}'
    elif shape.each is not None:
        named = [(f'{path}["{entry.name}"]', entry.value) for entry in _parts(value) or []]
        for name, part in named + [(f"{path}[{index}]", each) for index, each in enumerate(_items(value))]:
            yield from _undeclared(file, name, part, shape.each)


def suggestion(name: str, declared: Collection[str]) -> str:
    """Return the end of a message about an unknown name: the most similar name, else all of them."""
    if similar := get_close_matches(name, declared, 1):
        return f": did you mean {similar[0]}?"
    return f"; choose from {', '.join(sorted(declared))}" if declared else ""


def _where(file: Path, entry: Entry) -> str:
    return f"{file}:{entry.line}" if entry.line else str(file)


def _entries(file: Path) -> list[Entry]:
    """Return the variables that a .tfvars file sets."""
    if file.suffix != ".json":
        return list(attributes(parse_hcl(file)))
    text = file.read_text()
    try:
        document = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise VpcacheError(f"cannot parse {file}:{line}: {getattr(error, 'msg', error)}") from error
    lines = text.splitlines()
    return [Entry(name, _only_line(lines, name), value) for name, value in document.items()]


def _only_line(lines: list[str], name: str) -> int | None:
    """Return the line of a key in JSON, None if several lines have it."""
    found = [number for number, line in enumerate(lines, 1) if re.search(rf'"{re.escape(name)}"\s*:', line)]
    return found[0] if len(found) == 1 else None


def _parts(value: Any) -> list[Entry] | None:
    """Return the elements of an object in HCL or JSON."""
    if isinstance(value, dict):
        return [Entry(name, None, part) for name, part in value.items()]
    return elements(value)


def _items(value: Any) -> list[Any]:
    """Return the elements of a list in HCL or JSON."""
    return value if isinstance(value, list) else items(value) or []


def _in_json(file: Path) -> Collection[str]:
    try:
        variables = json.loads(file.read_text()).get("variable", {})
    except (ValueError, AttributeError):
        return ()  # Terraform names its error
    return variables if isinstance(variables, dict) else ()
