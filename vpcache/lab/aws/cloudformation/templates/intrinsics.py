"""Intrinsic functions: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html

Pure: a `Scope` has what they refer to.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from itertools import islice
from typing import Any, Protocol

from vpcache.lab.aws.cloudformation.errors import ResourceError, TemplateError

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:([^}]*)\}\}")


class _NoValue:
    """The value of AWS::NoValue, which removes its property."""


NO_VALUE = _NoValue()


class Scope(Protocol):
    """What intrinsic functions refer to. All methods may raise TemplateError or ResourceError."""

    def ref(self, name: str) -> Any:
        """Return the value of a parameter or a pseudo parameter, or the ID of a resource."""
        ...

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return an attribute of a resource."""
        ...

    def mapped(self, mapping: str, first: str, second: str) -> Any:
        """Return a value of a mapping."""
        ...

    def condition(self, name: str) -> bool:
        """Return whether a condition is met."""
        ...

    def imported(self, name: str) -> Any:
        """Return the value of another stack's export."""
        ...

    def zones(self, region: str) -> list[str]:
        """Return the availability zones of a region, the stack's own if it is empty."""
        ...

    def dynamic(self, reference: str) -> str:
        """Return the value of a dynamic reference, such as "ssm:name:1"."""
        ...


def evaluate(value: Any, scope: Scope) -> Any:
    """Return a value with its intrinsic functions replaced by their results."""
    if isinstance(value, list):
        return [each for each in (evaluate(each, scope) for each in value) if each is not NO_VALUE]
    if isinstance(value, dict):
        if len(value) == 1:
            ((name, argument),) = value.items()
            function = _FUNCTIONS.get(name)
            if function and not (name == "Condition" and isinstance(argument, dict)):  # a policy's condition
                return function(argument, scope)
            if name.startswith("Fn::"):
                raise TemplateError(f"Template error: the intrinsic function {name} is not supported")
        pairs = ((name, evaluate(each, scope)) for name, each in value.items())
        return {name: each for name, each in pairs if each is not NO_VALUE}
    if isinstance(value, str) and "{{resolve:" in value:
        return _DYNAMIC.sub(lambda match: scope.dynamic(match[1]), value)
    return value


def references(value: Any) -> Iterator[str]:
    """Yield the names of parameters, pseudo parameters and resources that a value refers to."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        for name, argument in value.items():
            if name == "Ref" and isinstance(argument, str):
                yield argument
            elif name == "Fn::GetAtt":
                yield argument.split(".")[0] if isinstance(argument, str) else str(argument[0])
            elif name == "Fn::Sub":
                yield from _sub_references(argument)
            else:
                yield from references(argument)


def conditions_in(value: Any) -> Iterator[str]:
    """Yield the names of the conditions that a value depends on."""
    if isinstance(value, list):
        for each in value:
            yield from conditions_in(each)
    elif isinstance(value, dict):
        for name, argument in value.items():
            if name == "Condition" and isinstance(argument, str):
                yield argument
            elif name == "Fn::If" and isinstance(argument, list):
                yield str(argument[0])
                yield from conditions_in(argument[1:])
            else:
                yield from conditions_in(argument)


def _sub_references(argument: Any) -> Iterator[str]:
    text, variables = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    for is_literal, name in _VARIABLE.findall(text):
        if not is_literal and name not in variables:
            yield name.split(".")[0]
    yield from references(list(variables.values()))


def _ref(argument: Any, scope: Scope) -> Any:
    return scope.ref(str(argument))


def _get_att(argument: Any, scope: Scope) -> Any:
    logical_id, name = argument.split(".", 1) if isinstance(argument, str) else argument
    return scope.attribute(logical_id, str(evaluate(name, scope)))


def _sub(argument: Any, scope: Scope) -> str:
    text, variables = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])

    def replaced(match: re.Match[str]) -> str:
        if match[1]:
            return f"${{{match[2]}}}"
        name = match[2].strip()
        if name in variables:
            return _text(evaluate(variables[name], scope))
        logical_id, dot, attribute = name.partition(".")
        return _text(scope.attribute(logical_id, attribute) if dot else scope.ref(name))

    return _VARIABLE.sub(replaced, text)


def _join(argument: Any, scope: Scope) -> str:
    separator, values = argument
    return str(separator).join(_text(each) for each in _list(values, scope, "Fn::Join"))


def _select(argument: Any, scope: Scope) -> Any:
    index, values = int(evaluate(argument[0], scope)), _list(argument[1], scope, "Fn::Select")
    if not 0 <= index < len(values):
        raise TemplateError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return values[index]


def _split(argument: Any, scope: Scope) -> list[str]:
    separator, text = evaluate(argument, scope)
    return str(text).split(separator)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    if len(argument) != 3:
        raise NotImplementedError("Fn::FindInMap with a default value is not emulated.")
    return scope.mapped(*(str(evaluate(each, scope)) for each in argument))


def _if(argument: Any, scope: Scope) -> Any:
    name, when_true, when_false = argument
    return evaluate(when_true if scope.condition(name) else when_false, scope)


def _equals(argument: Any, scope: Scope) -> bool:
    first, second = (evaluate(each, scope) for each in argument)
    return _text(first) == _text(second)


def _and(argument: Any, scope: Scope) -> bool:
    return all(evaluate(each, scope) for each in argument)


def _or(argument: Any, scope: Scope) -> bool:
    return any(evaluate(each, scope) for each in argument)


def _not(argument: Any, scope: Scope) -> bool:
    return not evaluate(argument[0], scope)


def _import_value(argument: Any, scope: Scope) -> Any:
    return scope.imported(str(evaluate(argument, scope)))


def _get_azs(argument: Any, scope: Scope) -> list[str]:
    return scope.zones(str(evaluate(argument, scope)))


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(_text(evaluate(argument, scope)).encode()).decode()


def _cidr(argument: Any, scope: Scope) -> list[str]:
    block, count, *bits = evaluate(argument, scope)
    network = ip_network(block)
    prefix = network.max_prefixlen - int(bits[0] if bits else 8)
    return [str(each) for each in islice(network.subnets(new_prefix=prefix), int(count))]


def _length(argument: Any, scope: Scope) -> int:
    return len(_list(argument, scope, "Fn::Length"))


def _condition(argument: Any, scope: Scope) -> bool:
    return scope.condition(str(argument))


def _list(value: Any, scope: Scope, function: str) -> list[Any]:
    values = evaluate(value, scope)
    if not isinstance(values, list):
        raise ResourceError(f"Template error: every {function} object requires a list, got {values!r}")
    return values


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_FUNCTIONS: Mapping[str, Callable[[Any, Scope], Any]] = {
    "Condition": _condition,
    "Fn::And": _and,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Ref": _ref,
}
