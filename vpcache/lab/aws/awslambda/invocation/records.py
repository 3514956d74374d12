"""What Lambda tells of an event that is done with.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vpcache.lab.aws.awslambda.invocation.retries import Condition
from vpcache.lab.aws.awslambda.invocation.targets import Attributes
from vpcache.lab.functions.spec import Event, Invocation

_MAX_MESSAGE = 1024  # characters of an error message that a dead letter bears


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What an attempt came to, and which version it was."""

    version: str
    invocation: Invocation


def invocation_record(
    event: Event, function_arn: str, condition: Condition, attempts: int, last: ExecutionResult | None
) -> str:
    """Return the record (JSON) that a destination gets; `last` is the last attempt, if there was any."""
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
    """Return what a dead letter bears besides the event itself."""
    code, words = ("200", _error_message(last.invocation.payload)) if last else ("429", "Rate Exceeded.")
    return {
        "RequestID": ("String", event.request_id),
        "ErrorCode": ("Number", code),
        "ErrorMessage": ("String", words[:_MAX_MESSAGE] or "unknown"),
    }


def _error_message(payload: bytes) -> str:
    content = json.loads(payload or b"null")
    return str(content.get("errorMessage", "")) if isinstance(content, dict) else ""
