"""Records of finished asynchronous invocations, for destinations and dead-letter queues.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vpcache.lab.aws.awslambda.config.retries import Condition
from vpcache.lab.aws.awslambda.config.targets import Attributes
from vpcache.lab.functions.spec import Event, Invocation

_MAX_MESSAGE = 1024  # characters of the error message in a dead letter


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """The result of an attempt, and the version that ran."""

    version: str
    invocation: Invocation


def invocation_record(
    event: Event, function_arn: str, condition: Condition, attempts: int, last: ExecutionResult | None
) -> str:
    """Return the record (JSON) for a destination; `last` is the result of the last attempt, if any."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(event.payload),
    }
    if last:
        record["responseContext"] = {"statusCode": 200, "executedVersion": last.version}
        if last.invocation.error:
            record["responseContext"]["functionError"] = last.invocation.error
        record["responsePayload"] = json.loads(last.invocation.payload or b"null")
    return json.dumps(record)


def dead_letter_attributes(event: Event, last: ExecutionResult | None) -> Attributes:
    """Return the message attributes of a dead letter."""
    code, message = ("200", _error_message(last.invocation.payload)) if last else ("429", "Rate Exceeded.")
    return {
        "RequestID": ("String", event.request_id),
        "ErrorCode": ("Number", code),
        "ErrorMessage": ("String", message[:_MAX_MESSAGE] or "unknown"),
    }


def _error_message(payload: bytes) -> str:
    content = json.loads(payload or b"null")
    return str(content.get("errorMessage", "")) if isinstance(content, dict) else ""
