"""The operation and the parameters of a request, as far as they must be honoured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment
from xml.etree import ElementTree

from vpcache.lab.aws.gateway.call import Call, body_of, json_of
from vpcache.lab.aws.gateway.call_counter import RestRequest
from vpcache.lab.aws.gateway.operation_models import operation_model
from vpcache.lab.aws.gateway.validation import form_parameters

Leaf = tuple[str, str]
"""The path of a scalar, such as "IpPermissions.IpRanges", and its text."""
_EMPTY = "{}"  # the text of an empty structure
_MAX_DEPTH = 20


def operation_of(call: Call, environ: WSGIEnvironment) -> str:
    """Return the name of a request's operation, or "METHOD /path" of a request that AWS's model lacks."""
    if call.is_named:
        return call.action
    request = RestRequest.of(call.service, environ)
    return request.operation or f"{request.method} {request.path}"


def sent_parameters(call: Call, name: str, environ: WSGIEnvironment | None) -> list[Leaf]:
    """Return the parameters of a request to the operation `name`.

    `environ` is None if the request is a form. A body that cannot be parsed has none: its service reports the
    error.
    """
    if environ is None or "Action" in call.form:
        return list(_leaves(form_parameters(call)))
    if environ.get("HTTP_X_AMZ_TARGET"):
        return list(_leaves(json_of(environ)))
    model = operation_model(call.service, name)
    shape = model.input_shape if model is not None else None
    return list(_rest_leaves(shape, environ)) if shape is not None else []


def _leaves(parameters: Any, path: str = "", depth: int = 0) -> Iterator[Leaf]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(parameters, Mapping):
        if path and not parameters:
            yield path, _EMPTY
        for name, value in parameters.items():
            yield from _leaves(value, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from _leaves(value, path, depth + 1)
    elif parameters is not None:
        yield path, str(parameters)


def _rest_leaves(shape: Any, environ: WSGIEnvironment) -> Iterator[Leaf]:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    payload = shape.serialization.get("payload")
    for name, member in shape.members.items():
        location, key = (member.serialization.get(each) for each in ("location", "name"))
        if location == "querystring" and key in query:
            yield name, query[key][0]
        elif location == "header" and (value := _header(environ, key)):
            yield name, value
        elif name == payload and member.type_name == "structure":
            yield from _xml_leaves(member, _xml(environ), name)


def _header(environ: WSGIEnvironment, name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")
    return str(value)


def _xml(environ: WSGIEnvironment) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(body_of(environ))  # noqa: S314  # expat limits entities
    except ElementTree.ParseError:
        return ElementTree.Element("empty")


def _xml_leaves(shape: Any, element: ElementTree.Element, path: str) -> Iterator[Leaf]:
    members = {_element_name(name, member): (name, member) for name, member in shape.members.items()}
    for child in element:
        name, member = members.get(child.tag.rpartition("}")[2], ("", None))
        if member is None:
            continue  # as S3, which ignores or rejects it
        yield from _element_leaves(member, child, f"{path}.{name}")


def _element_leaves(shape: Any, element: ElementTree.Element, path: str) -> Iterator[Leaf]:
    if shape.type_name == "list":
        is_flat = shape.serialization.get("flattened")
        for each in [element] if is_flat else list(element):
            yield from _element_leaves(shape.member, each, path)
    elif shape.type_name == "structure" and len(element):
        yield from _xml_leaves(shape, element, path)
    else:
        yield path, (element.text or "").strip() or _EMPTY


def _element_name(name: str, shape: Any) -> str:
    serialized: str = shape.serialization.get("name", name)
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        serialized = shape.serialization.get("name") or shape.member.serialization.get("name", name)
    return serialized
