"""Filter patterns of event source mappings. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_RULES: Mapping[str, Callable[[str, str], bool]] = {
    "equals-ignore-case": lambda value, text: value.lower() == text.lower(),
    "prefix": str.startswith,
    "suffix": str.endswith,
}
_ALTERNATIVES = "$or"
_MIN_ALTERNATIVES = 2
_NOT_EMULATED = frozenset({"cidr", "wildcard"})  # operators of EventBridge that Lambda's guide does not list

Pattern = Mapping[str, Any]


class PatternError(ValueError):
    """A pattern is not one that AWS accepts."""


def parse_pattern(text: str) -> Pattern:
    """Return a pattern from its JSON text.

    Raises PatternError for an invalid one, and NotImplementedError for operators that are not emulated.
    """
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise PatternError(str(error)) from error
    _check_fields(pattern)
    return dict(pattern)


def matches(pattern: Pattern, event: Any) -> bool:
    """Return whether an event, a JSON value, has all fields of a pattern."""
    for name, rule in pattern.items():
        if name == _ALTERNATIVES:
            if not any(matches(each, event) for each in rule):
                return False
            continue
        is_present = isinstance(event, Mapping) and name in event
        value = event[name] if is_present else None
        if isinstance(rule, Mapping):
            if not matches(rule, value):
                return False
        elif not any(_matches_rule(each, value, is_present=is_present) for each in rule):
            return False
    return True


def _check_fields(pattern: Any) -> None:
    if not isinstance(pattern, Mapping) or not pattern:
        raise PatternError("a pattern must be an object with fields")
    for name, rule in pattern.items():
        if name == _ALTERNATIVES:
            if not isinstance(rule, list) or len(rule) < _MIN_ALTERNATIVES:
                raise PatternError("$or must be an array of two objects or more")
            for each in rule:
                _check_fields(each)
        elif isinstance(rule, Mapping):
            _check_fields(rule)
        elif not isinstance(rule, list) or not rule:
            raise PatternError(f"{name} must be an object or an array with values")
        else:
            for each in rule:
                _check_rule(each)


def _check_rule(rule: Any) -> None:
    if isinstance(rule, list):
        raise PatternError("an array must not contain arrays")
    if not isinstance(rule, Mapping):
        return
    if len(rule) != 1:
        raise PatternError("a comparison must have one operator")
    ((name, operand),) = rule.items()
    if name in _NOT_EMULATED:
        raise NotImplementedError(f"The operator {name} of filter patterns is not emulated.")
    check = _CHECKS.get(name)
    if check is None or not check(operand):
        raise PatternError(f"{name} is no operator or has an invalid operand: {operand!r}")


def _is_range(operand: Any) -> bool:
    return (
        isinstance(operand, list)
        and len(operand) in (2, 4)
        and all(sign in _COMPARISONS for sign in operand[::2])
        and all(map(_is_number, operand[1::2]))
    )


def _is_text_rule_operand(operand: Any) -> bool:
    if isinstance(operand, Mapping):
        return list(operand) == ["equals-ignore-case"] and isinstance(operand["equals-ignore-case"], str)
    return isinstance(operand, str)


def _is_exclusion(operand: Any) -> bool:
    if isinstance(operand, Mapping):
        return (
            len(operand) == 1
            and next(iter(operand)) in _TEXT_RULES
            and all(isinstance(each, str) for each in _as_list(next(iter(operand.values()))))
        )
    values = _as_list(operand)
    return bool(values) and all(isinstance(each, str) or _is_number(each) for each in values)


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "anything-but": _is_exclusion,
    "equals-ignore-case": lambda operand: isinstance(operand, str),
    "exists": lambda operand: isinstance(operand, bool),
    "numeric": _is_range,
    "prefix": _is_text_rule_operand,
    "suffix": _is_text_rule_operand,
}
"""By operator: whether an operand is valid."""


def _matches_rule(rule: Any, value: Any, *, is_present: bool) -> bool:
    if isinstance(rule, Mapping) and "exists" in rule:
        is_leaf = is_present and not isinstance(value, Mapping)
        return is_leaf is rule["exists"]
    if not is_present:
        return False
    values = value if isinstance(value, list) else [value]
    return any(_matches_value(rule, each) for each in values)


def _matches_value(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return _is_equal(rule, value)
    ((name, operand),) = rule.items()
    if name == "anything-but":
        return _is_other(operand, value)
    if name == "numeric":
        limits = zip(operand[::2], operand[1::2], strict=True)
        return _is_number(value) and all(_COMPARISONS[sign](value, limit) for sign, limit in limits)
    return _has_text(name, operand, value)


def _has_text(name: str, operand: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, Mapping):
        return _TEXT_RULES[name](value.lower(), operand["equals-ignore-case"].lower())
    return _TEXT_RULES[name](value, operand)


def _is_other(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((name, texts),) = operand.items()
        return isinstance(value, str) and not any(_has_text(name, text, value) for text in _as_list(texts))
    return not isinstance(value, Mapping) and not any(_is_equal(each, value) for each in _as_list(operand))


def _is_equal(rule: Any, value: Any) -> bool:
    if isinstance(rule, bool) or isinstance(value, bool):
        return rule is value
    return bool(rule == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
