"""Cross-origin resource sharing of HTTP APIs. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vpcache.lab.aws.awslambda.urls import cors as urls
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

_SCHEMES = ("http://*", "https://*")


def preflight(cors: Mapping[str, Any] | None, request: HttpRequest) -> HttpAnswer | None:
    """Return API Gateway's answer to a preflight request, None for others and without a configuration."""
    answer = urls.preflight(_named(cors, request), request)
    return replace(answer, status=204) if answer else None


def with_cors(cors: Mapping[str, Any] | None, request: HttpRequest, answer: HttpAnswer) -> HttpAnswer:
    """Return an answer with the configured headers, which replace those of the function."""
    return urls.with_cors(_named(cors, request), request, answer)


def _named(cors: Mapping[str, Any] | None, request: HttpRequest) -> dict[str, Any]:
    """Return a configuration under the names of function URLs; all origins of a scheme are resolved."""
    named = {f"{name[:1].upper()}{name[1:]}": value for name, value in (cors or {}).items()}
    origins = named.get("AllowOrigins") or []
    origin = next((value for name, value in request.headers if name.lower() == "origin"), "")
    if any(each in origins and origin.startswith(each[:-1]) for each in _SCHEMES):
        named["AllowOrigins"] = [*origins, origin]
    return named
