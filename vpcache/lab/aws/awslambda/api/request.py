"""The base of the Lambda API's handlers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.responses import LambdaResponse
from moto.core.responses import ActionResult

from vpcache.lab.aws.accounts import user_arn
from vpcache.lab.aws.awslambda.backend import FunctionsBackend, lambda_of
from vpcache.lab.aws.awslambda.errors import OtherAccountError
from vpcache.lab.aws.awslambda.function import Function
from vpcache.lab.aws.awslambda.names import FunctionName, account_in
from vpcache.lab.aws.awslambda.packages.archives import Archive, location
from vpcache.lab.aws.awslambda.packages.code import check_request_size
from vpcache.lab.aws.awslambda.policy import allows_account
from vpcache.lab.aws.awslambda.version import FunctionVersion

REQUEST_ID = "x-amzn-requestid"  # the name of the header
_PAGE_SIZE = 50  # versions, aliases or functions
_MAX_MARKER = 9  # digits


class FunctionRequest(LambdaResponse):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A request about a function, parsed by the API's model."""

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = True
        self._action: str | None = None
        self._backend: FunctionsBackend | None = None

    def _get_action(self) -> str:
        """Return the action, computed once: moto calls this several times, and the computation is slow."""
        self._action = self._action or super()._get_action()
        return self._action

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        """Return the caller's region. moto searches the whole URL for one, including function names."""
        return str(super().get_region_from_url(request, request.host_url))

    @property
    def backend(self) -> FunctionsBackend:
        """The Lambda backend of the region and of the function's account; moto's methods use it, too.

        Raises OtherAccountError if the function belongs to another account and its policy does not allow the
        request.
        """
        if self._backend is None:
            self._backend = self._permitted_backend()
        return self._backend

    def _permitted_backend(self) -> FunctionsBackend:
        caller, operation = self.current_account, self._get_action()
        resource = str(self._get_param("FunctionName") or self._get_param("Resource") or "")
        backend = lambda_of(account_in(resource) or caller, self.region)
        if backend.account_id == caller:
            return backend
        if operation == "CreateFunction":
            raise OtherAccountError(None)
        action = "lambda:InvokeFunction" if operation.startswith("Invoke") else f"lambda:{operation}"
        statements = backend.statements(resource, self._qualifier)
        if not allows_account(statements, caller, action):
            raise OtherAccountError(
                f"User: {user_arn(caller)} is not authorized to perform: {action} on resource: {resource} "
                f"because no resource-based policy allows the {action} action"
            )
        return backend

    @property
    def _name(self) -> str:
        return str(self._get_param("FunctionName"))

    def _check_request_size(self, zipped: bytes | None) -> None:
        """Raise RequestEntityTooLargeError if the request is too large, though its zip file is not."""
        size = int(self.headers.get("Content-Length") or 0)
        check_request_size(size, len(zipped or b""), self._get_action())

    @property
    def _qualifier(self) -> str | None:
        qualifier: str | None = self._get_param("Qualifier")
        return qualifier

    @property
    def _target(self) -> FunctionName:
        """The function's name and qualifier; the latter may be part of the name or a parameter."""
        return self.backend.functions.parse(self._name, self._qualifier)

    def _function(self) -> Function:
        return self.backend.functions.find(self._name, self._qualifier)

    def _version(self) -> FunctionVersion:
        return self.backend.functions.resolve(self._name, self._qualifier)

    def _configuration(self, version: FunctionVersion) -> dict[str, Any]:
        """Return a version's configuration under the ARN with the caller's qualifier."""
        qualifier = self._target.qualifier
        arn = f"{version.base_arn}:{qualifier}" if qualifier else version.base_arn
        return version.get_configuration() | {"FunctionArn": arn}

    def _location(self, kind: str, account: str, key: str) -> str:
        """Return a link to an account's archive; `kind` is "tasks" or "layers"."""
        archive = Archive(self.region, kind, account, key)
        return location(archive, self.uri, datetime.now(UTC))

    def _page(self, name: str, values: Sequence[dict[str, Any]]) -> ActionResult:
        """Return a page of values; the marker is the index of the next page's first value."""
        marker = self._get_param("Marker") or "0"
        if not marker.isdecimal() or len(marker) > _MAX_MARKER:
            raise InvalidParameterValueException(f"Invalid Marker: {marker}")
        first = int(marker)
        end = first + min(int(self._get_param("MaxItems") or _PAGE_SIZE), _PAGE_SIZE)
        next_marker = {"NextMarker": str(end)} if end < len(values) else {}
        return ActionResult({name: values[first:end], **next_marker})

    @staticmethod
    def _enrich_response(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
        """Add the common headers with a UUID as request ID, without replacing that of an invocation."""
        request_id = headers.get(REQUEST_ID) or str(uuid.uuid4())
        enriched, body = LambdaResponse._enrich_response(headers, body)
        return {**enriched, REQUEST_ID: request_id}, body
