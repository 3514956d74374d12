"""Checks requests against the constraints of the API's model, with AWS's messages.

AWS reports all violations of a request in one message:
https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_RequestParameters
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.awslambda.runtimes import LISTED, OFFERED
from vpcache.lab.aws.gateway.lambda_wording import constraints_of

_Constraint = tuple[str, Callable[[Any], Any]]  # AWS's words and a predicate

_NOT_NULL = "Member must not be null"
_NUMBERS = ("integer", "long", "float", "double")
_CHECKED_LATER = {("CreateFunction", "Runtime"), ("UpdateFunctionConfiguration", "Runtime")}
"""Members by operation that Lambda checks itself, with other errors."""
_NOT_NULL_ELEMENTS = frozenset({"LayerVersionArn"})
"""Texts that AWS's errors describe as not null, and without the group around their pattern."""
_LAST = frozenset({"CompatibleArchitectures"})  # AWS reports them after other members


@dataclass(frozen=True, slots=True)
class ConstraintViolations:
    """The violations of a request, each as AWS words it."""

    messages: tuple[str, ...]

    def error(self, _: str) -> tuple[str, str]:
        """Return code and message of Lambda's error."""
        return "ValidationException", self.text

    @property
    def text(self) -> str:
        """The message of the error."""
        count = len(self.messages)
        noun = "error" if count == 1 else "errors"
        return f"{count} validation {noun} detected: {'; '.join(self.messages)}"


def constraint_violations(
    operation: Any, environ: WSGIEnvironment, body: bytes
) -> ConstraintViolations | None:
    """Return the violations of a Lambda request, None if there are none. The body must be valid JSON."""
    shape = operation.input_shape
    path = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
    headers = tuple(environ.get(key, "") for key in _header_keys(operation))
    messages = list(_violations_outside_body(operation, path, environ.get("QUERY_STRING", ""), headers))
    if not shape.serialization.get("payload"):  # otherwise the body is an event
        checks = _Checks(operation.name)
        messages += checks.structure_violations(shape, json.loads(body or b"{}"))
    return ConstraintViolations(tuple(messages)) if messages else None


def member_violations(operation: Any, parameters: Mapping[str, Any]) -> ConstraintViolations | None:
    """Return the violations of a request to a service other than Lambda, None if there are none.

    `parameters` have the model's types, except for numbers, which may be text.
    """
    checks = _Checks(operation.name, is_pattern_first=True)
    messages = tuple(checks.structure_violations(operation.input_shape, parameters))
    return ConstraintViolations(messages) if messages else None


def missing_members(operation: Any, parameters: Mapping[str, Any]) -> ConstraintViolations | None:
    """Return the required members that a request lacks, None if it lacks none."""
    missing = (name for name in operation.input_shape.required_members if parameters.get(name) is None)
    messages = tuple(_message("null", _camel(name), _NOT_NULL) for name in missing)
    return ConstraintViolations(messages) if messages else None


# where the values are


@lru_cache(maxsize=1024)  # invocations repeat their path
def _violations_outside_body(
    operation: Any, path: str, query_string: str, headers: tuple[str, ...]
) -> tuple[str, ...]:
    shape = operation.input_shape
    values = {
        "uri": _path_values(operation, path),
        "querystring": _query_values(shape, query_string),
        "header": dict(zip(_headers(shape), headers, strict=True)),
    }
    return tuple(
        message
        for name, member in shape.members.items()
        for message in _member_violations(
            name, member, values.get(member.serialization.get("location"), {}), shape
        )
    )


def _path_values(operation: Any, path: str) -> dict[str, str]:
    match = _path_pattern(operation.http["requestUri"]).fullmatch(path.split("?")[0])
    return {name: unquote(text) for name, text in match.groupdict().items()} if match else {}


