"""EC2's filters as AWS has them: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from moto.ec2.exceptions import EC2ClientError

T = TypeVar("T")
Filters = Mapping[str, list[str]]
Known = Mapping[str, Callable[[Any], Iterable[object]]]
"""By a filter's name, a resource's values that it looks at."""


def fitting(resources: Iterable[T], filters: Filters | None, known: Known) -> list[T]:
    """Return the resources that fit every filter, of `known` or of tags. Raises EC2ClientError for others."""
    tests = [(_values_of(name, known), _pattern(wanted)) for name, wanted in (filters or {}).items()]
    return [
        each
        for each in resources
        if all(any(map(pattern.fullmatch, map(_text, values(each)))) for values, pattern in tests)
    ]


def divided(filters: Filters | None, known: Known) -> tuple[Filters, Filters]:
    """Return the filters in `known` and all others."""
    every = filters or {}
    return (
        {name: values for name, values in every.items() if name in known},
        {name: values for name, values in every.items() if name not in known},
    )


def unknown_filter(name: str) -> EC2ClientError:
    """Return the error of a filter that a call does not have."""
    return EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")


def _values_of(name: str, known: Known) -> Callable[[Any], Iterable[object]]:
    if name in known:
        return known[name]
    kind, found, key = name.partition(":")
    if kind == "tag" and found:
        return lambda resource: [tag["value"] for tag in resource.get_tags() if tag["key"] == key]
    if name == "tag-key":
        return lambda resource: [tag["key"] for tag in resource.get_tags()]
    raise unknown_filter(name)


def _pattern(wanted: Iterable[str]) -> re.Pattern[str]:
    """Return what fits any of the wanted values; `*` and `?` in them stand for what they do in a shell."""
    parts = (re.escape(each).replace(r"\*", ".*").replace(r"\?", ".") for each in wanted)
    return re.compile("|".join(f"(?:{part})" for part in parts) or r"(?!)", re.DOTALL)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
