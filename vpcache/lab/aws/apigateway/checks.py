"""Rules for the parameters of HTTP APIs. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.apigateway.errors import BadRequestError, ConflictError, NotFoundError
from vpcache.lab.aws.apigateway.model import DEFAULT, HttpApi, Route

_METHODS = "ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT"
_SEGMENT = r"(?:\{[A-Za-z0-9._-]+\}|[^/{}\s]+)"
_ROUTE_KEY = re.compile(rf"(?:{_METHODS}) (?:/|(?:/{_SEGMENT})*(?:/\{{[A-Za-z0-9._-]+\+\}}|/{_SEGMENT}/?))")
_STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_FUNCTION = r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+(?::[A-Za-z0-9-_$]+)?"
_FUNCTION_URI = re.compile(
    rf"({_FUNCTION})|arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/({_FUNCTION})/invocations"
)
_LOG_GROUP = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:([^:*]+)(?::\*)?")
_REQUEST_IDS = ("$context.requestId", "$context.extendedRequestId")
_OF_WEBSOCKETS = ("dataTraceEnabled", "loggingLevel")
_PAYLOAD_VERSIONS = ("1.0", "2.0")
_LENGTHS = {
    "description": (0, 1024),
    "integrationMethod": (1, 64),
    "integrationUri": (1, 2048),
    "name": (1, 128),
    "operationName": (1, 64),
    "version": (0, 64),
}
"""By parameter: the numbers of characters that it may have."""
_MAX_TAGS = 50


def check_lengths(parameters: Mapping[str, Any]) -> None:
    """Raise BadRequestError for a text that is too short or too long, and for too many tags."""
    for name, (minimum, maximum) in _LENGTHS.items():
        text = parameters.get(name)
        if text is not None and not minimum <= len(text) <= maximum:
            raise BadRequestError(f"{name} must have {minimum} to {maximum} characters, not {len(text)}")
    check_tags(parameters.get("tags") or {})


def check_tags(tags: Mapping[str, str]) -> None:
    """Raise BadRequestError for tags that a resource cannot have."""
    if len(tags) > _MAX_TAGS:
        raise BadRequestError(f"A resource can have at most {_MAX_TAGS} tags")
    if any(key.lower().startswith("aws:") for key in tags):
        raise BadRequestError("Tag keys cannot start with aws:")


def check_route_key(key: str) -> None:
    """Raise BadRequestError for a key that is neither `$default` nor a method with a path.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    """
    if key != DEFAULT and not _ROUTE_KEY.fullmatch(key):
        raise BadRequestError(
            "The provided route key is not formatted properly for HTTP protocol. "
            'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )
    names = re.findall(r"\{([^}+]+)\+?\}", key)
    if len(names) != len(set(names)):
        raise BadRequestError("The path parameters of a route key must have different names")


def check_route(api: HttpApi, route: Route) -> None:
    """Raise BadRequestError, ConflictError or NotFoundError for a route that an API cannot have."""
    check_route_key(route.key)
    if any(each.key == route.key and each.id != route.id for each in api.routes.values()):
        raise ConflictError(f"Route with key {route.key} already exists for this API")
    if not route.target:
        return
    if not route.target.startswith("integrations/"):
        raise BadRequestError(f"Invalid target {route.target}. Target must be integrations/<integrationId>")
    if route.integration_id not in api.integrations:
        raise NotFoundError("Integration")


def check_stage_name(name: str) -> None:
    """Raise BadRequestError for the name of a stage that is neither `$default` nor a path segment."""
    if name != DEFAULT and not _STAGE_NAME.fullmatch(name):
        raise BadRequestError("Stage name only allows a-zA-Z0-9_- and $default")


def check_access_log(settings: Mapping[str, str]) -> None:
    """Raise BadRequestError for settings of an access log without group, or without ID of the request.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
    """
    if not settings:
        return
    if not log_group(settings):
        raise BadRequestError(f"Invalid ARN specified in the request: {settings.get('destinationArn')}")
    text = settings.get("format", "")
    if "\n" in text.rstrip("\n"):
        raise BadRequestError(
            "Access Log format must be single line, new line character is allowed only at end of the format"
        )
    if not any(name in text for name in _REQUEST_IDS):
        raise BadRequestError(f"Access Log format must include at least one of {' or '.join(_REQUEST_IDS)}")


def log_group(settings: Mapping[str, str]) -> str:
    """Return the name of the log group of an access log, "" if its ARN is invalid."""
    match = _LOG_GROUP.fullmatch(settings.get("destinationArn", ""))
    return match[1] if match else ""


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise BadRequestError for settings of a route that an HTTP API cannot have.

    Raises NotImplementedError for detailed metrics.
    """
    if any(settings.get(name) not in (None, False) for name in _OF_WEBSOCKETS):
        raise BadRequestError("Execution logs are not supported on protocolType HTTP")
    if settings.get("detailedMetricsEnabled"):
        raise NotImplementedError("The parameter DetailedMetricsEnabled of a stage is not emulated.")
    for name in ("throttlingBurstLimit", "throttlingRateLimit"):
        if (settings.get(name) or 0) < 0:
            raise BadRequestError(f"Invalid value for {name}: must not be negative")


def check_integration(uri: str, payload_version: str) -> None:
    """Raise BadRequestError for an integration that is no function, or for an unknown payload format."""
    if not function_arn(uri):
        raise BadRequestError("Invalid function ARN or invalid uri")
    if payload_version not in _PAYLOAD_VERSIONS:
        raise BadRequestError(f"Invalid payload format version specified: {payload_version}")


def function_arn(uri: str) -> str:
    """Return the ARN of the function of an integration, "" for another URI."""
    match = _FUNCTION_URI.fullmatch(uri)
    return (match[1] or match[2]) if match else ""


def check_cors(cors: Mapping[str, Any]) -> None:
    """Raise BadRequestError for credentials of every origin, which browsers do not accept.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    if cors.get("allowCredentials") and "*" in (cors.get("allowOrigins") or ()):
        raise BadRequestError("allow-credentials is not supported for origin *")
