"""EC2's filters: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from moto.ec2.exceptions import EC2ClientError

T = TypeVar("T")
Filters = Mapping[str, list[str]]
FilterFields = Mapping[str, Callable[[Any], Iterable[object]]]
"""By filter name: a function that returns the values of a resource to compare."""


def apply_filters(resources: Iterable[T], filters: Filters | None, fields: FilterFields) -> list[T]:
    """Return the resources that match all filters: of `fields`, and of tags. Raises EC2ClientError."""
    tests = [(_values_of(name, fields), _pattern(values)) for name, values in (filters or {}).items()]
    return [
        each
        for each in resources
        if all(any(map(pattern.fullmatch, map(_text, values(each)))) for values, pattern in tests)
    ]


def split_filters(filters: Filters | None, fields: FilterFields) -> tuple[Filters, Filters]:
    """Return the filters in `fields`, and the others."""
    all_filters = filters or {}
    return (
        {name: values for name, values in all_filters.items() if name in fields},
        {name: values for name, values in all_filters.items() if name not in fields},
    )


def unknown_filter_error(name: str) -> EC2ClientError:
    """Return the error for a filter that an operation does not support."""
    return EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")


def _values_of(name: str, fields: FilterFields) -> Callable[[Any], Iterable[object]]:
    if name in fields:
        return fields[name]
    prefix, colon, key = name.partition(":")
    if prefix == "tag" and colon:
        return lambda resource: [tag["value"] for tag in resource.get_tags() if tag["key"] == key]
    if name == "tag-key":
        return lambda resource: [tag["key"] for tag in resource.get_tags()]
    raise unknown_filter_error(name)


def _pattern(values: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that matches any of the values, with the wildcards `*` and `?`."""
    parts = (re.escape(value).replace(r"\*", ".*").replace(r"\?", ".") for value in values)
    return re.compile("|".join(f"(?:{part})" for part in parts) or r"(?!)", re.DOTALL)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
