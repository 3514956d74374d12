"""The operation and the parameters of a request, as far as its authorization depends on them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote
from wsgiref.types import WSGIEnvironment

from moto.core.parse import EC2QueryParser, QueryParser

from vpcache.lab.aws.gateway.buckets import bucket_and_key
from vpcache.lab.aws.gateway.call import Call, body_of, json_of
from vpcache.lab.aws.gateway.call_counter import RestRequest
from vpcache.lab.aws.gateway.operation_models import operation_model

_log = logging.getLogger(__name__)

_RPC = re.compile(r"/service/\w+/operation/(\w+)")
_LABEL = re.compile(r"\{(\w+)(\+?)\}")
_MAX_BODY = 1 << 20  # of a request to S3 whose body is parsed


def operation_and_parameters(call: Call, environ: WSGIEnvironment) -> tuple[str, Mapping[str, Any]]:
    """Return the operation of a request, and its parameters.

    S3's parameters are `Bucket`, `Key`, and those of query and headers. A request that cannot be parsed has
    no parameters: the service then reports the error.
    """
    if call.service == "s3":
        return _of_s3(environ)
    if rpc := _RPC.search(environ["PATH_INFO"]):
        return rpc[1], {}  # CBOR, which is not parsed
    name = call.action if call.is_named else RestRequest.of(call.service, environ).operation or "Unknown"
    try:
        return name, _parsed(call, name, environ)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        _log.info("parameters of %s cannot be parsed: %r", name, error)
        return name, {}


def _parsed(call: Call, name: str, environ: WSGIEnvironment) -> Mapping[str, Any]:
    operation = operation_model(call.service, name)
    if environ.get("HTTP_X_AMZ_TARGET"):
        return _json(environ)
    if "Action" in call.form and operation is not None:
        parser = EC2QueryParser if call.service == "ec2" else QueryParser
        form = {key: values[0] for key, values in call.form.items()}
        parameters: Mapping[str, Any] = parser(operation).parse({"values": form})
        return parameters
    return _rest_parameters(operation, environ) if operation is not None else {}


def _json(environ: WSGIEnvironment) -> Mapping[str, Any]:
    content = json_of(environ)
    return content if isinstance(content, dict) else {}


def _rest_parameters(operation: Any, environ: WSGIEnvironment) -> Mapping[str, Any]:
    """Return the parameters of path, query and body; those of headers are not needed."""
    uri, _, _ = operation.http["requestUri"].partition("?")
    path = str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0]
    match = _path(uri).fullmatch(path)
    labels = match.groupdict() if match else {}
    parameters: dict[str, Any] = {name: unquote(value) for name, value in labels.items()}
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    members = operation.input_shape.members if operation.input_shape else {}
    for name, shape in members.items():
        location = shape.serialization.get("location")
        key = shape.serialization.get("name", name)
        if location == "querystring" and key in query:
            parameters[name] = query[key] if shape.type_name == "list" else query[key][0]
        elif location == "uri" and key in parameters:
            parameters[name] = parameters[key]
    is_json = not (operation.input_shape and operation.input_shape.serialization.get("payload"))
    return {**parameters, **_json(environ)} if is_json else parameters


def _of_s3(environ: WSGIEnvironment) -> tuple[str, Mapping[str, Any]]:
    bucket, _, key = bucket_and_key(environ).partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    parameters: dict[str, Any] = {name: values[0] for name, values in query.items()}
    for name, value in environ.items():
        if name.startswith("HTTP_X_AMZ_"):
            parameters[name.removeprefix("HTTP_").replace("_", "-").lower()] = value
    parameters |= {"Bucket": bucket, "Key": key}
    operation = RestRequest.of("s3", environ).operation or "Unknown"
    if operation == "DeleteObjects" and int(environ.get("CONTENT_LENGTH") or 0) <= _MAX_BODY:
        parameters["Body"] = body_of(environ).decode(errors="replace")
    return operation, parameters


@cache
def _path(uri: str) -> re.Pattern[str]:
    """Return the regular expression of a path with a group for each label."""
    position, parts = 0, []
    for label in _LABEL.finditer(uri):
        parts += [
            re.escape(uri[position : label.start()]),
            f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})",
        ]
        position = label.end()
    return re.compile("".join([*parts, re.escape(uri[position:]), "/?"]))
