"""Requests of AWS's models, with one parameter each, as botocore sends them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.serialize import create_serializer

from vpcache.lab.aws.gateway.call import Call

_MODELS = {"apigateway": "apigatewayv2", "monitoring": "cloudwatch"}
"""Names of models that differ from the signing name."""
_MAX_DEPTH = 6  # of nested structures
_SCALARS: dict[str, Any] = {
    "blob": b"x",
    "boolean": True,
    "double": 1.5,
    "float": 1.5,
    "integer": 7,
    "long": 7,
    "timestamp": "2026-01-01T00:00:00Z",
}


@cache
def model_of(signing_name: str) -> ServiceModel:
    """Return the model of a service."""
    return botocore.session.get_session().get_service_model(_MODELS.get(signing_name, signing_name))


def protocols_of(signing_name: str) -> list[str]:
    """Return the protocols of a service that the lab speaks."""
    metadata = model_of(signing_name).metadata
    return [each for each in metadata.get("protocols", [metadata["protocol"]]) if not each.endswith("cbor")]


def leaf_paths(shape: Shape | None, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the path of each scalar below a shape, without list indexes; recursive structures end early."""
    match shape:
        case StructureShape() if depth < _MAX_DEPTH:
            for name, member in shape.members.items():
                for path in leaf_paths(member, depth + 1):
                    yield (name, *path)
        case ListShape():
            yield from leaf_paths(shape.member, depth)
        case MapShape():
            for path in leaf_paths(shape.value, depth):
                yield ("key", *path)
        case None | StructureShape():
            return
        case _:
            yield ()


def value_at(shape: Shape, path: tuple[str, ...], text: str = "x") -> Any:
    """Return a value of a shape that contains only the scalar at a path."""
    match shape:
        case StructureShape():
            return {path[0]: value_at(shape.members[path[0]], path[1:], text)}
        case ListShape():
            return [value_at(shape.member, path, text)]
        case MapShape():
            return {path[0]: value_at(shape.value, path[1:], text)}
        case _:
            choices = shape.metadata.get("enum")
            return (choices[0] if choices else text) if shape.type_name == "string" else _scalar(shape)


def _scalar(shape: Shape) -> Any:
    return _SCALARS[shape.type_name]


@dataclass(frozen=True)
class ModelRequest:
    """A request to an operation of a service, by its signing name."""

    service: str
    operation: OperationModel
    parameters: dict[str, Any]
    protocol: str

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environment of the request, signed by name only."""
        parameters = {**self._labels(), **self.parameters}
        serialized = self._serializer().serialize_to_request(parameters, self.operation)
        body, query = serialized["body"], serialized["query_string"]
        if isinstance(body, dict):
            body = urlencode(body)
        content = body if isinstance(body, bytes) else str(body or "").encode()
        path, _, own_query = serialized["url_path"].partition("?")
        query = "&".join(filter(None, [own_query, urlencode(query) if isinstance(query, dict) else query]))
        headers = {
            name.upper().replace("-", "_"): str(value) for name, value in serialized["headers"].items()
        }
        scope = f"k/20260101/us-east-1/{self.service}/aws4_request"
        return {
            "REQUEST_METHOD": serialized["method"],
            "PATH_INFO": urlsplit(path).path,
            "RAW_URI": f"{path}?{query}",
            "QUERY_STRING": query,
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}",
            "CONTENT_TYPE": headers.pop("CONTENT_TYPE", ""),
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            **{f"HTTP_{name}": value for name, value in headers.items() if name != "CONTENT_LENGTH"},
        }

    def call(self) -> tuple[Call, dict[str, Any]]:
        """Return the call and its environment."""
        environ = self.environ()
        return Call.of(environ), environ

    def _labels(self) -> dict[str, str]:
        """Return the parameters in the path, without which no request can be sent."""
        shape = self.operation.input_shape
        members = shape.members if shape else {}
        required = shape.required_members if shape else []
        return {
            name: "x"
            for name, member in members.items()
            if member.serialization.get("location") == "uri"
            or (name in required and member.serialization.get("location") in ("querystring", "header"))
        }

    def _serializer(self) -> Any:
        return create_serializer(self.protocol, include_validation=False)
