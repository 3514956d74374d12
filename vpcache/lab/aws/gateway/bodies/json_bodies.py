"""JSON bodies of the services whose operation is in a header (CloudWatch Logs, SQS, SSM).

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.gateway.bodies.errors import BodyError
from vpcache.lab.aws.gateway.call import Call, body_of
from vpcache.lab.aws.gateway.operation_models import operation_model

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "double": (int, float, str),  # "NaN" and "Infinity"
    "float": (int, float, str),
    "integer": (int, float),
    "list": (list,),
    "long": (int, float),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
}
"""By type of the model: Python's types of the values that a body may have. Others are not checked."""
_BITS = {"integer": 31, "long": 63}  # besides the sign
_NOT_FINITE = ("Infinity", "-Infinity", "NaN")


def json_error(call: Call, environ: WSGIEnvironment) -> BodyError | None:
    """Return the error for the JSON document of a request, None if it can be read."""
    try:
        content = json.loads(body_of(environ) or b"{}")
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return 400, "SerializationException", "The request body is no JSON object that can be read."
    model = operation_model(call.service, call.action)
    if model is None or model.input_shape is None:
        return None
    if path := _mistyped(model.input_shape, content, ""):
        return 400, "SerializationException", f"{path} has a type that the service does not accept."
    return None


def _mistyped(shape: Any, value: Any, path: str) -> str | None:
    """Return the path of the first value of a wrong type, None if there is none."""
    if value is None:
        return None
    accepted = _JSON_TYPES.get(shape.type_name)
    is_wrong_bool = isinstance(value, bool) and shape.type_name != "boolean"
    if accepted and (is_wrong_bool or not isinstance(value, accepted) or not _is_in_range(shape, value)):
        return path
    parts: list[tuple[Any, Any, str]] = []
    if shape.type_name == "structure":
        names = ((each.serialization.get("name", name), each) for name, each in shape.members.items())
        parts = [(member, value.get(name), f"{path}.{name}".lstrip(".")) for name, member in names]
    elif shape.type_name == "list":
        parts = [(shape.member, each, path) for each in value]
    elif shape.type_name == "map":
        parts = [(shape.value, each, f"{path}.{name}") for name, each in value.items()]
    return next((found for part in parts if (found := _mistyped(*part))), None)


def _is_in_range(shape: Any, value: Any) -> bool:
    """Return whether a number has a value that its type can have; other values have."""
    if bits := _BITS.get(shape.type_name):
        return bool(-(2**bits) <= value < 2**bits)
    if shape.type_name not in ("double", "float"):
        return True
    return value in _NOT_FINITE if isinstance(value, str) else abs(value) <= sys.float_info.max
