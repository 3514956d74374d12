"""Whether a request has the form that AWS's own model of its service asks for.

AWS refuses what has not, before anything else is looked at. moto does not look, and breaks later, somewhere.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from moto.core.parse import EC2QueryParser, QueryParser
from moto.core.utils import get_service_model

from vpcache.lab.aws.gateway.call import Call, body_of

_RAW_BODY = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})  # an event, not parameters
_NUMBERS = {"integer": (int, 32), "long": (int, 64), "float": (float, 64), "double": (float, 64)}
"""How to read each kind of number, and how many bits it may take."""
_NOT_NULL = "Member must not be null"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ALSO_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Filter": ("Name",),
    "NewDhcpConfiguration": ("Key", "Values"),
    "ParameterNameValue": ("ParameterName",),
    "SecurityGroupRuleUpdate": ("SecurityGroupRuleId", "SecurityGroupRule"),
    "Tag": ("Key",),
    "TagSpecification": ("ResourceType",),
}
"""Members by structure that AWS requires and its model does not."""


class Fault(Enum):
    """What can be wrong with a parameter."""

    MISSING = auto()
    MALFORMED = auto()  # of another type
    CONSTRAINT = auto()  # of the right type, and not allowed


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the parameter at `path`, a path such as "VpcConfig.SubnetIds.1"."""

    path: str
    fault: Fault
    value: Any = None
    constraint: str = ""  # in AWS's words

    def error(self, service: str) -> tuple[str, str]:
        """Return code and message of the error with which the service refuses it."""
        if service == "ec2":
            if self.fault is Fault.MISSING:
                return "MissingParameter", f"The request must contain the parameter {self.path}"
            reason = f" {self.constraint}." if self.constraint else ""
            return (
                "InvalidParameterValue",
                f"Value ({self.value}) for parameter {self.path} is invalid.{reason}",
            )
        if self.fault is Fault.MALFORMED and service == "lambda" and not self.path:
            return "InvalidRequestContentException", self.constraint
        if self.fault is Fault.MALFORMED:
            code = "SerializationException" if service == "lambda" else "MalformedInput"
            return code, f"{self.path or 'The request'} cannot be read: {self.constraint}"
        code = "ValidationException" if service == "lambda" else "ValidationError"
        value = "null" if self.fault is Fault.MISSING else f"'{self.value}'"
        return code, (
            f"1 validation error detected: Value {value} at '{self.path[:1].lower()}{self.path[1:]}' "
            f"failed to satisfy constraint: {self.constraint}"
        )


def validate_request(call: Call, environ: WSGIEnvironment) -> Problem | None:
    """Return the first thing that is wrong with a request, None if nothing is or its service is unknown here.

    The request's body stays readable.
    """
    operation = _operation(call.service, call.action) if call.service in _PROBLEMS else None
    if operation is None or operation.input_shape is None:
        return None
    return next(_PROBLEMS[call.service](operation, call, environ), None)


@cache
def _operation(service: str, action: str) -> Any | None:
    """Return the model of an operation, None if there is no such operation."""
    model = _model(service)
    return model.operation_model(action) if action in model.operation_names else None


@cache
def _model(service: str) -> Any:
    return get_service_model(service)


class _Texts:
    """A parser's part that leaves numbers and the like as the texts that they are."""

    def _parse_integer(self, shape: Any, form: Any, prefix: str = "") -> Any:
        return self._default_handle(shape, form, prefix)  # type: ignore[attr-defined]

    _parse_long = _parse_float = _parse_double = _parse_boolean = _parse_timestamp = _parse_blob = (
        _parse_integer
    )


class _Ec2Texts(_Texts, EC2QueryParser):  # type: ignore[misc]
    pass


class _QueryTexts(_Texts, QueryParser):  # type: ignore[misc]
    pass


def _form_problems(parser: Callable[[Any], Any]) -> Callable[[Any, Call, WSGIEnvironment], Iterator[Problem]]:
    def problems(operation: Any, call: Call, _: WSGIEnvironment) -> Iterator[Problem]:
        given = parser(operation).parse({"values": {name: values[0] for name, values in call.form.items()}})
        return _violations(operation.input_shape, given, "", _text_reading, is_wire=False)

    return problems


