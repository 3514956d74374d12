"""Cross-origin resource sharing of function URLs: preflight requests and headers of answers."""

from __future__ import annotations

from typing import Any

import pytest

from vpcache.lab.aws.awslambda.urls.cors import preflight, with_cors
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

ORIGIN = "https://example.com"
CORS: dict[str, Any] = {
    "AllowOrigins": [ORIGIN],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["x-custom"],
    "ExposeHeaders": ["x-result"],
    "MaxAge": 60,
}


def request(method: str = "GET", origin: str = ORIGIN, **headers: str) -> HttpRequest:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return HttpRequest(method, "/", "10.0.0.1", (("Origin", origin), *named))


def test_preflight_is_answered_without_the_function() -> None:
    asked = request("OPTIONS", Access_Control_Request_Method="GET")
    answer = preflight(CORS, asked)
    assert answer is not None and answer.status == 200
    assert dict(answer.headers) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Vary": "Origin",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Allow-Headers": "x-custom",
        "Access-Control-Max-Age": "60",
    }
    assert preflight({}, asked) is None
    assert preflight(CORS, request("OPTIONS")) is None


def test_foreign_origin_gets_no_headers() -> None:
    foreign = "https://evil.example"
    answer = preflight(CORS, request("OPTIONS", foreign, Access_Control_Request_Method="GET"))
    assert answer == HttpAnswer(200)
    assert with_cors(CORS, request(origin=foreign), HttpAnswer(200)) == HttpAnswer(200)


def test_configuration_replaces_the_headers_of_the_function() -> None:
    answer = HttpAnswer(200, b"x", (("Access-Control-Allow-Origin", "other"), ("x-result", "1")))
    assert dict(with_cors(CORS, request(), answer).headers) == {
        "x-result": "1",
        "Access-Control-Allow-Origin": ORIGIN,
        "Vary": "Origin",
        "Access-Control-Expose-Headers": "x-result",
    }
    assert with_cors({}, request(), answer) is answer


@pytest.mark.parametrize(("credentials", "shown"), [(False, "*"), (True, ORIGIN)])
def test_any_origin_is_named_if_credentials_are_allowed(credentials: bool, shown: str) -> None:
    cors = {"AllowOrigins": ["*"], "AllowCredentials": credentials}
    headers = dict(with_cors(cors, request(), HttpAnswer(200)).headers)
    assert headers["Access-Control-Allow-Origin"] == shown
    assert headers.get("Access-Control-Allow-Credentials") == ("true" if credentials else None)
