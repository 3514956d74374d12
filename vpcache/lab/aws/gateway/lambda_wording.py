"""Errors of Lambda's API that AWS words otherwise than its published model, and errors of its parser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDING: Mapping[str, Mapping[str, Any]] = {
    "EventSourcePosition": {"enum": ["LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"]},
    "InvokeMode": {"enum": ["RESPONSE_STREAM", "BUFFERED"]},
    "RecursiveLoop": {"enum": ["Terminate", "Allow"]},
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
