"""XML documents of requests."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from moto.s3.exceptions import MalformedXML


def document_of(body: bytes, root: str) -> Any:
    """Return the content of an XML document below its root, None if the document or the root is empty.

    Content is a dictionary by element, with lists of repeated elements, or text. Raises MalformedXML.
    """
    if not body:
        return None
    try:
        element = ElementTree.fromstring(body)  # noqa: S314  # expat limits entities
    except ElementTree.ParseError as error:
        raise MalformedXML from error
    if _name(element) != root:
        raise MalformedXML
    return _content(element)


def _content(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text or None
    content: dict[str, Any] = {}
    for child in element:
        content.setdefault(_name(child), []).append(_content(child))
    return {name: values if len(values) > 1 else values[0] for name, values in content.items()}


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
