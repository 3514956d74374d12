"""XML bodies of S3.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from __future__ import annotations

from typing import Any
from wsgiref.types import WSGIEnvironment
from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

from vpcache.lab.aws.gateway.bodies.errors import BodyError
from vpcache.lab.aws.gateway.call import Call, body_of
from vpcache.lab.aws.gateway.operation_models import operation_model
from vpcache.lab.aws.gateway.request_parameters import operation_of
from vpcache.lab.aws.s3.parameters import S3_PARAMETERS

_MAX_DEPTH = 100  # of elements; those of AWS's models have fewer levels
_MALFORMED: BodyError = (
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
)


def xml_error(call: Call, environ: WSGIEnvironment) -> BodyError | None:
    """Return the error for the XML document of a request to S3, None if it can be read or is not needed."""
    name = operation_of(call, environ)
    if name not in S3_PARAMETERS:
        return None  # it is refused by name
    model = operation_model("s3", name)
    if model is None or model.input_shape is None:
        return None
    shape = model.input_shape
    payload = shape.serialization.get("payload")
    if payload is None or shape.members[payload].type_name != "structure":
        return None
    body = body_of(environ)
    if not body.strip():
        is_required = payload in shape.required_members or model.name.startswith("PutBucketLifecycle")
        return (400, "MissingRequestBodyError", "Request Body is empty") if is_required else None
    root = _root_of(body)
    member = shape.members[payload]
    return None if root == member.serialization.get("name", payload) else _MALFORMED


def _root_of(body: bytes) -> str | None:
    """Return the name of the root of an XML document, None if it cannot be read."""
    parser = XMLParser(target=_Elements())  # noqa: S314  # it refuses declarations of entities
    try:
        parser.feed(body)
        return str(parser.close())
    except (ParseError, LookupError, ValueError):
        return None


class _Elements(TreeBuilder):
    """Remembers the name of the root. Raises ValueError for a document type and for too many levels."""

    def __init__(self) -> None:
        super().__init__()
        self._root = ""
        self._depth = 0

    def doctype(self, *_: Any) -> None:
        """Refuse a document type, which could declare entities."""
        raise ValueError

    def start(self, tag: str, attributes: Any, /) -> Any:
        """Begin an element."""
        self._root = self._root or tag.rpartition("}")[2]
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ValueError
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> Any:
        """End an element."""
        self._depth -= 1
        return super().end(tag)

    def close(self) -> Any:
        """Return the name of the root."""
        super().close()
        return self._root
