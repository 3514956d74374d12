"""The operation and the parameters of a request, by AWS's model of the service.

The declarations of honoured parameters and the authorization of requests share this walk.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import WSGIEnvironment
from xml.etree import ElementTree

from vpcache.lab.aws.gateway.buckets import bucket_and_key
from vpcache.lab.aws.gateway.call import Call, body_of, json_of
from vpcache.lab.aws.gateway.call_counter import RestRequest
from vpcache.lab.aws.gateway.operation_models import operation_model
from vpcache.lab.aws.gateway.validation import form_parameters

_log = logging.getLogger(__name__)

Leaf = tuple[str, str]
"""The path of a scalar, such as "IpPermissions.IpRanges", and its text."""
Parameters = Mapping[str, Any]
"""Nested parameters under the names of the model. Scalars are text, or the values of a JSON document."""
EMPTY = "{}"
"""The text of an empty structure."""
_MAX_DEPTH = 20
_RPC = re.compile(r"/service/\w+/operation/(\w+)")  # a protocol of CloudWatch, whose body is CBOR
_LABEL = re.compile(r"\{([\w-]+)(\+?)\}")


def operation_of(call: Call, environ: WSGIEnvironment) -> str:
    """Return the name of a request's operation, or "METHOD /path" of a request that AWS's model lacks."""
    if call.is_named:
        return call.action
    if rpc := _RPC.search(environ["PATH_INFO"]):
        return rpc[1]
    request = RestRequest.of(call.service, environ)
    return request.operation or f"{request.method} {request.path}"


def parameters_of(call: Call, name: str, environ: WSGIEnvironment | None) -> Parameters:
    """Return the parameters of a request to the operation `name`.

    `environ` is None if the request is a form. A request that cannot be parsed has no parameters: its service
    reports the error.
    """
    try:
        return _parameters_of(call, name, environ)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        _log.info("parameters of %s cannot be parsed: %r", name, error)
        return {}


def leaves(parameters: Any, path: str = "", depth: int = 0) -> Iterator[Leaf]:
    """Yield the scalars and the empty structures of parameters, without list indexes in their paths."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(parameters, Mapping):
        if path and not parameters:
            yield path, EMPTY
        for name, value in parameters.items():
            yield from leaves(value, f"{path}.{name}" if path else name, depth + 1)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from leaves(value, path, depth + 1)
    elif parameters is not None:
        yield path, str(parameters)


def _parameters_of(call: Call, name: str, environ: WSGIEnvironment | None) -> Parameters:
    if environ is None or "Action" in call.form:
        return form_parameters(call)
    if environ.get("HTTP_X_AMZ_TARGET"):
        return _structure(json_of(environ))
    model = operation_model(call.service, name)
    if model is None or model.input_shape is None:
        return {}
    shape = model.input_shape
    return {**_body(call, shape, environ), **_outside_body(call, model, shape, environ)}


def _structure(content: Any) -> Parameters:
    return content if isinstance(content, dict) else {}


# REST: parameters in path, query and headers


def _outside_body(call: Call, model: Any, shape: Any, environ: WSGIEnvironment) -> Parameters:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    labels = _labels(call, model, environ)
    parameters: dict[str, Any] = {}
    for name, member in shape.members.items():
        location, key = (member.serialization.get(each) for each in ("location", "name"))
        if location == "querystring" and key in query:
            parameters[name] = query[key] if member.type_name == "list" else query[key][0]
        elif location == "header" and (value := _header(environ, key)):
            parameters[name] = value
        elif location == "uri" and labels.get(_group(key or name)):
            parameters[name] = labels[_group(key or name)]
    return parameters


def _labels(call: Call, model: Any, environ: WSGIEnvironment) -> Mapping[str, str]:
    if call.service == "s3":
        bucket, _, key = bucket_and_key(environ).partition("/")
        return {"Bucket": bucket, "Key": key}
    uri = model.http["requestUri"].partition("?")[0]
    path = str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0]
    match = _path(uri).fullmatch(path)
    return {name: unquote(value) for name, value in match.groupdict().items()} if match else {}


@cache
def _path(uri: str) -> re.Pattern[str]:
    """Return the regular expression of a path with a group for each label."""
    position, parts = 0, []
    for label in _LABEL.finditer(uri):
        parts += [
            re.escape(uri[position : label.start()]),
            f"(?P<{_group(label[1])}>{'.+' if label[2] else '[^/]+'})",
        ]
        position = label.end()
    return re.compile("".join([*parts, re.escape(uri[position:]), "/?"]))


def _group(label: str) -> str:
    """Return the name of a label's group in a regular expression."""
    return label.replace("-", "_")


def _header(environ: WSGIEnvironment, name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")
    return str(value)


# REST: parameters in the body


def _body(call: Call, shape: Any, environ: WSGIEnvironment) -> Parameters:
    payload = shape.serialization.get("payload")
    if call.service == "s3" and not payload:
        return {}
    member = shape.members[payload] if payload else shape
    if member.type_name != "structure":  # the content of an object, or an event
        return {}
    if call.service == "s3":
        content = _of_element(member, _xml(environ))
    else:
        content = _under_names(member, _structure(json_of(environ)))
    return {payload: content} if payload and content else content


def _under_names(shape: Any, content: Any) -> Any:
    """Return a JSON document under the names of the model, which differ from the serialized ones."""
    if shape.type_name == "structure" and isinstance(content, Mapping):
        members = {
            member.serialization.get("name", name): (name, member)
            for name, member in shape.members.items()
            if "location" not in member.serialization
        }
        return {
            members[key][0] if key in members else key: (
                _under_names(members[key][1], value) if key in members else value
            )
            for key, value in content.items()
        }
    if shape.type_name == "list" and isinstance(content, list):
        return [_under_names(shape.member, each) for each in content]
    if shape.type_name == "map" and isinstance(content, Mapping):
        return {key: _under_names(shape.value, each) for key, each in content.items()}
    return content


def _xml(environ: WSGIEnvironment) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(body_of(environ))  # noqa: S314  # expat limits entities
    except ElementTree.ParseError:
        return ElementTree.Element("empty")


def _of_element(shape: Any, element: ElementTree.Element) -> Any:
    """Return an element's content, without elements that the model lacks: S3 ignores or rejects them."""
    if shape.type_name == "list":
        return [_of_element(shape.member, child) for child in element]
    if shape.type_name != "structure":
        return (element.text or "").strip()
    members = {_element_name(name, member): (name, member) for name, member in shape.members.items()}
    content: dict[str, Any] = {}
    for child in element:
        name, member = members.get(child.tag.rpartition("}")[2], ("", None))
        if member is None:
            continue
        if member.type_name == "list" and member.serialization.get("flattened"):
            content.setdefault(name, []).append(_of_element(member.member, child))
        else:
            content[name] = _of_element(member, child)
    return content


def _element_name(name: str, shape: Any) -> str:
    serialized: str = shape.serialization.get("name", name)
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        serialized = shape.serialization.get("name") or shape.member.serialization.get("name", name)
    return serialized
