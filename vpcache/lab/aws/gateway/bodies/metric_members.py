"""Members of requests that put metrics into CloudWatch: the message if they are missing differs from others.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html#API_PutMetricData_Errors
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vpcache.lab.aws.gateway.bodies.errors import BodyError

_EMPTY = (None, "")
_ACTION = "PutMetricData"


def metric_member_error(model: Any, parameters: Mapping[str, Any]) -> BodyError | None:
    """Return the error for metrics that lack required members, None if they lack none."""
    if model.name != _ACTION:
        return None
    missing = [f"The parameter {path} is required." for path in _missing(model.input_shape, parameters)]
    return (400, "MissingParameter", "\n".join(missing)) if missing else None


def _missing(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of required members that are missing or empty, as the query protocol writes them."""
    if value in _EMPTY:
        return
    if shape.type_name == "list":
        for number, element in enumerate(value, 1):
            yield from _missing(shape.member, element, f"{path}.member.{number}")
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            below = f"{path}.{name}".lstrip(".")
            if value.get(name) in _EMPTY and name in shape.required_members:
                yield below
            yield from _missing(member, value.get(name), below)
