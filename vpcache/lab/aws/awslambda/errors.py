"""Lambda's errors that moto lacks."""

from __future__ import annotations

import json

from moto.awslambda.exceptions import LambdaClientError


class ResourceConflictError(LambdaClientError):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """Something stands in the way."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


class ResourceNotFoundError(LambdaClientError):  # type: ignore[misc]
    """There is no such thing."""

    code = 404

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


class RequestTooLargeError(LambdaClientError):  # type: ignore[misc]
    """An event of more than `most` bytes."""

    code = 413

    def __init__(self, most: int) -> None:
        super().__init__("RequestTooLargeException", f"Request must be smaller than {most} bytes")


class ThrottledError(LambdaClientError):  # type: ignore[misc]
    """Too many invocations at once; `reason` is one of the API's ThrottleReasons."""

    code = 429

    def __init__(self, reason: str) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")
        self.description = json.dumps({"Reason": reason, "Type": "User", "message": self.message})
