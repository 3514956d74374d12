"""Members of requests to SQS, whose errors differ from those of other services.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vpcache.lab.aws.gateway.bodies.errors import BodyError

_VISIBILITY = (0, 43_200, "Must be between 0 and 43200, if provided.")
_RESULTS = (1, 1000, "Must be between 1 and 1000, if provided.")
_RANGES: Mapping[tuple[str, str], tuple[int, int, str]] = {
    ("ChangeMessageVisibility", "VisibilityTimeout"): _VISIBILITY,
    ("ListDeadLetterSourceQueues", "MaxResults"): _RESULTS,
    ("ListQueues", "MaxResults"): _RESULTS,
    ("ReceiveMessage", "MaxNumberOfMessages"): (1, 10, "Must be between 1 and 10, if provided."),
    ("ReceiveMessage", "VisibilityTimeout"): _VISIBILITY,
    ("ReceiveMessage", "WaitTimeSeconds"): (0, 20, "Must be >= 0 and <= 20, if provided."),
}
"""By operation and member: the smallest and the largest number, and AWS's words. The model has none."""


def queue_member_error(model: Any, parameters: Mapping[str, Any]) -> BodyError | None:
    """Return the error for a request whose members violate the model or a range, None if they do not."""
    if missing := next(_missing(model.input_shape, parameters), None):
        return 400, "MissingParameter", f"The request must contain the parameter {missing}."
    if unknown := next(_unknown_attributes(model, parameters), None):
        return 400, "InvalidAttributeName", f"Unknown Attribute {unknown}."
    for name, value in parameters.items():
        minimum, maximum, reason = _RANGES.get((model.name, name), (0, 0, ""))
        if reason and value is not None and not minimum <= int(value) <= maximum:
            return (
                400,
                "InvalidParameterValue",
                f"Value {value} for parameter {name} is invalid. Reason: {reason}",
            )
    return None


def _missing(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of required members that are missing, those of an entry of a batch below its type."""
    if value is None:
        return
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                content = value.get(name)
                if content is None and name in shape.required_members:
                    yield f"{path}{name}"
                yield from _missing(member, content, f"{path}{name}.")
        case "list":
            for number, element in enumerate(value, 1):
                yield from _missing(shape.member, element, f"{shape.member.name}.{number}.")
        case "map":
            for key, element in value.items():
                yield from _missing(shape.value, element, f"{path}{key}.")


def _unknown_attributes(model: Any, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of attributes of queues that SQS does not have.

    ReceiveMessage accepts those of messages in a member whose model has those of queues.
    """
    for name, member in model.input_shape.members.items():
        each = {"list": "member", "map": "key"}.get(member.type_name)
        element = getattr(member, each) if each else member
        if element.name == "QueueAttributeName" and model.name != "ReceiveMessage":
            yield from (value for value in parameters.get(name) or () if value not in element.enum)
