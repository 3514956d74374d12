"""The cached API behind a front door, with real memcached processes and a real origin."""

from __future__ import annotations

import base64
import gzip
import json
import zlib

import pytest

from bench.rig import Origin, employees
from tests.support.cached_api.cached_reads import advance_clock
from tests.support.cached_api.http_events import event_v1, event_v2, load_balancer_event
from vpcache.testing.run import free_port

LARGE = "/bytes/20000/x"


@pytest.fixture
def call(new_front_door):
    return new_front_door()


def test_miss_and_hit_have_the_headers_of_a_cache(call, origin):
    miss, hit = call(), call()
    assert (miss.status, miss.cache, hit.status, hit.cache) == (200, "MISS", 200, "HIT")
    assert miss.body == hit.body == employees(200).decode()
    assert hit.headers["content-type"] == "application/json"
    assert hit.headers["cache-control"] == "max-age=300"
    assert hit.headers["vary"] == "accept-encoding"
    assert hit.headers["etag"] == miss.headers["etag"]
    assert origin.calls == {"/employees": 1}


def test_direct_invocation_and_front_door_share_an_entry(new_front_door, origin):
    call, other = new_front_door(), new_front_door()
    assert call("/employee/1").cache == "MISS"
    direct = json.loads(other.handler({"path": "/employee/1"}, None))
    assert (direct["headers"]["x-cache"], direct["body"]) == ("HIT", call("/employee/1").body)
    assert set(direct["headers"]) == {"content-type", "x-cache", "x-cache-node", "age"}
    other.handler({"path": "/employee/2"}, None)
    assert call("/employee/2").cache == "HIT"
    assert origin.calls == {"/employee/1": 1, "/employee/2": 1}


@pytest.mark.parametrize("make", [event_v2, event_v1, load_balancer_event])
def test_every_format_of_events_is_answered(call, make):
    assert call.event(make()).cache == "MISS"
    assert call.event(make("HEAD")).cache == "HIT"


def test_freshness_that_is_left_is_max_age_less_age(call, cached_api, monkeypatch):
    call()
    advance_clock(cached_api, monkeypatch, seconds=100)
    hit = call()
    assert (hit.headers["age"], hit.headers["cache-control"]) == ("100", "max-age=300")


def test_stale_response_is_older_than_its_max_age(new_front_door, origin, cached_api, monkeypatch):
    call = new_front_door(STALE_WHILE_REVALIDATE_SECONDS="30", STALE_IF_ERROR_SECONDS="600")
    call()
    advance_clock(cached_api, monkeypatch, seconds=301)
    origin.status = 500
    stale = call()
    assert (stale.status, stale.cache, stale.headers["age"]) == (200, "STALE", "301")
    assert stale.headers["cache-control"] == "max-age=300, stale-while-revalidate=30, stale-if-error=600"


@pytest.mark.parametrize("codings", ["", "gzip"])
def test_matching_entity_tag_is_answered_with_304(call, codings):
    etag = call(LARGE, accept_encoding=codings).headers["etag"]
    answer = call(LARGE, accept_encoding=codings, if_none_match=f'"x", W/{etag}')
    assert (answer.status, answer.body, answer.cache) == (304, "", "HIT")
    assert answer.headers["etag"] == etag
    assert {"cache-control", "vary", "age", "content-type"} <= set(answer.headers)
    assert call(LARGE, if_none_match='"x"').status == 200
    assert call(LARGE, method="HEAD", accept_encoding=codings, if_none_match=etag).status == 304


def test_entity_tag_survives_a_refresh_without_a_change(call, origin, cached_api, monkeypatch):
    etag = call().headers["etag"]
    advance_clock(cached_api, monkeypatch, seconds=301)
    answer = call(if_none_match=etag)
    assert (answer.status, answer.cache, origin.calls["/employees"]) == (304, "MISS", 2)
    advance_clock(cached_api, monkeypatch, seconds=301)
    origin.content = b"{}"
    assert call(if_none_match=etag).status == 200


def test_entity_tags_of_codings_differ(call):
    plain, coded = call(LARGE), call(LARGE, accept_encoding="gzip")
    assert plain.headers["etag"] != coded.headers["etag"]
    assert call(LARGE, accept_encoding="gzip", if_none_match=plain.headers["etag"]).status == 200


