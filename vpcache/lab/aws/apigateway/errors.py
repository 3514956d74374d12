"""Errors of API Gateway.

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html
"""

from __future__ import annotations

from moto.core.exceptions import ServiceException


class ApiGatewayError(ServiceException):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """An error with a status, a code and a message."""

    status = 400
    code = "BadRequestException"


class BadRequestError(ApiGatewayError):
    """The request is not valid."""


class NotFoundError(ApiGatewayError):
    """The resource does not exist."""

    status = 404
    code = "NotFoundException"

    def __init__(self, kind: str, identifier: str = "") -> None:
        super().__init__(f"Invalid {kind} identifier specified {identifier}".rstrip())


class ConflictError(ApiGatewayError):
    """The request conflicts with another resource."""

    status = 409
    code = "ConflictException"
