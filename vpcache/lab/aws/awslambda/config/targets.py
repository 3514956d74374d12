"""Targets for the results of asynchronous invocations: SQS queues, SNS topics and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

Attributes = Mapping[str, tuple[str, str]]
"""A message's attributes by name: data type and value."""

_QUEUE, _TOPIC, _FUNCTION = "sqs", "sns", "lambda"
_TRACE_HEADER = "AWSTraceHeader"
_NOT_EMULATED = {"s3": "Buckets", "events": "Event buses"}  # destinations that only AWS supports


def check_dead_letter_target(arn: str) -> None:
    """Raise InvalidParameterValueException if an ARN is not a valid dead-letter target."""
    if not _is_of(arn, (_QUEUE, _TOPIC)):
        raise InvalidParameterValueException(
            f"The target {arn} is invalid: use an ARN of {_QUEUE}, {_TOPIC} that is not FIFO."
        )


def is_destination(arn: str) -> bool:
    """Return whether an ARN is a valid destination.

    Raises NotImplementedError if it is one that the lab does not emulate.
    """
    service = _service(arn)
    if service in _NOT_EMULATED:
        raise NotImplementedError(
            f"{_NOT_EMULATED[service]} are not emulated as destinations: use a queue, a topic or a function."
        )
    return _is_of(arn, (_QUEUE, _TOPIC, _FUNCTION))


def send(
    arn: str, message: str, attributes: Attributes, trace_id: str, invoke: Callable[[str, bytes], object]
) -> None:
    """Send a message to a queue, a topic or, by `invoke`, a function. Raises if it does not exist.

    A queue gets the trace ID, too:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
    """
    _, _, service, region, account, name, *_ = arn.split(":")
    if service == _FUNCTION:
        invoke(arn, message.encode())
    elif service == _QUEUE:
        sqs_backends[account][region].send_message(
            name,
            message,
            {key: {"DataType": type_, "StringValue": value} for key, (type_, value) in attributes.items()},
            system_attributes={_TRACE_HEADER: {"DataType": "String", "StringValue": trace_id}},
        )
    else:
        sns_backends[account][region].publish(
            message,
            arn,
            message_attributes={
                key: {"Type": type_, "Value": value} for key, (type_, value) in attributes.items()
            },
        )


def _is_of(arn: str, services: tuple[str, ...]) -> bool:
    return _service(arn) in services and not arn.endswith(".fifo")


def _service(arn: str) -> str:
    parts = arn.split(":")
    return parts[2] if len(parts) >= 6 and all(parts[2:6]) else ""
