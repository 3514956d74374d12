"""Events of front doors, in the formats of AWS."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, quote_plus


def event_v2(
    method: str = "GET",
    path: str = "/employees",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: str | None = None,
    caller: str | None = None,
) -> dict[str, Any]:
    """Return an event of payload format 2.0, of a function URL or an HTTP API; `caller` is an ARN."""
    context: dict[str, Any] = {"http": {"method": method, "path": path}, "stage": "$default"}
    if caller:
        context["authorizer"] = {"iam": {"userArn": caller}}
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in (headers or {}).items()},
        "requestContext": context,
        "isBase64Encoded": False,
    }
    return event if body is None else event | {"body": body}


def event_v1(
    method: str = "GET",
    path: str = "/employees",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: str | None = None,
    caller: str | None = None,
) -> dict[str, Any]:
    """Return an event of payload format 1.0, whose query is decoded."""
    parameters = parse_qs(query, keep_blank_values=True)
    return {
        "version": "1.0",
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "headers": headers or {},
        "requestContext": {"identity": {"userArn": caller}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }


def load_balancer_event(
    method: str = "GET",
    path: str = "/employees",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """Return an event of a load balancer, whose query is not decoded."""
    event = event_v1(method, path, query, headers, body or "")
    encoded = {
        name: [quote_plus(value) for value in values]
        for name, values in parse_qs(query, keep_blank_values=True).items()
    }
    return event | {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:::x"}},
        "multiValueQueryStringParameters": encoded,
    }


class HttpCaller:
    """Calls a handler as a front door does, with decoded responses."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler

    def __call__(
        self,
        path: str = "/employees",
        method: str = "GET",
        query: str = "",
        body: Any = None,
        caller: str | None = None,
        **headers: str,
    ) -> Any:
        """Return status, headers and body; underscores in names of headers are hyphens."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        text = None if body is None else json.dumps(body)
        return self.event(event_v2(method, path, query, names, text, caller))

    def event(self, event: object) -> Any:
        """Return the decoded response to an event."""
        response = json.loads(self.handler(event, None))
        return SimpleNamespace(
            status=response["statusCode"],
            headers=response["headers"],
            cache=response["headers"].get("x-cache"),
            body=response["body"],
            is_base64=response["isBase64Encoded"],
        )
