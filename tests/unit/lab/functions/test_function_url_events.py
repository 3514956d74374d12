"""Events of function URLs, and HTTP responses from results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vpcache.lab.aws.awslambda.urls.events import BAD_GATEWAY, answer_of, event_of
from vpcache.lab.functions.spec import Event
from vpcache.lab.services.http_host import HttpRequest

HOST = "abc123.lambda-url.eu-west-1.on.aws"
ID = "11111111-2222-3333-4444-555555555555"


def event(
    method: str = "GET", target: str = "/", *headers: tuple[str, str], body: bytes = b""
) -> dict[str, Any]:
    return event_of(HttpRequest(method, target, "203.0.113.9", headers, body), HOST, Event(b"", "arn"))


def test_event_has_the_payload_format_2() -> None:
    template = Event(b"", "arn")
    request = HttpRequest(
        "GET", "/a%20b/c?x=1&x=2&y=", "203.0.113.9", (("User-Agent", "curl"), ("Host", HOST))
    )
    result = event_of(request, HOST, template)
    context = result["requestContext"]
    assert (result["version"], result["routeKey"]) == ("2.0", "$default")
    assert (result["rawPath"], result["rawQueryString"]) == ("/a%20b/c", "x=1&x=2&y=")
    assert result["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert result["isBase64Encoded"] is False and "body" not in result and "cookies" not in result
    assert context["http"] == {
        "method": "GET",
        "path": "/a b/c",
        "protocol": "HTTP/1.1",
        "sourceIp": "203.0.113.9",
        "userAgent": "curl",
    }
    assert (context["domainName"], context["domainPrefix"], context["apiId"]) == (HOST, "abc123", "abc123")
    assert (context["accountId"], context["requestId"]) == ("anonymous", template.request_id)
    assert context["timeEpoch"] > 1_700_000_000_000 and context["time"].endswith(" +0000")


def test_event_headers_are_lower_case_and_joined() -> None:
    result = event("GET", "/", ("X-A", "1"), ("x-a", "2"), ("X-Forwarded-For", "10.0.0.1"))["headers"]
    assert result["x-a"] == "1,2"
    assert result["x-forwarded-for"] == "203.0.113.9"
    assert (result["x-forwarded-proto"], result["x-forwarded-port"]) == ("https", "443")


def test_event_lists_cookies() -> None:
    assert event("GET", "/", ("Cookie", "a=1; b=2"))["cookies"] == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("kind", "body", "text", "is_encoded"),
    [
        ("application/json", b'{"a": "\xc3\xa4"}', '{"a": "ä"}', False),
        ("text/plain; charset=utf-8", b"plain", "plain", False),
        ("application/octet-stream", b"\x00\xff", "AP8=", True),
        ("text/plain", b"\xff", "/w==", True),
        ("", b"x", "eA==", True),
    ],
)
def test_event_body_is_text_or_base64(kind: str, body: bytes, text: str, is_encoded: bool) -> None:
    result = event("POST", "/", ("Content-Type", kind), body=body)
    assert (result["body"], result["isBase64Encoded"]) == (text, is_encoded)


def respond(content: Any) -> tuple[int, bytes, dict[str, str]]:
    answer = answer_of(json.dumps(content).encode(), ID)
    return answer.status, answer.body, dict(answer.headers)


@pytest.mark.parametrize("content", [{"a": 1}, [1], 5, None, True])
def test_result_without_status_code_is_sent_as_json(content: Any) -> None:
    status, body, headers = respond(content)
    assert (status, json.loads(body)) == (200, content)
    assert headers == {"Content-Type": "application/json", "x-amzn-RequestId": ID}


def test_result_with_status_code_is_the_response() -> None:
    content = {
        "statusCode": 201,
        "headers": {"content-type": "text/plain", "X-N": 5, "Content-Length": "999"},
        "body": "dGV4dA==",
        "isBase64Encoded": True,
    }
    assert respond(content) == (
        201,
        b"text",
        {"content-type": "text/plain", "X-N": "5", "x-amzn-RequestId": ID},
    )
    assert respond({"statusCode": "404"})[:2] == (404, b"")


def test_cookies_of_a_result_become_headers() -> None:
    answer = answer_of(json.dumps({"statusCode": 200, "cookies": ["a=1", "b=2"]}).encode(), ID)
    assert [value for name, value in answer.headers if name == "Set-Cookie"] == ["a=1", "b=2"]


@pytest.mark.parametrize(
    "content",
    [
        {"statusCode": "soon"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {"a": 1}, "isBase64Encoded": True},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"a b": "1"}},
        {"statusCode": 200, "headers": {"a": "1\r\nb: 2"}},
        {"statusCode": 200, "headers": {"a": "\u2603"}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "cookies": 5},
    ],
)
def test_invalid_result_is_a_bad_gateway(content: Any) -> None:
    assert answer_of(json.dumps(content).encode(), ID) == BAD_GATEWAY


def test_result_that_is_not_json_is_a_bad_gateway() -> None:
    assert answer_of(b"", ID) == answer_of(b"{", ID) == BAD_GATEWAY


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ("plain", b"plain"),
        (["a", 1, True], b'["a",1,true]'),
        ({"a": {"b": "\u00e9"}}, '{"a":{"b":"é"}}'.encode()),
    ],
)
def test_result_is_text_or_json_without_spaces(result: Any, body: bytes) -> None:
    for content in (result, {"statusCode": 200, "body": result}):
        answer = answer_of(json.dumps(content).encode(), ID)
        assert (answer.status, answer.body) == (200, body)
        assert ("Content-Type", "application/json") in answer.headers


def test_event_shows_tls_and_no_connection_header() -> None:
    tls = ("TLSv1.3", "TLS_AES_128_GCM_SHA256")
    request = HttpRequest("GET", "/", "203.0.113.9", (("Connection", "close"),), tls=tls)
    headers = event_of(request, HOST, Event(b"", "arn"))["headers"]
    assert "connection" not in headers
    assert (headers["x-amzn-tls-version"], headers["x-amzn-tls-cipher-suite"]) == tls
