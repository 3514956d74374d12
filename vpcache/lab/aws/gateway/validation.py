"""Validates requests against AWS's model of the service.

AWS validates a request before it executes it. moto does not, and fails later in unpredictable ways.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from moto.core.parse import EC2QueryParser, QueryParser

from vpcache.lab.aws.gateway.call import Call, body_of
from vpcache.lab.aws.gateway.constraints import ConstraintViolations, constraint_violations
from vpcache.lab.aws.gateway.lambda_wording import undecodable
from vpcache.lab.aws.gateway.operation_models import operation_model

_RAW_BODY = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})  # the body is an event
_NUMBERS = {"integer": (int, 32), "long": (int, 64), "float": (float, 64), "double": (float, 64)}
"""By numeric type: the Python type, and the maximum number of bits."""
_OUTSIDE_BODY = ("uri", "querystring", "header")  # locations of members that are not in the body
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
"""Members by structure that AWS requires although its model does not."""


class ViolationKind(Enum):
    """The ways in which a parameter can violate the model."""

    MISSING = auto()
    MALFORMED = auto()  # the value has another type
    CONSTRAINT = auto()  # the value has the right type but is not allowed


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of the model by the parameter at `path`, such as "VpcConfig.SubnetIds.1"."""

    path: str
    kind: ViolationKind
    value: Any = None
    constraint: str = ""  # as AWS words it

    def error(self, service: str) -> tuple[str, str]:
        """Return code and message of the service's error for this violation."""
        if service == "ec2":
            return self._ec2_error()
        if service == "apigateway":
            return self._api_gateway_error()
        if self.kind is ViolationKind.MALFORMED and service == "lambda" and not self.path:
            return "InvalidRequestContentException", self.constraint
        if self.kind is ViolationKind.MALFORMED:
            code = "SerializationException" if service == "lambda" else "MalformedInput"
            return code, f"{self.path or 'The request'} cannot be parsed: {self.constraint}"
        value = "null" if self.kind is ViolationKind.MISSING else f"'{self.value}'"
        return "ValidationError", (
            f"1 validation error detected: Value {value} at '{self.path[:1].lower()}{self.path[1:]}' "
            f"failed to satisfy constraint: {self.constraint}"
        )

    def _api_gateway_error(self) -> tuple[str, str]:
        value = "null" if self.kind is ViolationKind.MISSING else repr(self.value)
        return (
            "BadRequestException",
            f"Invalid value {value} for {self.path or 'the body'}: {self.constraint}",
        )

    def _ec2_error(self) -> tuple[str, str]:
        if self.kind is ViolationKind.MISSING:
            return "MissingParameter", f"The request must contain the parameter {self.path}"
        reason = f" {self.constraint}." if self.constraint else ""
        message = f"Value ({self.value}) for parameter {self.path} is invalid.{reason}"
        return "InvalidParameterValue", message


def validate_request(call: Call, environ: WSGIEnvironment) -> Violation | ConstraintViolations | None:
    """Return the first violation of a request, None if it is valid or its service is not validated.

    Lambda reports all violations of its model's constraints at once.

    The request's body can still be read.
    """
    operation = operation_model(call.service, call.action) if call.service in _VALIDATORS else None
    if operation is None or operation.input_shape is None:
        return None
    violations = _VALIDATORS[call.service](operation, call, environ)
    if call.service != "lambda":
        return next(violations, None)
    malformed = (each for each in violations if each.kind is ViolationKind.MALFORMED)
    return next(malformed, None) or constraint_violations(operation, environ, body_of(environ))


# forms (EC2, ElastiCache, IAM, STS)


class _ScalarsAsText:
    """A mixin for parsers of forms that leaves scalars as text."""

    def _parse_shape(self, shape: Any, form: Any, prefix: str = "") -> Any:
        if shape.type_name in ("structure", "list", "map"):
            return super()._parse_shape(shape, form, prefix)  # type: ignore[misc]
        return self._default_handle(shape, form, prefix)  # type: ignore[attr-defined]


class _Ec2FormParser(_ScalarsAsText, EC2QueryParser):  # type: ignore[misc]
    pass


class _QueryFormParser(_ScalarsAsText, QueryParser):  # type: ignore[misc]
    pass


def _form_validator(
    parser: Callable[[Any], Any], *, checks_patterns: bool = False
) -> Callable[[Any, Call, WSGIEnvironment], Iterator[Violation]]:
    def violations(operation: Any, call: Call, _: WSGIEnvironment) -> Iterator[Violation]:
        values = _FormValues(checks_patterns)
        return _violations(operation.input_shape, _parsed(parser, operation, call), "", values)

    return violations


