"""Names and ARNs in requests to SNS, which its model does not restrict.

https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.gateway.bodies.errors import BodyError

_CODE = "InvalidParameter"
_ARN_PARTS = 6
_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")


def topic_member_error(model: Any, parameters: Mapping[str, Any]) -> BodyError | None:
    """Return the error for a request with a name or an ARN that cannot be one, None if there is none."""
    if model.name == "CreateTopic" and not _TOPIC_NAME.fullmatch(parameters["Name"]):
        return 400, _CODE, "Invalid parameter: Topic Name"
    members = model.input_shape.members.items()
    arns = [name for name, each in members if name.endswith("Arn") and each.type_name == "string"]
    named = [name for name in arns if parameters.get(name) is not None]
    reasons = ((name, _reason(parameters[name])) for name in named)
    return next(
        ((400, _CODE, f"Invalid parameter: {name} Reason: {why}") for name, why in reasons if why), None
    )


def _reason(arn: str) -> str:
    """Return why a text is no ARN, "" if it may be one."""
    if not arn:
        return "no value for required parameter"
    count = len(arn.split(":"))
    return f"An ARN must have at least {_ARN_PARTS} elements, not {count}" if count < _ARN_PARTS else ""
