"""Elements that a request's XML document must have, by AWS's model of S3.

S3 rejects other documents as MalformedXML; moto fails at some of them.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from xml.etree import ElementTree

from moto.core.utils import get_service_model
from moto.s3.exceptions import MalformedXML

_DEPRECATED = frozenset({"PutBucketLifecycle", "PutBucketNotification"})
"""Operations whose documents have the root of a newer one's."""


def check_required_elements(body: bytes) -> None:
    """Raise MalformedXML for a document without a required element. Other bodies are not checked."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  # expat limits entities
    except ElementTree.ParseError:
        return
    shape = _documents().get(_name(root))
    if shape is not None and any(_missing(root, shape)):
        raise MalformedXML


@cache
def _documents() -> Mapping[str, Any]:
    """Return the shapes of the documents of all operations, by the name of their root."""
    service = get_service_model("s3")
    documents = {}
    for name in service.operation_names:
        shape = service.operation_model(name).input_shape
        payload = shape and shape.members.get(shape.serialization.get("payload"))
        if payload and payload.type_name == "structure" and name not in _DEPRECATED:
            documents[str(payload.serialization.get("name", payload.name))] = payload
    return documents


def _missing(element: ElementTree.Element, shape: Any) -> Iterator[str]:
    """Yield the names of required elements that `element` and the elements below it lack."""
    children: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        children.setdefault(_name(child), []).append(child)
    for member, member_shape in shape.members.items():
        serialization = member_shape.serialization
        is_list = member_shape.type_name == "list"
        name = str(serialization.get("name", member))
        if is_list and serialization.get("flattened"):
            name = str(serialization.get("name", member_shape.member.serialization.get("name", member)))
        found = children.get(name, [])
        if not found and member in shape.required_members and not serialization.get("xmlAttribute"):
            yield name
        item_shape = member_shape.member if is_list else member_shape
        items = (
            found if not is_list or serialization.get("flattened") else [i for each in found for i in each]
        )
        if item_shape.type_name == "structure":
            for item in items:
                yield from _missing(item, item_shape)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
