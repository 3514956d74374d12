"""Errors of Lambda that moto lacks."""

from __future__ import annotations

import json

from moto.awslambda.exceptions import LambdaClientError


class ResourceConflictError(LambdaClientError):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The request conflicts with an existing resource or with its state."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


class ResourceNotFoundError(LambdaClientError):  # type: ignore[misc]
    """The resource does not exist."""

    code = 404

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


class AccessDeniedError(LambdaClientError):  # type: ignore[misc]
    """Another account's resource has no policy that allows a user an action."""

    code = 403

    def __init__(self, user: str, action: str, resource: str) -> None:
        super().__init__(
            "AccessDeniedException",
            f"User: {user} is not authorized to perform: {action} on resource: {resource} because no "
            f"resource-based policy allows the {action} action",
        )


class ResourceInUseError(LambdaClientError):  # type: ignore[misc]
    """The resource is being created, changed or deleted."""

    code = 400

    def __init__(self, message: str) -> None:
        super().__init__("ResourceInUseException", message)


class RequestTooLargeError(LambdaClientError):  # type: ignore[misc]
    """The event has more than `maximum` bytes."""

    code = 413

    def __init__(self, maximum: int) -> None:
        super().__init__("RequestTooLargeException", f"Request must be smaller than {maximum} bytes")


class RequestEntityTooLargeError(LambdaClientError):  # type: ignore[misc]
    """The request or its zip file is too large."""

    code = 413

    def __init__(self, message: str) -> None:
        super().__init__("RequestEntityTooLargeException", message)


class ThrottledError(LambdaClientError):  # type: ignore[misc]
    """Too many concurrent invocations; `reason` is one of the API's ThrottleReasons."""

    code = 429

    def __init__(self, reason: str) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")
        self.description = json.dumps({"Reason": reason, "Type": "User", "message": self.message})


class UntypedValueError(LambdaClientError):  # type: ignore[misc]
    """An invalid parameter in an error without `Type`, as AWS returns it for few parameters."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterValueException", message)
        self.description = json.dumps({"Type": None, "message": message})


class OtherAccountError(LambdaClientError):  # type: ignore[misc]
    """The function belongs to an account that gave the caller no permission."""

    code = 403

    def __init__(self, message: str | None) -> None:
        super().__init__("AccessDeniedException", message or "")
        self.description = json.dumps({"message": message})