def _parsed(parser: Callable[[Any], Any], operation: Any, call: Call) -> Mapping[str, Any]:
    form = {name: values[0] for name, values in call.form.items()}
    parameters: Mapping[str, Any] = parser(operation).parse({"values": form})
    return parameters


def form_parameters(call: Call) -> Mapping[str, Any]:
    """Return the parameters of a request as text, under the names of the model."""
    operation = operation_model(call.service, call.action)
    if operation is None or operation.input_shape is None:
        return {}
    return _parsed(_Ec2FormParser if call.service == "ec2" else _QueryFormParser, operation, call)


def malformed_member(operation: Any, parameters: Mapping[str, Any]) -> Violation | None:
    """Return the first parameter of a form whose text is no value of its type, None if there is none."""
    violations = _violations(operation.input_shape, parameters, "", _FormValues())
    return next((each for each in violations if each.kind is ViolationKind.MALFORMED), None)


# REST (API Gateway, Lambda)


def _rest_violations(operation: Any, call: Call, environ: WSGIEnvironment) -> Iterator[Violation]:
    yield from _query_violations(operation.input_shape, environ.get("QUERY_STRING", ""))
    yield from _body_violations(operation.input_shape, call, body_of(environ))


def _query_violations(shape: Any, query_string: str) -> Iterator[Violation]:
    query = parse_qs(query_string, keep_blank_values=True)
    for name, member in shape.members.items():
        if member.serialization.get("location") != "querystring":
            continue
        values = query.get(member.serialization.get("name", name))
        if not values:
            if name in shape.required_members:
                yield Violation(name, ViolationKind.MISSING, constraint=_NOT_NULL)
        elif member.type_name != "list" and not (values[0] == "" and member.type_name == "string"):
            yield from _violations(member, values[0], name, _FormValues())


def _body_violations(shape: Any, call: Call, body: bytes) -> Iterator[Violation]:
    try:
        content = body.decode() if call.action in _RAW_BODY else json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        reason = undecodable(body, error) if isinstance(error, UnicodeDecodeError) else str(error)
        text = f"Could not parse request body into json: {reason}"
        yield Violation("", ViolationKind.MALFORMED, constraint=text)
        return
    if call.action in _RAW_BODY:
        return
    payload = shape.serialization.get("payload")
    yield from _violations(shape.members[payload] if payload else shape, content, "", _JsonValues())


_VALIDATORS: Mapping[str, Callable[[Any, Call, WSGIEnvironment], Iterator[Violation]]] = {
    "apigateway": _rest_violations,
    "ec2": _form_validator(_Ec2FormParser),
    "elasticache": _form_validator(_QueryFormParser),
    "iam": _form_validator(_QueryFormParser, checks_patterns=True),
    "lambda": _rest_violations,
    "sts": _form_validator(_QueryFormParser, checks_patterns=True),
}


# values of each serialization


class _Values(Protocol):
    """Reads values of one serialization."""

    checks_patterns: bool
    """Whether the service checks the patterns of its model."""

    def member(self, structure: Mapping[str, Any], name: str, shape: Any, *, is_required: bool) -> Any:
        """Return the value of a structure's member, None if it is missing."""
        ...

    def scalar(self, type_name: str, value: Any) -> Any:
        """Return a scalar in its type. Raises ValueError or OverflowError."""
        ...


class _FormValues:
    """Values of a parsed form: text, under the names of the model."""

    def __init__(self, checks_patterns: bool = False) -> None:
        self.checks_patterns = checks_patterns

    def member(self, structure: Mapping[str, Any], name: str, shape: Any, *, is_required: bool) -> Any:
        value = structure.get(name)
        return None if value == "" and is_required else value

    def scalar(self, type_name: str, value: Any) -> Any:
        if type_name in _NUMBERS:
            return _number(type_name, value)
        if type_name == "boolean" and value.lower() not in ("true", "false"):
            raise ValueError("expected true or false")
        if type_name == "blob":
            return base64.b64decode(value, validate=True)
        if _NOT_XML.search(value):
            raise ValueError("it contains invalid characters")
        return value