def _rest_problems(operation: Any, call: Call, environ: WSGIEnvironment) -> Iterator[Problem]:
    shape = operation.input_shape
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    for name, member in shape.members.items():
        if member.serialization.get("location") == "querystring":
            values = query.get(member.serialization.get("name", name))
            if not values and name in shape.required_members:
                yield Problem(name, Fault.MISSING, constraint=_NOT_NULL)
            elif (
                values
                and member.type_name != "list"
                and not (values[0] == "" and member.type_name == "string")
            ):
                yield from _violations(member, values[0], name, _text_reading)
    body = body_of(environ)
    try:
        given = body.decode() if call.action in _RAW_BODY else json.loads(body or b"{}")
    except ValueError as error:
        yield Problem("", Fault.MALFORMED, constraint=f"Could not parse request body into json: {error}")
        return
    if call.action in _RAW_BODY:
        return
    payload = shape.serialization.get("payload")
    yield from _violations(shape.members[payload] if payload else shape, given, "", _json_reading)


_PROBLEMS: Mapping[str, Callable[[Any, Call, WSGIEnvironment], Iterator[Problem]]] = {
    "ec2": _form_problems(_Ec2Texts),
    "elasticache": _form_problems(_QueryTexts),
    "lambda": _rest_problems,
}


def _violations(
    shape: Any, value: Any, path: str, reading: Callable[[Any, Any], Any], *, is_wire: bool = True
) -> Iterator[Problem]:
    """Yield what is wrong with a value. `reading` returns a scalar as what it is, or raises ValueError.

    Members have their names on the wire, or else, in a form that was parsed, those of the model.
    """
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                yield _malformed(path, value, "an object is expected")
                return
            required = {*shape.required_members, *_ALSO_REQUIRED.get(shape.name, ())}
            for name, member in shape.members.items():
                if member.serialization.get("location") in ("uri", "querystring", "header"):
                    continue
                place = f"{path}.{name}" if path else name
                given = value.get(member.serialization.get("name", name) if is_wire else name)
                if given is not None and not (given == "" and name in required and not is_wire):
                    yield from _violations(member, given, place, reading, is_wire=is_wire)
                elif name in required:
                    yield Problem(place, Fault.MISSING, constraint=_NOT_NULL)
        case "list":
            if not isinstance(value, list):
                yield _malformed(path, value, "a list is expected")
                return
            yield from _out_of_bounds(shape, value, len(value), path, "length")
            for number, each in enumerate(value, 1):
                yield from _violations(shape.member, each, f"{path}.{number}", reading, is_wire=is_wire)
        case "map":
            if not isinstance(value, dict):
                yield _malformed(path, value, "an object is expected")
                return
            for key, each in value.items():
                yield from _violations(shape.value, each, f"{path}.{key}", reading, is_wire=is_wire)
        case kind:
            try:
                read = reading(kind, value)
            except (ValueError, OverflowError) as error:
                yield _malformed(path, value, str(error))
                return
            if kind == "string":
                yield from _wrong_text(shape, read, path)
            elif kind in _NUMBERS:
                yield from _out_of_bounds(shape, read, read, path, "value")


def _wrong_text(shape: Any, text: str, path: str) -> Iterator[Problem]:
    choices = shape.metadata.get("enum")
    if choices and text not in choices:
        constraint = f"Member must satisfy enum value set: [{', '.join(choices)}]"
        yield Problem(path, Fault.CONSTRAINT, text, constraint)
    yield from _out_of_bounds(shape, text, len(text), path, "length")


def _out_of_bounds(shape: Any, value: Any, size: float, path: str, what: str) -> Iterator[Problem]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        constraint = f"Member must have {what} greater than or equal to {least}"
        yield Problem(path, Fault.CONSTRAINT, value, constraint)
    if most is not None and size > most:
        constraint = f"Member must have {what} less than or equal to {most}"
        yield Problem(path, Fault.CONSTRAINT, value, constraint)


def _malformed(path: str, value: Any, expected: str) -> Problem:
    return Problem(path, Fault.MALFORMED, value, expected)


def _text_reading(kind: str, value: Any) -> Any:
    """Read a scalar from a form or a URL."""
    if kind in _NUMBERS:
        return _number(kind, value)
    if kind == "boolean" and value.lower() not in ("true", "false"):
        raise ValueError("true or false is expected")
    if kind == "blob":
        return base64.b64decode(value, validate=True)
    if _NOT_XML.search(value):
        raise ValueError("it has characters that are not allowed")
    return value


def _json_reading(kind: str, value: Any) -> Any:
    """Read a scalar from JSON."""
    if kind in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"a number is expected, not {type(value).__name__}")
        return _number(kind, value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError("true or false is expected")
        return value
    if kind == "timestamp":
        return value
    if not isinstance(value, str):
        raise ValueError(f"a text is expected, not {type(value).__name__}")
    return base64.b64decode(value, validate=True) if kind == "blob" else value


def _number(kind: str, value: Any) -> float:
    read, bits = _NUMBERS[kind]
    number: float = read(value)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(f"a number of at most {bits} bits is expected")
    return number
