"""Members of raw responses that AWS's model of the operation lacks, or that have another type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from botocore.model import OperationModel, Shape

_NUMBER = {"integer": int, "long": int, "float": float, "double": float}
_METADATA = ("ResponseMetadata", "requestId", "RequestId")  # of every response
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def foreign_members(operation: OperationModel, body: bytes, protocol: str) -> list[str]:
    """Return the paths of a successful response's members that the operation's output shape lacks."""
    shape = operation.output_shape
    if shape is None or not body.strip():
        return []
    payload = shape.serialization.get("payload")
    target = shape.members[payload] if payload else shape
    if target.type_name != "structure" or operation.has_streaming_output:
        return []
    if protocol in ("json", "rest-json"):
        return list(_of_json(target, json.loads(body), ""))
    root = ElementTree.fromstring(body)
    if protocol == "query":
        wrapper = shape.serialization.get("resultWrapper")
        extra = [child.tag for child in root if _name(child) not in (wrapper, *_METADATA)]
        result = next((child for child in root if _name(child) == wrapper), None)
        return [*extra, *(_of_structure(shape, result, "") if result is not None else ())]
    return list(_of_structure(target, root, ""))


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _of_structure(shape: Any, element: ElementTree.Element, path: str) -> Iterator[str]:
    members = {_element_name(name, member): member for name, member in shape.members.items()}
    for child in element:
        name = _name(child)
        if name in members:
            yield from _of_element(members[name], child, f"{path}.{name}" if path else name)
        elif name not in _METADATA:
            yield f"{path}.{name}" if path else name


def _element_name(name: str, member: Any) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        inner = member.member.serialization.get("name")
        return str(inner or member.serialization.get("name", name))
    return str(member.serialization.get("name", name))


def _of_element(shape: Any, element: ElementTree.Element, path: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            yield from _of_structure(shape, element, path)
        case "list":
            is_flat = shape.serialization.get("flattened")
            for each in [element] if is_flat else list(element):
                yield from _of_element(shape.member, each, path)
        case "map":
            return
        case _ if not _is_text_of(shape, (element.text or "").strip()):
            yield f"{path}={element.text!r} ({shape.type_name})"


def _is_text_of(shape: Shape, text: str) -> bool:
    if shape.type_name == "boolean":
        return text in ("true", "false")
    if shape.type_name == "timestamp":
        return bool(_TIME.match(text)) or text.replace(".", "").isdecimal() or "GMT" in text
    if shape.type_name not in _NUMBER:
        return True
    try:
        return math.isfinite(_NUMBER[shape.type_name](text))
    except ValueError:
        return False


_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "long": (int,),
    "string": (str,),
    "timestamp": (int, float, str),
}


def _of_json(shape: Any, value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield f"{path}=null"
        return
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
            for name, each in value.items():
                below = f"{path}.{name}" if path else name
                if name in names:
                    yield from _of_json(names[name], each, below)
                else:
                    yield below
        case "list" if isinstance(value, list):
            for each in value:
                yield from _of_json(shape.member, each, path)
        case "map" if isinstance(value, dict):
            for each in value.values():
                yield from _of_json(shape.value, each, path)
        case kind if not isinstance(value, _JSON_TYPES.get(kind, (str,))):
            yield f"{path}={value!r} ({kind})"
