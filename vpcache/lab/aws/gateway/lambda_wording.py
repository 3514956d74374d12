"""Errors that AWS words otherwise than its published models, and errors of Lambda's parser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)
_LONG_RETENTIONS = (1096, 1827, 2192, 2557, 2922, 3288, 3653)
_WORDING: Mapping[str, Mapping[str, Any]] = {
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    "Days": {"enum": [*_RETENTIONS, *_LONG_RETENTIONS]},
    "EventSourcePosition": {"enum": ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]},
    "InvokeMode": {"enum": ["RESPONSE_STREAM", "BUFFERED"]},
    "RecursiveLoop": {"enum": ["Terminate", "Allow"]},
    "StateValue": {"enum": ["INSUFFICIENT_DATA", "ALARM", "OK"]},
    "TaggableResource": {
        "pattern": (
            r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
            r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
            r"code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-"
            r"[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)"
        )
    },
}
"""By shape: the constraints that replace those of the model."""
_SOURCE = (
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
)
_EXPECTED = "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def constraints_of(shape: Any) -> Mapping[str, Any]:
    """Return the constraints of a member (`enum`, `min`, `max`, `pattern`), as AWS's errors word them."""
    return {**shape.metadata, **_WORDING.get(shape.name, {})}


def undecodable(body: bytes, error: UnicodeDecodeError) -> str:
    """Return why an event is not JSON, in the words of Lambda's parser (Jackson); it is not UTF-8."""
    start, byte = error.start, body[error.start]
    line, column = body.count(b"\n", 0, start) + 1, start - body.rfind(b"\n", 0, start)
    if not body[:start].strip():
        reason = f"Unexpected character ((CTRL-CHAR, code {byte})): {_EXPECTED}"
    elif error.reason == "invalid start byte" or error.end == len(body):
        reason, column = f"Invalid UTF-8 start byte 0x{byte:x}", column + 1
    else:
        reason, column = f"Invalid UTF-8 middle byte 0x{body[error.end]:x}", column + 1
    return f"Could not parse payload into json: {reason}{_SOURCE.format(line, column)}"
