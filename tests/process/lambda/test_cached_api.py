"""The cached API against real memcached processes and a real HTTP server, all on 127.0.0.1."""

from __future__ import annotations

import functools
import json
import threading

import pytest

from tests.support.cached_api.cached_reads import advance_clock, call_at_once, resource_of

TIMEOUT = 30  # seconds; no node here is late on purpose, but on a busy machine many are


@pytest.fixture
def new_api(new_api):
    """Create the API of another worker, with long timeouts."""
    return functools.partial(
        new_api, connect_timeout=TIMEOUT, response_timeout=TIMEOUT, discovery_timeout=TIMEOUT
    )


def test_second_call_is_a_hit_without_an_origin_call(new_api, origin):
    api = new_api()
    first, second = api.get("/employees"), api.get("/employees")
    assert (first.cache, second.cache) == ("MISS", "HIT")
    assert first.body == second.body
    assert json.loads(first.body)["status"] == "success"
    assert first.headers["content-type"] == second.headers["content-type"] == "application/json"
    assert origin.calls == {"/employees": 1}


@pytest.mark.parametrize("size", [2_000, 100_000, 1_000_000])
def test_hit_equals_the_miss_byte_for_byte(new_api, size):
    api = new_api()
    bodies = {api.get(f"/bytes/{size}/x").body for _ in range(3)}
    assert len(bodies) == 1
    assert api.get(f"/bytes/{size}/x").cache == "HIT"


def test_keys_are_distributed_over_both_nodes(new_api, two_nodes):
    api = new_api()
    for number in range(40):
        api.get(f"/employee/{number}")
    assert all(node.stats()["curr_items"] >= 5 for node in two_nodes.nodes)


def test_workers_share_the_cache(new_api, origin):
    assert [new_api().get("/employees").cache for _ in range(3)] == ["MISS", "HIT", "HIT"]


def test_hundred_callers_of_a_cold_key_make_one_origin_call(new_api, origin):
    origin.delay = 0.1
    responses = call_at_once([new_api(origin_limit=TIMEOUT) for _ in range(100)], "/employees")
    assert origin.calls == {"/employees": 1}
    assert {response.status for response in responses} == {200}
    assert len({response.body for response in responses}) == 1


def test_hundred_callers_of_a_failing_origin_share_one_failure(new_api, origin):
    origin.delay, origin.status = 0.3, 500
    responses = call_at_once([new_api(origin_limit=TIMEOUT) for _ in range(100)], "/employees")
    assert {response.status for response in responses} == {502}
    assert origin.calls["/employees"] <= 3  # later callers fetch again


def test_one_caller_refreshes_while_the_others_get_the_stale_value(new_api, origin, cached_api, monkeypatch):
    workers = [new_api(ttl=1, origin_limit=TIMEOUT) for _ in range(20)]
    workers[0].get("/employees")
    advance_clock(cached_api, monkeypatch, seconds=1.5)
    origin.delay = 0.3
    responses = call_at_once(workers, "/employees")
    assert sorted(response.cache for response in responses) == ["MISS"] + ["STALE"] * 19
    assert origin.calls == {"/employees": 2}


def test_stale_value_is_served_while_the_origin_fails(new_api, origin, cached_api, monkeypatch):
    api = new_api(ttl=1)
    body = api.get("/employees").body
    advance_clock(cached_api, monkeypatch, seconds=1.5)
    origin.status = 500
    for _ in range(3):
        response = api.get("/employees")
        assert (response.status, response.cache, response.body, response.age) == (200, "STALE", body, 1)
    assert origin.calls == {"/employees": 2}  # the failure is shared, not repeated
    assert any("answered 500" in error for error in api.telemetry.errors)


def test_new_worker_after_a_failure_calls_the_origin_again(new_api, origin):
    origin.status = 500
    assert new_api().get("/employees").status == 502
    origin.status = 200
    assert new_api().get("/employees").cache == "MISS"


@pytest.mark.parametrize("status", [400, 403, 429])
def test_client_error_is_returned_and_not_stored(new_api, origin, status):
    origin.status = status
    response = new_api().get("/employees")
    assert (response.status, response.cache) == (status, "BYPASS")
    origin.status = 200
    assert new_api().get("/employees").cache == "MISS"


@pytest.mark.parametrize("status", [200, 204])
def test_empty_response_is_stored(new_api, origin, status):
    origin.status, origin.content = status, b""
    api = new_api()
    responses = [api.get("/employees") for _ in range(3)]
    assert [(each.status, each.body, each.cache) for each in responses] == [
        (status, "", "MISS"),
        (status, "", "HIT"),
        (status, "", "HIT"),
    ]


def test_not_found_is_stored_for_a_short_time(new_api, origin, cached_api, monkeypatch):
    origin.status = 404
    api = new_api()
    responses = [api.get("/employees") for _ in range(2)]
    assert [(response.status, response.cache) for response in responses] == [(404, "MISS"), (404, "HIT")]
    origin.status = 200
    advance_clock(cached_api, monkeypatch, seconds=cached_api.api.NOT_FOUND_SECONDS)
    assert api.get("/employees").status == 200


def test_value_over_the_item_limit_is_stored_deflated(new_api, two_nodes):
    api = new_api()
    assert [api.get("/bytes/2000000/x").cache for _ in range(2)] == ["MISS", "HIT"]
    assert any("exceed the item size limit" in error for error in api.telemetry.errors)


def test_incompressible_large_value_is_uncached_without_a_lease(new_api, origin):
    workers = [new_api(origin_limit=TIMEOUT) for _ in range(10)]
    assert workers[0].get("/noise/1500000/x").cache == "BYPASS"
    assert any("exceed the item size limit" in error for error in workers[0].telemetry.errors)
    origin.pause = threading.Barrier(10, timeout=20).wait  # the origin answers when all requests have arrived
    responses = call_at_once(workers, "/noise/1500000/x")
    assert {(response.status, response.cache) for response in responses} == {(200, "BYPASS")}
    assert origin.calls == {"/noise/1500000/x": 11}


def test_value_of_unknown_format_is_replaced(new_api, cached_api):
    api = new_api()
    key = resource_of(cached_api, "/employees").key
    api.cluster.run(cached_api.connection.Connection.store, key, b"foreign", 60)
    assert [api.get("/employees").cache for _ in range(2)] == ["MISS", "HIT"]
    assert any("unknown format" in error for error in api.telemetry.errors)


def test_binary_content_is_base64_encoded(cached_api):
    body = cached_api.response.prepare(200, "image/png", b"\xff\0")
    response = json.loads(cached_api.response.finish(body, "HIT", 3))
    assert (response["isBase64Encoded"], response["body"]) == (True, "/wA=")
