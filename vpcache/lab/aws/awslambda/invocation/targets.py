"""Where Lambda sends what became of events: queues, topics and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

Attributes = Mapping[str, tuple[str, str]]
"""A message's attributes by name: data type and value."""

_QUEUE, _TOPIC, _FUNCTION = "sqs", "sns", "lambda"
_ELSEWHERE = {"s3": "Buckets", "events": "Event buses"}  # that AWS can send to and the lab cannot


def check_dead_letter_target(arn: str) -> None:
    """Raise if failed events cannot be sent there."""
    _check(arn, (_QUEUE, _TOPIC))


def check_destination(arn: str) -> None:
    """Raise if records of invocations cannot be sent there."""
    kind = _kind(arn)
    if kind in _ELSEWHERE:
        raise NotImplementedError(f"{_ELSEWHERE[kind]} as destinations: use a queue, a topic or a function.")
    _check(arn, (_QUEUE, _TOPIC, _FUNCTION))


def send(arn: str, message: str, attributes: Attributes, invoke: Callable[[str, bytes], object]) -> None:
    """Send a message to a queue, a topic or, by `invoke`, a function. Raises if it is not there."""
    _, _, kind, region, account, name, *_ = arn.split(":")
    if kind == _FUNCTION:
        invoke(arn, message.encode())
    elif kind == _QUEUE:
        sqs_backends[account][region].send_message(
            name,
            message,
            {key: {"DataType": type_, "StringValue": value} for key, (type_, value) in attributes.items()},
        )
    else:
        sns_backends[account][region].publish(
            message,
            arn,
            message_attributes={
                key: {"Type": type_, "Value": value} for key, (type_, value) in attributes.items()
            },
        )


def _check(arn: str, kinds: tuple[str, ...]) -> None:
    if _kind(arn) not in kinds or arn.endswith(".fifo"):
        raise InvalidParameterValueException(
            f"The target {arn} is invalid: give the ARN of one of {', '.join(kinds)}, and not of a FIFO one."
        )


def _kind(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) >= 6 and all(parts[2:6]) else ""
