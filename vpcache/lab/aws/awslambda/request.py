"""What every request to the Lambda API is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.core.responses import ActionResult

from vpcache.lab.aws.awslambda.function import Function
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.awslambda.version import FunctionVersion

if TYPE_CHECKING:
    from vpcache.lab.aws.awslambda.backend import FunctionsBackend

REQUEST_ID = "x-amzn-requestid"  # the header
_PAGE = 50  # versions, aliases or functions that AWS tells of at once


class FunctionRequest(LambdaResponse):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A request about a function, parsed as the API's model has it."""

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = True
        self._action: str | None = None

    def _get_action(self) -> str:
        """Find out what is asked for, once: moto asks several times, and it is most of what a call costs."""
        self._action = self._action or super()._get_action()
        return self._action

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        """Return the caller's region, which moto looks for in the whole URL: names of functions too."""
        return str(super().get_region_from_url(request, request.host_url))

    @property
    def backend(self) -> FunctionsBackend:
        """The region's functions, to moto's methods too."""
        backend: FunctionsBackend = lambda_backends[self.current_account][self.region]
        return backend

    @property
    def _name(self) -> str:
        return str(self._get_param("FunctionName"))

    @property
    def _qualifier(self) -> str | None:
        qualifier: str | None = self._get_param("Qualifier")
        return qualifier

    @property
    def _meant(self) -> FunctionName:
        """Name and qualifier, wherever the caller put it."""
        return self.backend.functions.parse(self._name, self._qualifier)

    def _function(self) -> Function:
        return self.backend.functions.find(self._name, self._qualifier)

    def _version(self) -> FunctionVersion:
        return self.backend.functions.resolve(self._name, self._qualifier)

    def _shown(self, version: FunctionVersion) -> dict[str, Any]:
        """Return a version's configuration under the ARN that the caller meant."""
        qualifier = self._meant.qualifier
        arn = f"{version.base_arn}:{qualifier}" if qualifier else version.base_arn
        return version.get_configuration() | {"FunctionArn": arn}

    def _page(self, name: str, values: Sequence[dict[str, Any]]) -> ActionResult:
        """Return a page of values; the marker is the number of the next one."""
        marker = self._get_param("Marker") or "0"
        if not marker.isdecimal():
            raise InvalidParameterValueException(f"Invalid Marker: {marker}")
        first = int(marker)
        end = first + min(int(self._get_param("MaxItems") or _PAGE), _PAGE)
        more = {"NextMarker": str(end)} if end < len(values) else {}
        return ActionResult({name: values[first:end], **more})

    @staticmethod
    def _enrich_response(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
        """Add what each answer has; the id of an invocation stays that of its request."""
        given = {REQUEST_ID: headers[REQUEST_ID]} if REQUEST_ID in headers else {}
        enriched, body = LambdaResponse._enrich_response(headers, body)
        return {**enriched, **given}, body
