"""Converts functions' results to HTTP responses, in both payload formats. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vpcache.lab.aws.awslambda.urls.events import json_bytes, response_body, response_headers
from vpcache.lab.services.http_host import HttpAnswer

_JSON = (("Content-Type", "application/json"),)
_TEXT = (("Content-Type", "text/plain;charset=UTF-8"),)


def message(status: int, text: str) -> HttpAnswer:
    """Return a response of API Gateway itself."""
    return HttpAnswer(status, json_bytes({"message": text}), _JSON)


def answer_of(payload: bytes, version: str) -> HttpAnswer | None:
    """Return the HTTP response for a function's result, None for a result that is not a valid response.

    In format 2.0, a result without `statusCode` is the JSON body of a 200; in format 1.0 it is invalid.
    """
    try:
        content = json.loads(payload)
    except ValueError:
        return None
    if version == "2.0" and not (isinstance(content, dict) and "statusCode" in content):
        body = content.encode() if isinstance(content, str) else json_bytes(content)
        return HttpAnswer(200, body, _JSON)
    if not isinstance(content, dict) or not isinstance(content.get("body"), str | None):
        return None
    try:
        status = int(content["statusCode"])
        headers = tuple(response_headers({**content, "headers": _lower(content)}))
        headers += tuple(_repeated(content)) if version == "1.0" else ()
        body = response_body(content)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if not 200 <= status <= 599:
        return None
    default_type = () if any(name == "content-type" for name, _ in headers) else _TEXT
    return HttpAnswer(status, body, (*default_type, *headers))


def _lower(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the single headers under lower-case names, without those that have several values."""
    several = {name.lower() for name in content.get("multiValueHeaders") or {}}
    headers = {name.lower(): value for name, value in dict(content.get("headers") or {}).items()}
    return {name: value for name, value in headers.items() if name not in several}


def _repeated(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, values in dict(content.get("multiValueHeaders") or {}).items():
        for value in values:
            yield from response_headers({"headers": {name.lower(): value}})