@cache
def _path_pattern(template: str) -> re.Pattern[str]:
    path = re.sub(r"\\{(\w+)(?:\\\+)?\\}", r"(?P<\1>[^/]+)", re.escape(template.split("?")[0].rstrip("/")))
    return re.compile(f"{path}/?")


def _query_values(shape: Any, query_string: str) -> dict[str, Any]:
    query = parse_qs(query_string)
    return {
        name: query[key] if member.type_name == "list" else query[key][0]
        for name, member in shape.members.items()
        if (key := member.serialization.get("name", name)) in query
    }


@cache
def _header_keys(operation: Any) -> tuple[str, ...]:
    """Return the keys of the headers in a WSGI environment."""
    members = operation.input_shape.members
    names = (members[name].serialization["name"] for name in _headers(operation.input_shape))
    return tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in names)


def _headers(shape: Any) -> list[str]:
    members = shape.members.items()
    return [name for name, member in members if member.serialization.get("location") == "header"]


# violations


def _member_violations(name: str, member: Any, values: Mapping[str, Any], shape: Any) -> Iterator[str]:
    if values.get(name, "") != "" and _is_malformed(member, values[name]):
        yield _message(f"'{values[name]}'", _camel(name), "Member must be a number")
    elif values.get(name, "") != "":
        yield from _Checks("").violations(member, values[name], _camel(name))
    elif member.serialization.get("location") == "querystring" and name in shape.required_members:
        yield _message("null", _camel(name), _NOT_NULL)


def _is_malformed(member: Any, text: Any) -> bool:
    """Return whether a number is none, or larger than AWS's largest; its text is unknown."""
    return member.type_name in _NUMBERS and not re.fullmatch(r"[+-]?[0-9]{1,19}(\.[0-9]+)?", str(text))


