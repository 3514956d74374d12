"""HTTP requests in the events of front doors: paths, queries, headers and callers."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cached_api.http_events import event_v1, event_v2, load_balancer_event

ARN = "arn:aws:sts::123456789012:assumed-role/deploy/ci"


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/employees", "/employees"),
        ("/%65mployees", "/employees"),
        ("/a%7Eb%2dc", "/a~b-c"),
        ("/a%2Fb", "/a%2Fb"),
        ("/%2e%2e", "/.."),
        ("/%C3%A9", "/%C3%A9"),
        ("/%252e", "/%252e"),
        ("/100%", "/100%"),
    ],
)
def test_only_escaped_unreserved_characters_are_decoded(cached_api, raw, path):
    assert cached_api.http_event.request_of(event_v2(path=raw)).path == path


@pytest.mark.parametrize("make", [event_v1, event_v2, load_balancer_event])
def test_all_formats_contain_the_same_request(cached_api, make):
    event = make("POST", "/employees", "page=2&size=%C3%A9&page=1", {"Accept-Encoding": "gzip"}, "{}")
    request = cached_api.http_event.request_of(event)
    assert (request.method, request.path, request.body) == ("POST", "/employees", b"{}")
    assert sorted(request.query) == [("page", "1"), ("page", "2"), ("size", "é")]
    assert request.headers["accept-encoding"] == "gzip"
    assert request.caller is None


@pytest.mark.parametrize("make", [event_v1, event_v2])
def test_signer_of_a_request_is_its_caller(cached_api, make):
    assert cached_api.http_event.request_of(make(caller=ARN)).caller == ARN


def test_stage_of_an_http_api_is_no_part_of_the_path(cached_api):
    event = event_v2(path="/live/employees")
    event["requestContext"]["stage"] = "live"
    assert cached_api.http_event.request_of(event).path == "/employees"


def test_base64_body_is_decoded(cached_api):
    event = event_v2("POST", body=base64.b64encode(b"{}").decode()) | {"isBase64Encoded": True}
    assert cached_api.http_event.request_of(event).body == b"{}"


def test_values_of_one_header_are_joined(cached_api):
    event = event_v1() | {"headers": None, "multiValueHeaders": {"If-None-Match": ['"a"', '"b"']}}
    assert cached_api.http_event.request_of(event).headers == {"if-none-match": '"a", "b"'}


@pytest.mark.parametrize(
    "change",
    [
        {"requestContext": None},
        {"requestContext": []},
        {"requestContext": {"http": {}}},
        {"rawPath": None},
        {"rawPath": 7},
        {"rawPath": ""},
        {"rawPath": "employees"},
        {"rawPath": "/" + "a" * 5000},
        {"rawQueryString": 7},
        {"rawQueryString": "a=1&" * 17},
        {"rawQueryString": "a=%ff"},
        {"rawQueryString": "a" * 5000},
        {"headers": ["a"]},
        {"body": "x" * 5000},
        {"body": "%", "isBase64Encoded": True},
        {"body": "\ud800"},
        {"body": {"path": "/a"}},
    ],
)
def test_malformed_event_is_refused(cached_api, change):
    with pytest.raises(cached_api.event.BadEventError):
        cached_api.http_event.request_of(event_v2("POST") | change)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=20)), max_size=6))
def test_equal_queries_have_one_form_of_safe_characters(cached_api, pairs):
    canonical = cached_api.http_event.canonical_query
    try:
        query = canonical(pairs, ("a", "b", "c"))
    except cached_api.event.BadEventError:
        return
    assert set(query) <= set("=&%-._~") | {chr(n) for n in range(128) if chr(n).isalnum()}
    assert canonical(sorted(pairs, key=lambda pair: pair[0]), ("c", "b", "a")) == query
    path, parsed = cached_api.http_event.split_target(f"/x?{query}")
    assert (path, canonical(parsed, ("a", "b", "c"))) == ("/x", query)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("page", "1"), ("utm_source", "x")], "only the parameters page, size"),
        ([("page", "\r\nX-Evil: 1")], "printable"),
        ([("page", "\ud800")], "printable"),
        ([("page", "é" * 200)], "512"),
    ],
)
def test_query_outside_the_limits_is_refused(cached_api, pairs, message):
    with pytest.raises(cached_api.event.BadEventError, match=message):
        cached_api.http_event.canonical_query(pairs, ("page", "size"))
