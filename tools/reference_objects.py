"""A section of the reference for a class or a function, from its signature and docstring."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cached_property
from textwrap import dedent
from typing import Any

import vpcache
from tools.reference_text import reflowed

_LINE = 88  # characters of a signature before its parameters get a line each


class Documented:
    """A class or function of the API, named `module:name`."""

    def __init__(self, path: str) -> None:
        self._module, _, self.name = path.partition(":")
        self._object = getattr(importlib.import_module(self._module), self.name)

    def blocks(self) -> Iterator[str]:
        """Yield the Markdown blocks of its section."""
        yield f"## {self.name}"
        home = "vpcache" if self.name in getattr(vpcache, "__all__", ()) else self._module
        yield f"```python\nfrom {home} import {self.name}\n```"
        if not inspect.isclass(self._object):
            yield _signature(self.name, self._object)
            yield from _paragraphs(self._object)
        elif issubclass(self._object, Enum):
            yield from _paragraphs(self._object)
            yield from self._values()
        else:
            yield from self._class_blocks()

    def _class_blocks(self) -> Iterator[str]:
        is_data = dataclasses.is_dataclass(self._object)
        if not is_data and "__init__" in vars(self._object):
            yield _signature(self.name, self._object.__init__, is_method=True, has_result=False)
        yield from _paragraphs(self._object)
        if is_data:
            yield from self._values()
        for name, member in vars(self._object).items():
            if not name.startswith("_") and name not in self._fields:
                yield from self._member(name, member)

    def _member(self, name: str, member: Any) -> Iterator[str]:
        owner = self.name.lower() if self.name in ("Lab", "Stack", "Probes", "Target") else self.name
        function = _function_of(member)
        if function is None:
            return
        if isinstance(member, property | cached_property):
            yield f"### {owner}.{name}"
            yield f"```python\n{name}: {_type(function.__annotations__.get('return'))}\n```"
        else:
            yield f"### {owner}.{name}()"
            yield _signature(name, function, is_method=True)
        yield from _paragraphs(function)

    @property
    def _fields(self) -> tuple[str, ...]:
        is_data = dataclasses.is_dataclass(self._object)
        return tuple(field.name for field in dataclasses.fields(self._object)) if is_data else ()

    def _values(self) -> Iterator[str]:
        """Yield the fields of a dataclass, or the members of an enum, as a table."""
        comments = _comments(self._object)
        if issubclass(self._object, Enum):
            rows = [(f"`{member.value}`", comments.get(member.name, "")) for member in self._object]
            yield _table(("Value", "Meaning"), rows)
            return
        shown = [field for field in dataclasses.fields(self._object) if not field.name.startswith("_")]
        cells = [
            (f"`{field.name}`", f"`{_type(field.type).replace(' | ', ' or ')}`", _default(field))
            for field in shown
        ]
        meanings = [comments.get(field.name, "") for field in shown]
        heads = ("Field", "Type", "Default", "Meaning")
        yield _table(heads, [(*some, meaning) for some, meaning in zip(cells, meanings, strict=True)])


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table without the columns that have no value."""
    columns = [column for column in zip(heads, *rows, strict=True) if any(column[1:])]
    lines = ["| " + " | ".join(cells) + " |" for cells in zip(*columns, strict=True)]
    return "\n".join([lines[0], "|" + "---|" * len(columns), *lines[1:]])


def _function_of(member: Any) -> Callable[..., Any] | None:
    if isinstance(member, property):
        return member.fget
    if isinstance(member, cached_property):
        return member.func
    if isinstance(member, classmethod | staticmethod):
        return member.__func__
    return member if inspect.isfunction(member) else None


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return "" if field.default_factory is dataclasses.MISSING else "computed"


def _type(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "Any")


def _comments(cls: type) -> dict[str, str]:
    """Return the comment at the end of each field's or member's line, or the docstring below it."""
    source = inspect.getsource(cls)
    found = dict(re.findall(r"^    (\w+)(?:: [^=#\n]+)?(?: = [^#\n]+)?  # (.+)$", source, re.MULTILINE))
    body = ast.parse(dedent(source)).body[0]
    assert isinstance(body, ast.ClassDef)
    for line, after in zip(body.body, body.body[1:], strict=False):
        target = line.target if isinstance(line, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and isinstance(after, ast.Expr):
            text = ast.literal_eval(after.value)
            found[target.id] = " ".join(str(text).split())
    return {name: _sentence(text) for name, text in found.items()}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") if text else ""


def _signature(
    name: str, function: Callable[..., Any], *, is_method: bool = False, has_result: bool = True
) -> str:
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[1 if is_method else 0 :]
    words, star = [], False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            words.append("*")
        star = star or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        words.append(_parameter(parameter))
    result = ""
    if has_result and signature.return_annotation is not signature.empty:
        result = f" -> {_result(function, _type(signature.return_annotation))}"
    line = f"{name}({', '.join(words)}){result}"
    if len(line) > _LINE:
        line = f"{name}(\n" + "".join(f"    {word},\n" for word in words) + f"){result}"
    return f"```python\n{line}\n```"


def _result(function: Callable[..., Any], annotation: str) -> str:
    """Return the type of a call: a function that `contextmanager` wraps yields one value."""
    is_context = hasattr(function, "__wrapped__") and annotation.startswith("Iterator[")
    return annotation.replace("Iterator", "ContextManager", 1) if is_context else annotation


def _parameter(parameter: inspect.Parameter) -> str:
    prefix = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
    prefix = "**" if parameter.kind is parameter.VAR_KEYWORD else prefix
    text = f"{prefix}{parameter.name}"
    if parameter.annotation is not parameter.empty:
        text += f": {_type(parameter.annotation)}"
    if parameter.default is not parameter.empty:
        default = "..." if callable(parameter.default) else repr(parameter.default)
        text += f" = {default}"
    return text


def _paragraphs(documented: object) -> Iterator[str]:
    """Yield the paragraphs of a docstring, each on one line; an indented block stays a block."""
    yield from reflowed(inspect.getdoc(documented) or "")
