"""Cross-origin resource sharing of function URLs. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vpcache.lab.services.http_host import Headers, HttpAnswer, HttpRequest

_ANY = "*"
_PREFIX = "access-control-"


def preflight(cors: Mapping[str, Any], request: HttpRequest) -> HttpAnswer | None:
    """Return Lambda's answer to a preflight request, None for other requests and without a configuration."""
    headers = _headers_of(request)
    is_preflight = request.method == "OPTIONS" and "access-control-request-method" in headers
    if not cors or not is_preflight:
        return None
    origin = _allowed_origin(cors, headers.get("origin", ""))
    if origin is None:
        return HttpAnswer(200)
    listed = {
        "Access-Control-Allow-Methods": cors.get("AllowMethods"),
        "Access-Control-Allow-Headers": cors.get("AllowHeaders"),
    }
    answered = [(name, ",".join(values)) for name, values in listed.items() if values]
    if cors.get("MaxAge"):
        answered.append(("Access-Control-Max-Age", str(cors["MaxAge"])))
    return HttpAnswer(200, headers=(*_common(cors, origin), *answered))


def with_cors(cors: Mapping[str, Any], request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
    """Return an answer with the configured headers, which replace those of the function."""
    if not cors:
        return answer
    kept = tuple((name, value) for name, value in answer.headers if not name.lower().startswith(_PREFIX))
    origin = _allowed_origin(cors, _headers_of(request).get("origin", ""))
    if origin is None:
        return replace(answer, headers=kept)
    exposed = cors.get("ExposeHeaders")
    more = (("Access-Control-Expose-Headers", ",".join(exposed)),) if exposed else ()
    return replace(answer, headers=(*kept, *_common(cors, origin), *more))


def _common(cors: Mapping[str, Any], origin: str) -> Headers:
    credentials = (("Access-Control-Allow-Credentials", "true"),) if cors.get("AllowCredentials") else ()
    return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), *credentials)


def _allowed_origin(cors: Mapping[str, Any], origin: str) -> str | None:
    """Return the value of Access-Control-Allow-Origin, None for an origin that is not allowed."""
    allowed = cors.get("AllowOrigins") or ()
    if not origin:
        return None
    if _ANY in allowed and not cors.get("AllowCredentials"):
        return _ANY
    return origin if _ANY in allowed or origin in allowed else None


def _headers_of(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers}
