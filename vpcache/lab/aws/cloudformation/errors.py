"""Errors of CloudFormation's API, and the reasons why a resource fails."""

from __future__ import annotations

from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException


class TemplateError(ServiceException):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A request or a template that CloudFormation rejects."""

    code = "ValidationError"


class StackExistsError(ServiceException):  # type: ignore[misc]
    """A stack of this name exists."""

    code = "AlreadyExistsException"


class ChangeSetNotFoundError(ServiceException):  # type: ignore[misc]
    """There is no such change set."""

    code = "ChangeSetNotFound"


class InvalidChangeSetStatusError(ServiceException):  # type: ignore[misc]
    """The change set cannot be executed or deleted."""

    code = "InvalidChangeSetStatus"


class CapabilitiesError(ServiceException):  # type: ignore[misc]
    """The template needs a capability that the request does not acknowledge."""

    code = "InsufficientCapabilitiesException"


class ResourceError(Exception):
    """A resource cannot be created, changed or deleted; the text is the reason that its event shows."""


_HANDLER_CODES = {  # by part of the API's code, the first one that matches
    "AccessDenied": "AccessDenied",
    "Unauthorized": "AccessDenied",
    "AlreadyExist": "AlreadyExists",
    "Duplicate": "AlreadyExists",
    "NotFound": "NotFound",
    "NoSuch": "NotFound",
    "LimitExceeded": "ServiceLimitExceeded",
    "Invalid": "InvalidRequest",
    "Validation": "InvalidRequest",
}
_ABSENT = ("NotFound", "NoSuch", "404", "Gateway.NotAttached")  # parts of codes


def is_absent(error: ClientError) -> bool:
    """Return whether a call failed because its resource does not exist."""
    return any(part in error.response["Error"]["Code"] for part in _ABSENT)


def is_in_use(error: ClientError) -> bool:
    """Return whether a call failed because another resource still uses its resource."""
    code = error.response["Error"]["Code"]
    return code.endswith(("DependencyViolation", "InUse", "DeleteConflict", "ResourceInUse")) or code in (
        "ResourceConflictException",
        "CacheSubnetGroupInUse",
    )


def reason_of(error: ClientError) -> str:
    """Return a failed call as the reason of an event.

    https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
    """
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    handler = next((each for part, each in _HANDLER_CODES.items() if part in code), "GeneralServiceException")
    shown = f"{message} (Service: {error.operation_name}, Status Code: {status}, Error Code: {code})"
    return f'Resource handler returned message: "{shown}" (HandlerErrorCode: {handler})'
