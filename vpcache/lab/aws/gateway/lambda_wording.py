"""Constraints of Lambda's API that AWS's errors word otherwise than its published model."""

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


def constraints_of(shape: Any) -> Mapping[str, Any]:
    """Return the constraints of a member (`enum`, `min`, `max`, `pattern`), as AWS's errors word them."""
    return {**shape.metadata, **_WORDING.get(shape.name, {})}
