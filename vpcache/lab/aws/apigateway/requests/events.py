"""Converts requests to events for functions, in both payload formats. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from vpcache.lab.aws.apigateway.requests.context import ApiRequest
from vpcache.lab.aws.awslambda.urls.events import iam_identity, joined, request_body

_CONNECTION = ("connection", "keep-alive", "transfer-encoding")
_UNKNOWN = (
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
)


def event_of(request: ApiRequest, version: str, trace_id: str) -> dict[str, Any]:
    """Return the payload for a request in a payload format; `trace_id` is that of the invocation."""
    pairs = _headers(request, trace_id)
    content_type = joined(pairs).get("content-type", "")
    body = {"body": None, **request_body(request.request.body, content_type)}
    if version == "2.0":
        return _second(request, pairs) | {name: value for name, value in body.items() if value is not None}
    return _first(request, pairs) | body


def _headers(request: ApiRequest, trace_id: str) -> list[tuple[str, str]]:
    """Return the headers under lower-case names, with those that API Gateway sets."""
    forwarded = [request.header.get("x-forwarded-for", ""), request.request.caller]
    own = {
        "x-amzn-trace-id": trace_id.partition(";")[0],
        "x-forwarded-for": ", ".join(filter(None, forwarded)),
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
        "content-length": str(len(request.request.body)),
    }
    kept = [
        (name.lower(), value)
        for name, value in request.request.headers
        if name.lower() not in (*_CONNECTION, *own)
    ]
    return sorted([*kept, *own.items()], key=lambda pair: pair[0])


def _second(request: ApiRequest, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    cookies = joined([pair for pair in pairs if pair[0] == "cookie"]).get("cookie", "")
    names = joined(parse_qsl(request.query, keep_blank_values=True))
    optional = {
        "cookies": [each.strip() for each in re.split("[;,]", cookies) if each.strip()],
        "queryStringParameters": names,
        "pathParameters": request.parameters,
        "stageVariables": request.stage.variables,
    }
    return {
        "version": "2.0",
        "routeKey": request.route.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": joined([pair for pair in pairs if pair[0] != "cookie"]),
        **{name: value for name, value in optional.items() if value},
        "requestContext": {
            "accountId": request.api.account,
            "apiId": request.api.id,
            **({"authorizer": {"iam": iam_identity(request.caller)}} if request.caller else {}),
            "domainName": request.api.hostname,
            "domainPrefix": request.api.id,
            "http": {
                "method": request.request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.request.caller,
                "userAgent": request.header.get("user-agent", ""),
            },
            "requestId": request.id,
            "routeKey": request.route.key,
            "stage": request.stage.name,
            "time": request.clf_time,
            "timeEpoch": request.epoch,
        },
    }


def _first(request: ApiRequest, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    query = parse_qsl(request.query, keep_blank_values=True)
    resource = request.route.key.partition(" ")[2] or request.route.key
    caller = request.caller
    identity = {
        "accessKey": caller.access_key_id if caller else None,
        "accountId": caller.account if caller else None,
        "caller": caller.user_id if caller else None,
        **dict.fromkeys(_UNKNOWN),
        "sourceIp": request.request.caller,
        "user": caller.user_id if caller else None,
        "userAgent": request.header.get("user-agent", ""),
        "userArn": caller.arn if caller else None,
    }
    return {
        "version": "1.0",
        "resource": resource,
        "path": request.path,
        "httpMethod": request.request.method,
        "headers": dict(pairs),
        "multiValueHeaders": _grouped(pairs),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query) or None,
        "requestContext": {
            "accountId": request.api.account,
            "apiId": request.api.id,
            "domainName": request.api.hostname,
            "domainPrefix": request.api.id,
            "extendedRequestId": request.id,
            "httpMethod": request.request.method,
            "identity": identity,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "requestId": request.id,
            "requestTime": request.clf_time,
            "requestTimeEpoch": request.epoch,
            "resourceId": request.route.key,
            "resourcePath": resource,
            "stage": request.stage.name,
        },
        "pathParameters": dict(request.parameters) or None,
        "stageVariables": dict(request.stage.variables) or None,
    }


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