class _JsonValues:
    """Values of a JSON document, under their serialized names."""

    checks_patterns = False

    def member(self, structure: Mapping[str, Any], name: str, shape: Any, *, is_required: bool) -> Any:
        return structure.get(shape.serialization.get("name", name))

    def scalar(self, type_name: str, value: Any) -> Any:
        if type_name in _NUMBERS:
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ValueError(f"expected a number, got {type(value).__name__}")
            return _number(type_name, value)
        if type_name == "boolean":
            if not isinstance(value, bool):
                raise ValueError("expected true or false")
            return value
        if type_name == "timestamp":
            return value
        if not isinstance(value, str):
            raise ValueError(f"expected a string, got {type(value).__name__}")
        return base64.b64decode(value, validate=True) if type_name == "blob" else value


def _number(type_name: str, value: Any) -> float:
    convert, bits = _NUMBERS[type_name]
    number: float = convert(value)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(f"expected a number of at most {bits} bits")
    return number


# violations by type of shape


def _violations(shape: Any, value: Any, path: str, values: _Values) -> Iterator[Violation]:
    """Yield the violations of a value, depth first."""
    check = _CHECKS.get(shape.type_name, _scalar_violations)
    return check(shape, value, path, values)


def _structure_violations(shape: Any, value: Any, path: str, values: _Values) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield _malformed(path, value, "expected an object")
        return
    required = {*shape.required_members, *_ALSO_REQUIRED.get(shape.name, ())}
    for name, member in shape.members.items():
        if member.serialization.get("location") in _OUTSIDE_BODY:
            continue
        member_path = f"{path}.{name}" if path else name
        content = values.member(value, name, member, is_required=name in required)
        if content is not None:
            yield from _violations(member, content, member_path, values)
        elif name in required:
            yield Violation(member_path, ViolationKind.MISSING, constraint=_NOT_NULL)


def _list_violations(shape: Any, value: Any, path: str, values: _Values) -> Iterator[Violation]:
    if not isinstance(value, list):
        yield _malformed(path, value, "expected a list")
        return
    yield from _out_of_bounds(shape, value, len(value), path, "length")
    for number, element in enumerate(value, 1):
        yield from _violations(shape.member, element, f"{path}.{number}", values)


def _map_violations(shape: Any, value: Any, path: str, values: _Values) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield _malformed(path, value, "expected an object")
        return
    for key, element in value.items():
        yield from _violations(shape.value, element, f"{path}.{key}", values)


def _scalar_violations(shape: Any, value: Any, path: str, values: _Values) -> Iterator[Violation]:
    try:
        scalar = values.scalar(shape.type_name, value)
    except (ValueError, OverflowError) as error:
        yield _malformed(path, value, str(error))
        return
    if shape.type_name == "string":
        yield from _string_violations(shape, scalar, path)
        if values.checks_patterns:
            yield from _pattern_violations(shape, scalar, path)
    elif shape.type_name in _NUMBERS:
        yield from _out_of_bounds(shape, scalar, scalar, path, "value")


_CHECKS: Mapping[str, Callable[[Any, Any, str, _Values], Iterator[Violation]]] = {
    "structure": _structure_violations,
    "list": _list_violations,
    "map": _map_violations,
}


def _string_violations(shape: Any, text: str, path: str) -> Iterator[Violation]:
    choices = shape.metadata.get("enum")
    if choices and text not in choices:
        constraint = f"Member must satisfy enum value set: [{', '.join(choices)}]"
        yield Violation(path, ViolationKind.CONSTRAINT, text, constraint)
    yield from _out_of_bounds(shape, text, len(text), path, "length")


def _pattern_violations(shape: Any, text: str, path: str) -> Iterator[Violation]:
    pattern = shape.metadata.get("pattern", "")
    if not pattern or r"\p{" in pattern:  # Python has no equivalent of Unicode classes
        return
    if not re.fullmatch(pattern, text, re.DOTALL):
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        yield Violation(path, ViolationKind.CONSTRAINT, text, constraint)


def _out_of_bounds(shape: Any, value: Any, size: float, path: str, measure: str) -> Iterator[Violation]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if minimum is not None and size < minimum:
        constraint = f"Member must have {measure} greater than or equal to {minimum}"
        yield Violation(path, ViolationKind.CONSTRAINT, value, constraint)
    if maximum is not None and size > maximum:
        constraint = f"Member must have {measure} less than or equal to {maximum}"
        yield Violation(path, ViolationKind.CONSTRAINT, value, constraint)


def _malformed(path: str, value: Any, expected: str) -> Violation:
    return Violation(path, ViolationKind.MALFORMED, value, expected)