@dataclass(frozen=True, slots=True)
class _Checks:
    """The checks of a request to one operation."""

    operation: str
    is_pattern_first: bool = False  # Lambda reports the pattern of a member after its other constraints

    def structure_violations(self, shape: Any, value: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
        """Yield the violations of a structure; `prefix` is its path with a dot."""
        for name, member in sorted(shape.members.items(), key=lambda each: each[0] in _LAST):
            if member.serialization.get("location") or (self.operation, name) in _CHECKED_LATER:
                continue
            content = value.get(member.serialization.get("name", name))
            path = prefix + _camel(name)
            if content is not None:
                yield from self.violations(member, content, path)
            elif name in shape.required_members:
                yield _message("null", path, _NOT_NULL)

    def violations(self, shape: Any, value: Any, path: str) -> Iterator[str]:
        """Yield the violations of a value."""
        if shape.type_name == "structure":
            yield from self.structure_violations(shape, value, f"{path}.")
            return
        for constraint in _violated(shape, value, self.is_pattern_first):
            yield _message(_shown(shape, value), path, constraint)
        if shape.type_name == "list":
            yield from self._list_violations(shape, value, path)
        elif shape.type_name == "map":
            yield from self._map_violations(shape, value, path)

    def _list_violations(self, shape: Any, value: list[Any], path: str) -> Iterator[str]:
        if shape.name == "CompatibleRuntimes":
            if any(each not in shape.member.enum for each in value):
                yield _message(_shown(shape, value), path, f"Member must satisfy enum value set: [{OFFERED}]")
        elif shape.member.type_name == "structure":
            for number, element in enumerate(value, 1):
                if element is not None:
                    yield from self.violations(shape.member, element, f"{path}.{number}.member")
        elif any(True for each in value for _ in _violated(shape.member, each, self.is_pattern_first)):
            constraints = _all(shape.member, self.is_pattern_first)
            yield _message(_shown(shape, value), path, f"Member must satisfy constraint: {constraints}")

    def _map_violations(self, shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
        sides = (("keys", shape.key, list(value)), ("value", shape.value, list(value.values())))
        for side, member, elements in sides:
            if any(True for each in elements for _ in _violated(member, each, self.is_pattern_first)):
                constraints = _all(member, self.is_pattern_first)
                yield _message(
                    _shown(shape, value), path, f"Map {side} must satisfy constraint: {constraints}"
                )
        if shape.value.type_name == "structure":
            for key, element in value.items():
                if element is not None:
                    yield from self.violations(shape.value, element, f"{path}.{key}.member")


def _violated(shape: Any, value: Any, is_pattern_first: bool = False) -> Iterator[str]:
    """Yield the constraints of one member that its value violates."""
    for constraint, holds in _constraints(shape, is_pattern_first):
        if value is not None and not holds(value):
            yield constraint


@cache
def _constraints(shape: Any, is_pattern_first: bool) -> list[_Constraint]:
    """Return the constraints of a member, in AWS's order, each with a predicate."""
    metadata = constraints_of(shape)
    is_number = shape.type_name in _NUMBERS
    if not is_number and shape.type_name not in ("string", "list", "map"):
        return []
    constraints: list[_Constraint] = []
    if choices := metadata.get("enum"):
        listed = LISTED if shape.name == "Runtime" else ", ".join(map(str, choices))
        text = f"Member must satisfy enum value set: [{listed}]"
        constraints.append((text, lambda value: (_number(shape, value) if is_number else value) in choices))
    measure = "value" if is_number else "length"
    maximum, minimum = metadata.get("max"), metadata.get("min")
    size: Callable[[Any], float] = float if is_number else len
    if maximum is not None:
        text = f"Member must have {measure} less than or equal to {_number(shape, maximum)}"
        constraints.append((text, lambda value: size(value) <= maximum))
    if minimum is not None:
        text = f"Member must have {measure} greater than or equal to {_number(shape, minimum)}"
        constraints.append((text, lambda value: size(value) >= minimum))
    if pattern := _compiled(metadata.get("pattern")):
        shown = pattern.pattern[1:-1] if shape.name in _NOT_NULL_ELEMENTS else pattern.pattern
        text = f"Member must satisfy regular expression pattern: {shown}"
        constraints.insert(0 if is_pattern_first else len(constraints), (text, pattern.fullmatch))
    return constraints


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    """Return a pattern of the model, None if Python has no equivalent (Unicode classes)."""
    return re.compile(pattern) if pattern and r"\p{" not in pattern else None


def _all(shape: Any, is_pattern_first: bool) -> str:
    texts = [text for text, _ in _constraints(shape, is_pattern_first)]
    if shape.type_name in _NUMBERS or shape.metadata.get("enum") or shape.name in _NOT_NULL_ELEMENTS:
        texts.append(_NOT_NULL)
    return f"[{', '.join(texts)}]"


# words


def _message(value: str, path: str, constraint: str) -> str:
    value = f"Value {value}" if value else "Value"
    return f"{value} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(shape: Any, value: Any) -> str:
    """Return a value as AWS shows it, nothing for a sensitive one."""
    members = [getattr(shape, name, shape) for name in ("key", "value", "member")]
    if any(each.metadata.get("sensitive") for each in (shape, *members)):
        return ""
    return f"'{_text(shape, value)}'"


def _text(shape: Any, value: Any) -> str:
    if value is None:
        return "null"
    if shape.type_name == "list":
        return f"[{', '.join(_text(shape.member, each) for each in value)}]"
    if shape.type_name == "map":
        return f"{{{', '.join(f'{key}={_text(shape.value, each)}' for key, each in value.items())}}}"
    if shape.type_name == "structure":
        named = (
            (name, each, value.get(each.serialization.get("name", name)))
            for name, each in shape.members.items()
        )
        return (
            f"{shape.name}({', '.join(f'{_camel(name)}={_text(each, part)}' for name, each, part in named)})"
        )
    return str(_number(shape, value)) if shape.type_name in _NUMBERS else str(value)


def _number(shape: Any, value: Any) -> float:
    return float(value) if shape.type_name in ("float", "double") else int(Decimal(value))


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
