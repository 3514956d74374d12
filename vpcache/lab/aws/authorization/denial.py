"""Refusals, in the errors of each service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from vpcache.lab.aws.policies.decision import Decision, Request

_JSON = {
    "apigateway": (403, "AccessDeniedException"),
    "lambda": (403, "AccessDeniedException"),
    "logs": (400, "AccessDeniedException"),
    "servicequotas": (400, "AccessDeniedException"),
    "sqs": (400, "AccessDenied"),
    "ssm": (400, "AccessDeniedException"),
    "tag": (400, "AccessDeniedException"),
}
_CODES = {**_JSON, "ec2": (403, "UnauthorizedOperation"), "sns": (403, "AuthorizationError")}
_INVALID = {"ec2": (401, "AuthFailure", "AWS was not able to validate the provided access credentials")}
_EC2 = "You are not authorized to perform this operation. "
_WITHOUT_CREDENTIALS = frozenset({"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"})


@dataclass(frozen=True, slots=True)
class Denial:
    """An error of the service that was called."""

    status: int
    code: str
    message: str


def access_denied(service: str, request: Request, decision: Decision) -> Denial:
    """Return the error of a service for a request that policies deny."""
    status, code = _CODES.get(service, (403, "AccessDenied"))
    shown = request
    if service == "sqs":
        shown = replace(request, action=request.action.lower())
    elif service == "sns" and request.action.startswith("sns:"):
        shown = replace(request, action=request.action.replace("sns:", "SNS:", 1))
    if request.action in _WITHOUT_CREDENTIALS:
        return Denial(status, code, f"Not authorized to perform {request.action}")
    message = decision.message(shown)
    return Denial(status, code, f"{_EC2}{message}" if service == "ec2" else message)


def invalid_token(service: str) -> Denial:
    """Return the error for temporary credentials that do not exist."""
    message = "The security token included in the request is invalid."
    code = "UnrecognizedClientException" if service in _JSON else "InvalidClientTokenId"
    return Denial(*_INVALID.get(service, (403, code, message)))


def expired_token(service: str) -> Denial:
    """Return the error for temporary credentials that are expired."""
    message = "The security token included in the request is expired"
    if service == "ec2":
        return Denial(400, "RequestExpired", "Request has expired.")
    return Denial(403, "ExpiredTokenException" if service in _JSON else "ExpiredToken", message)