@pytest.mark.parametrize(("coding", "decode"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
def test_text_is_coded_as_the_client_accepts(call, coding, decode):
    for _ in range(2):
        answer = call(LARGE, accept_encoding=f"br, {coding}")
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["content-type"] == "application/json"
        assert answer.is_base64
        assert decode(base64.b64decode(answer.body)) == employees(20000)
    assert "content-encoding" not in call(LARGE, accept_encoding=f"{coding};q=0").headers


def test_nothing_acceptable_is_answered_with_406(call):
    answer = call(accept_encoding="br, *;q=0")
    assert (answer.status, answer.headers["vary"]) == (406, "accept-encoding")


def test_binary_content_keeps_its_type_and_bytes(call, origin):
    origin.content, origin.content_type = b"\x89PNG\xff\0" * 400, "image/png"
    answer = call(accept_encoding="gzip")
    assert (answer.is_base64, answer.headers["content-type"]) == (True, "image/png")
    assert base64.b64decode(answer.body) == origin.content
    assert "content-encoding" not in answer.headers
    required = call(accept_encoding="gzip, identity;q=0")
    assert gzip.decompress(base64.b64decode(required.body)) == origin.content


def test_content_that_resembles_the_frame_is_returned_unchanged(call, origin):
    origin.content = b'x","statusCode":500,"headers":{"a":"' * 60
    origin.content_type = 'text/x; a=","statusCode":500'
    for codings in ("", "gzip"):
        answer = call(accept_encoding=codings)
        content = base64.b64decode(answer.body) if answer.is_base64 else answer.body.encode()
        assert (gzip.decompress(content) if codings else content) == origin.content
        assert (answer.status, answer.headers["content-type"]) == (200, origin.content_type)


@pytest.mark.parametrize("codings", ["", "gzip"])
def test_head_has_the_headers_of_get_and_no_body(call, codings):
    call(LARGE)
    get, head = (call(LARGE, method=method, accept_encoding=codings) for method in ("GET", "HEAD"))
    assert (head.status, head.body, head.is_base64) == (200, "", False)
    assert head.headers == get.headers


def test_options_lists_the_methods_without_a_fetch(call, origin):
    answer = call(method="OPTIONS")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, "GET, HEAD, OPTIONS", "")
    assert not origin.calls


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PURGE", "get", ""])
def test_other_methods_are_answered_with_405(call, origin, method):
    answer = call(method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert not origin.calls


def test_errors_are_problem_details(call, origin):
    answer = call("/a b")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    problem = json.loads(answer.body)
    assert (problem["status"], problem["title"], problem["type"]) == (400, "Bad Request", "about:blank")
    assert "path must be" in problem["detail"]
    assert call("/a b", method="HEAD").body == ""
    origin.status = 500
    assert call("/employee/1").status == 502


def test_late_origin_is_answered_with_504(new_front_door, origin):
    origin.delay = 3
    answer = new_front_door(ORIGIN_LIMIT_SECONDS="1")()
    assert (answer.status, json.loads(answer.body)["title"]) == (504, "Gateway Timeout")


def test_not_found_is_passed_on_and_cached(call, origin):
    origin.status, origin.content = 404, b'{"error":"unknown"}'
    answers = [call() for _ in range(2)]
    assert [(answer.status, answer.cache, answer.body) for answer in answers] == [
        (404, "MISS", '{"error":"unknown"}'),
        (404, "HIT", '{"error":"unknown"}'),
    ]
    assert answers[1].headers["cache-control"] == "max-age=10"
    assert call(if_none_match=answers[0].headers["etag"]).status == 404


@pytest.mark.parametrize("status", [400, 403, 429])
def test_client_error_of_the_origin_must_not_be_stored(call, origin, status):
    origin.status = status
    answer = call()
    assert (answer.status, answer.cache, answer.headers["cache-control"]) == (status, "BYPASS", "no-store")


def test_response_without_a_cache_is_a_bypass(call, two_nodes):
    for node in two_nodes.nodes:
        node.kill()
    answer = call()
    assert (answer.status, answer.cache, answer.headers["age"]) == (200, "BYPASS", "0")


def test_paths_have_their_own_lifetimes(new_front_door, origin, cached_api, monkeypatch):
    call = new_front_door(PATH_TTLS="/employee=1,0 /employee/7=60")
    for path in ("/employee/6", "/employee/7", "/other"):
        call(path)
    ages = {path: call(path).headers["cache-control"] for path in ("/employee/6", "/employee/7", "/other")}
    assert ages == {"/employee/6": "max-age=1", "/employee/7": "max-age=60", "/other": "max-age=300"}
    advance_clock(cached_api, monkeypatch, seconds=2)
    assert [call(path).cache for path in ages] == ["MISS", "HIT", "HIT"]
    assert origin.calls == {"/employee/6": 2, "/employee/7": 1, "/other": 1}


def test_paths_have_their_own_origins(new_front_door, origin):
    orders = Origin()
    orders.content = b"orders"
    routes = {"ORIGINS": f"/orders={orders.url}/v2 /down=http://127.0.0.1:{free_port()}"}
    call, default = new_front_door(**routes), new_front_door()
    assert (call("/orders/1").body, call("/orders/1").cache) == ("orders", "HIT")
    assert default("/orders/1").cache == "MISS"  # the same path at another origin has another entry
    down = call("/down/1")
    assert (down.status, routes["ORIGINS"].rpartition("=")[2] in down.body) == (502, True)
    assert (orders.calls, origin.calls) == ({"/v2/orders/1": 1}, {"/orders/1": 1})
    orders.close()


def test_queries_are_refused_unless_their_parameters_are_listed(new_front_door, origin):
    plain, call = new_front_door(), new_front_door(QUERY_PARAMETERS="page q")
    assert plain(query="page=1").status == 400
    assert call(query="page=1&utm_source=x").status == 400
    assert not origin.calls
    assert call(query="page=1&q=caf%C3%A9+a").cache == "MISS"
    assert call(query="q=caf%c3%a9%20a&page=1").cache == "HIT"
    assert call(query="page=2&q=x").cache == "MISS"
    assert call().cache == "MISS"
    expected = {"/employees?page=1&q=caf%C3%A9%20a": 1, "/employees?page=2&q=x": 1, "/employees": 1}
    assert origin.calls == expected
