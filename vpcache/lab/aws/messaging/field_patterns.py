"""Filter patterns of CloudWatch Logs for events whose fields are separated by spaces. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

Condition = Callable[[str], bool]
"""Returns whether the value of a field fits."""

_ELLIPSIS = "..."
_FIELD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')  # of an event: brackets and quotes make one field
_ELEMENT = re.compile(r'(?:"[^"]*"|[^,"])+')
_COMPARISON = re.compile(r'\s*(\w+)\s*(!=|<=|>=|=|<|>)\s*("[^"]*"|[^\s&|"]+)\s*')
_NAME = re.compile(r"\s*\w*\s*")
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class InvalidPatternError(ValueError):
    """A pattern that is not a list of fields with conditions."""


def field_matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that returns whether a message matches a pattern such as "[client, status = 4*]".

    An event must have as many fields as the pattern; an ellipsis in the pattern fits any number. A
    value may have the wildcard *; conditions are joined by && and ||. Raises InvalidPatternError.
    """
    text = pattern.strip()
    if not (text.startswith("[") and text.endswith("]")):
        raise InvalidPatternError(pattern)
    elements = [each.strip() for each in _ELEMENT.findall(text[1:-1])]
    if elements.count(_ELLIPSIS) > 1:
        raise InvalidPatternError(pattern)
    position = elements.index(_ELLIPSIS) if _ELLIPSIS in elements else None
    first = [_condition(each) for each in elements[:position]]
    last = [] if position is None else [_condition(each) for each in elements[position + 1 :]]

    def matches(message: str) -> bool:
        values = ["".join(groups) for groups in _FIELD.findall(message)]
        required = len(first) + len(last)
        if len(values) < required or (position is None and len(values) > required):
            return False
        return _all_hold(first, values) and _all_hold(last, values[len(values) - len(last) :])

    return matches


def _all_hold(conditions: Sequence[Condition], values: Sequence[str]) -> bool:
    return all(condition(value) for condition, value in zip(conditions, values, strict=False))


def _condition(element: str) -> Condition:
    """Return the condition of an element: a name alone fits every value."""
    if _NAME.fullmatch(element):
        return lambda _: True
    alternatives = [
        [_comparison(each, element) for each in alternative.split("&&")]
        for alternative in element.split("||")
    ]
    return lambda value: any(all(holds(value) for holds in each) for each in alternatives)


def _comparison(text: str, element: str) -> Condition:
    found = _COMPARISON.fullmatch(text)
    if not found or found[1] != element.split()[0].partition(found[2])[0]:
        raise InvalidPatternError(element)
    _, symbol, expected = found.groups()
    if symbol in _ORDERS:
        return _numeric(_ORDERS[symbol], expected.strip('"'))
    is_equal = _equality(expected)
    return is_equal if symbol == "=" else lambda value: not is_equal(value)


def _equality(expected: str) -> Condition:
    literal = expected.strip('"')
    wildcards = re.sub(r"([\[?])", r"[\1]", literal)
    return lambda value: fnmatchcase(value, wildcards) or _number(value) == _number(literal) is not None


def _numeric(compare: Callable[[float, float], bool], expected: str) -> Condition:
    limit = _number(expected)
    if limit is None:
        raise InvalidPatternError(expected)

    def holds(value: str) -> bool:
        number = _number(value)
        return number is not None and compare(number, limit)

    return holds


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
