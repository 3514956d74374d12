"""Converts HTTP requests to events, and functions' results to HTTP responses. Pure.

Both have the payload format 2.0: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from vpcache.lab.aws.awslambda.url_callers import UrlCaller
from vpcache.lab.functions.spec import Event
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

_TEXT = re.compile(r"text/.*|application/(.*\+)?(json|xml)|application/(javascript|x-www-form-urlencoded)")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # of a header: RFC 9110, 5.6.2
_CONNECTION = frozenset({"connection", "content-length", "transfer-encoding"})  # headers that the host sets
_JSON = (("Content-Type", "application/json"),)

BAD_GATEWAY = HttpAnswer(502, b"Internal Server Error", (("Content-Type", "text/plain"),))
"""The response if the function failed, or its result is not a valid HTTP response."""


def message(status: int, text: str | None, error: str) -> HttpAnswer:
    """Return a response of Lambda itself, with the type of its error."""
    return HttpAnswer(status, json_bytes({"Message": text}), (*_JSON, ("x-amzn-ErrorType", error)))


def event_of(
    request: HttpRequest, hostname: str, event: Event, caller: UrlCaller | None = None
) -> dict[str, Any]:
    """Return the payload for a request to `hostname`; request and trace ID are those of `event`.

    `caller` is the principal of a request to a URL with AuthType AWS_IAM.
    """
    path, _, query = request.target.partition("?")
    headers = joined((name.lower(), value) for name, value in request.headers if name.lower() != "connection")
    version, cipher = request.tls
    now = datetime.now(UTC)
    payload: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers
        | {
            "x-amzn-tls-cipher-suite": cipher,
            "x-amzn-tls-version": version,
            "x-amzn-trace-id": event.trace_id.partition(";")[0],
            "x-forwarded-for": request.caller,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": caller.account if caller else "anonymous",
            "apiId": hostname.partition(".")[0],
            **({"authorizer": {"iam": iam_identity(caller)}} if caller else {}),
            "domainName": hostname,
            "domainPrefix": hostname.partition(".")[0],
            "http": {
                "method": request.method,
                "path": unquote(path),
                "protocol": "HTTP/1.1",
                "sourceIp": request.caller,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": event.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(now.timestamp() * 1000),
        },
    }
    if cookies := headers.get("cookie"):
        payload["cookies"] = [each.strip() for each in re.split("[;,]", cookies) if each.strip()]
    if query:
        payload["queryStringParameters"] = joined(parse_qsl(query, keep_blank_values=True))
    return payload | request_body(request.body, headers.get("content-type", ""))


def iam_identity(caller: UrlCaller) -> dict[str, Any]:
    """Return the member `iam` of an event's authorizer."""
    return {
        "accessKey": caller.access_key_id,
        "accountId": caller.account,
        "callerId": caller.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": caller.arn,
        "userId": caller.user_id,
    }


def answer_of(payload: bytes, request_id: str) -> HttpAnswer:
    """Return the HTTP response for a function's result.

    An object with a `statusCode` describes the response; a string is the body of a 200, any other result its
    JSON body.
    """
    ids = (("x-amzn-RequestId", request_id),)
    try:
        content = json.loads(payload)
    except ValueError:
        return BAD_GATEWAY
    if not isinstance(content, dict) or "statusCode" not in content:
        return HttpAnswer(200, _text(content), (*_JSON, *ids))
    try:
        status = int(content["statusCode"])
        headers = tuple(response_headers(content))
        body = response_body(content)
    except (TypeError, ValueError):
        return BAD_GATEWAY
    if not 100 <= status <= 599:
        return BAD_GATEWAY
    default_type = () if any(name.lower() == "content-type" for name, _ in headers) else _JSON
    return HttpAnswer(status, body, (*default_type, *headers, *ids))


def _text(content: Any) -> bytes:
    """Return a string unchanged, and other values as JSON."""
    return content.encode() if isinstance(content, str) else json_bytes(content)


def json_bytes(content: Any) -> bytes:
    """Return a JSON document without spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def joined(pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> dict[str, str]:
    """Return pairs as a mapping; the values of one name are joined with commas."""
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def request_body(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the members of an event for the body of a request: base64, unless its type is that of a text."""
    if not body:
        return {"isBase64Encoded": False}
    if _TEXT.fullmatch(content_type.partition(";")[0].strip().lower()):
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def response_headers(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the headers of a function's response. Raises TypeError or ValueError for invalid ones."""
    pairs = [
        *dict(content.get("headers") or {}).items(),
        *(("Set-Cookie", each) for each in content.get("cookies") or ()),
    ]
    for name, value in pairs:
        text = value if isinstance(value, str) else json.dumps(value)
        text.encode("latin-1")
        if not _NAME.fullmatch(name) or not text.isprintable():
            raise ValueError(f"{name}: {text}")
        if name.lower() not in _CONNECTION:
            yield name, text


def response_body(content: Mapping[str, Any]) -> bytes:
    """Return the body of a function's response. Raises TypeError or ValueError for an invalid one."""
    body = content.get("body")
    if body is None:
        return b""
    if not content.get("isBase64Encoded"):
        return _text(body)
    if not isinstance(body, str):
        raise TypeError("the body must be a string")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError("the body must be base64") from error
