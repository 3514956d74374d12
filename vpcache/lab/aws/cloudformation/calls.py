"""Calls of AWS's API inside the lab: they pass the gateway as those of a client do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property, lru_cache
from typing import Any
from wsgiref.types import WSGIApplication

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader, create_loader
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from vpcache.lab.aws.cloudformation.errors import ResourceError
from vpcache.lab.aws.cloudformation.model import Caller

_URL = "https://127.0.0.1"  # where no request goes: the API is called in this process
_ATTEMPTS = 4


class LabApi:
    """AWS's API of the lab, from the time it is set."""

    def __init__(self) -> None:
        self.app: WSGIApplication | None = None
        self.client: Callable[[str, str, Caller], Any] = lru_cache(maxsize=64)(self._client)

    @cached_property
    def _session(self) -> botocore.session.Session:
        session = botocore.session.Session()
        session.register_component("data_loader", _models())
        return session

    def _client(self, service: str, region: str, caller: Caller) -> Any:
        """Return a client with the credentials of `caller`."""
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=_URL,
            aws_access_key_id=caller.key_id,
            aws_secret_access_key="lab",  # noqa: S106  # the lab checks no signature
            aws_session_token=caller.token or None,
            config=Config(
                s3={"addressing_style": "path"}, retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"}
            ),
        )
        client.meta.events.register("before-send", self._answer)
        return client

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        if self.app is None:
            raise RuntimeError("the API is called before it is served")
        environ = EnvironBuilder(
            request.url.removeprefix(_URL) or "/",
            base_url=_URL,
            method=request.method,
            headers=[(name, _decoded(value)) for name, value in request.headers.items()],
            data=_body(request.body),
        ).get_environ()
        response = Response.from_app(self.app, environ, buffered=True)
        return AWSResponse(request.url, response.status_code, response.headers, _Raw(response.get_data()))


@cache
def _models() -> Loader:
    """Return the models of AWS's services, which take long to load: those of EC2 a second."""
    return create_loader()


class Calls:
    """AWS's API for the resources of one stack."""

    def __init__(self, api: LabApi, region: str, caller: Caller) -> None:
        self.region = region
        self._api = api
        self._caller = caller

    def errors(self, service: str) -> Any:
        """Return the exceptions of a service's errors."""
        return self._api.client(service, self.region, self._caller).exceptions

    def __call__(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation, such as "CreateVpc", and return its result.

        Parameters without a value are left out, and texts become the numbers and Boolean values that the
        operation takes. Raises ClientError, and ResourceError for a parameter that the operation has not.
        """
        client = self._api.client(service, self.region, self._caller)
        shape = client.meta.service_model.operation_model(operation).input_shape
        given = {name: value for name, value in parameters.items() if value is not None}
        method = next(name for name, each in client.meta.method_to_api_mapping.items() if each == operation)
        try:
            result: dict[str, Any] = getattr(client, method)(**coerced(shape, given, operation))
        except ParamValidationError as error:
            raise ResourceError(f"Model validation failed ({error.kwargs['report']})") from error
        return result


def coerced(shape: Any, value: Any, path: str) -> Any:
    """Return a template's value in the type of a shape. Raises ResourceError for an unknown member."""
    if value is None or shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name in value:
            if name not in shape.members:
                raise ResourceError(f"Encountered unsupported property {name} in {path}")
        members = shape.members
        return {name: coerced(members[name], each, name) for name, each in value.items() if each is not None}
    if shape.type_name == "list" and isinstance(value, list | tuple):
        return [coerced(shape.member, each, path) for each in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {str(name): coerced(shape.value, each, path) for name, each in value.items()}
    return _SCALARS.get(shape.type_name, lambda each: each)(value)


def _to_boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(str(value).lower(), value)


def _to_integer(value: Any) -> Any:
    text = str(value)
    return int(text) if text.lstrip("-").isdecimal() else value


def _to_string(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _to_boolean,
    "integer": _to_integer,
    "long": _to_integer,
    "string": _to_string,
}


class _Raw:
    """The body of a response as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content

    def read(self, _size: int | None = None) -> bytes:
        content, self._content = self._content, b""
        return content


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    content: bytes = body if isinstance(body, bytes) else body.read()
    return content


def _decoded(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
