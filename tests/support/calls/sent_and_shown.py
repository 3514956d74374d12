"""Whether the answer to a request shows the values that the request had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_OTHERWISE = frozenset(
    {
        "AttributeNames",
        "CidrBlock",  # shown without host bits
        "FunctionName",  # an ARN or a name
        "LayerName",
        "Marker",
        "MaxItems",
        "NextToken",
        "Policy",
        "PolicyDocument",  # quoted
        "Protocol",  # a number or a name
        "Qualifier",
        "QueueName",
        "Type",
    }
)
"""Parameters whose members in answers have another form, or another meaning."""


def contradictions(parameters: Mapping[str, Any], response: Any) -> list[str]:
    """Return the scalar parameters with a member of the same name in the answer, but of another value."""
    return [
        f"{name} was {value!r}, and the answer has {shown!r}"
        for name, value in parameters.items()
        if name not in _OTHERWISE
        and isinstance(value, (str, int, bool))
        and (shown := list(_members(response, name)))
        and _text(value) not in map(_text, shown)
    ]


def _members(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "ResponseMetadata":
                continue
            if key == name and isinstance(each, (str, int, bool)):
                yield each
            yield from _members(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _members(each, name)


def _text(value: Any) -> str:
    return str(value).lower()
