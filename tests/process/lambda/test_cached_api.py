"""The cached API against real memcached processes and a real HTTP server, all on 127.0.0.1."""

from __future__ import annotations

import json
import struct
import threading

import pytest

from tests.support.cached_reads import at_once, later

TIMEOUT = 30  # seconds


@pytest.fixture(autouse=True)
def _patience(cached_api, monkeypatch):
    """Give nodes all the time they want: here none is late on purpose, and on a busy machine many are."""
    monkeypatch.setattr(cached_api.connection, "CONNECT_SECONDS", TIMEOUT)
    monkeypatch.setattr(cached_api.connection, "ANSWER_SECONDS", TIMEOUT)
    monkeypatch.setattr(cached_api.connection, "_KERNEL_TIMEOUT", struct.pack("@ll", TIMEOUT, 0))
    monkeypatch.setattr(cached_api.cache, "DISCOVERY_SECONDS", TIMEOUT)


def test_first_call_is_a_miss_second_a_hit_and_the_origin_is_called_once(new_api, origin):
    api = new_api()
    first, second = api.get("/employees"), api.get("/employees")
    assert (first.cache, second.cache) == ("MISS", "HIT")
    assert first.body == second.body
    assert json.loads(first.body)["status"] == "success"
    assert first.headers["content-type"] == second.headers["content-type"] == "application/json"
    assert origin.calls == {"/employees": 1}


@pytest.mark.parametrize("size", [2_000, 100_000, 1_000_000])
def test_a_hit_is_the_miss_byte_for_byte(new_api, size):
    api = new_api()
    bodies = {api.get(f"/bytes/{size}/x").body for _ in range(3)}
    assert len(bodies) == 1
    assert api.get(f"/bytes/{size}/x").cache == "HIT"


def test_keys_land_on_both_nodes(new_api, two_nodes):
    api = new_api()
    for number in range(40):
        api.get(f"/employee/{number}")
    assert all(node.stats()["curr_items"] >= 5 for node in two_nodes.nodes)


def test_workers_share_the_cache(new_api, origin):
    assert [new_api().get("/employees").cache for _ in range(3)] == ["MISS", "HIT", "HIT"]


def test_a_hundred_callers_on_a_cold_key_make_one_origin_call(new_api, origin):
    origin.delay = 0.1
    answers = at_once([new_api(origin_limit=TIMEOUT) for _ in range(100)], "/employees")
    assert origin.calls == {"/employees": 1}
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_a_hundred_callers_on_a_failing_origin_make_one_call_and_share_its_failure(new_api, origin):
    origin.delay, origin.status = 0.3, 500
    answers = at_once([new_api(origin_limit=TIMEOUT) for _ in range(100)], "/employees")
    assert {answer.status for answer in answers} == {502}
    assert origin.calls["/employees"] <= 3  # who came after the failure asks anew


def test_one_caller_refreshes_and_the_others_get_the_stale_value(new_api, origin, cached_api, monkeypatch):
    workers = [new_api(ttl=1, origin_limit=TIMEOUT) for _ in range(20)]
    workers[0].get("/employees")
    later(cached_api, monkeypatch, seconds=1.5)
    origin.delay = 0.3
    answers = at_once(workers, "/employees")
    assert sorted(answer.cache for answer in answers) == ["MISS"] + ["STALE"] * 19
    assert origin.calls == {"/employees": 2}


def test_a_stale_value_serves_while_the_origin_fails_and_then_no_more(
    new_api, origin, cached_api, monkeypatch
):
    api = new_api(ttl=1)
    body = api.get("/employees").body
    later(cached_api, monkeypatch, seconds=1.5)
    origin.status = 500
    for _ in range(3):
        answer = api.get("/employees")
        assert (answer.status, answer.cache, answer.body, answer.age) == (200, "STALE", body, 1)
    assert origin.calls == {"/employees": 2}  # the failure is shared, not repeated
    assert any("answered 500" in error for error in api.telemetry.errors)


def test_a_fresh_start_after_a_failure_asks_the_origin_anew(new_api, origin):
    origin.status = 500
    assert new_api().get("/employees").status == 502
    origin.status = 200
    assert new_api().get("/employees").cache == "MISS"


@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_refusal_is_passed_on_and_not_stored(new_api, origin, status):
    origin.status = status
    answer = new_api().get("/employees")
    assert (answer.status, answer.cache) == (status, "BYPASS")
    origin.status = 200
    assert new_api().get("/employees").cache == "MISS"


def test_not_found_is_stored_briefly(new_api, origin, cached_api, monkeypatch):
    origin.status = 404
    api = new_api()
    answers = [api.get("/employees") for _ in range(2)]
    assert [(answer.status, answer.cache) for answer in answers] == [(404, "MISS"), (404, "HIT")]
    origin.status = 200
    later(cached_api, monkeypatch, seconds=cached_api.api.NOT_FOUND_SECONDS)
    assert api.get("/employees").status == 200


def test_a_value_over_the_item_limit_is_stored_deflated(new_api, two_nodes):
    api = new_api()
    assert [api.get("/bytes/2000000/x").cache for _ in range(2)] == ["MISS", "HIT"]
    assert any("over the item limit" in error for error in api.telemetry.errors)


def test_what_fits_in_no_form_is_served_uncached_and_nobody_waits(new_api, origin):
    workers = [new_api(origin_limit=TIMEOUT) for _ in range(10)]
    assert workers[0].get("/noise/1500000/x").cache == "BYPASS"
    assert any("over the item limit" in error for error in workers[0].telemetry.errors)
    origin.pause = threading.Barrier(10, timeout=20).wait  # nobody is answered until all have asked
    answers = at_once(workers, "/noise/1500000/x")
    assert {(answer.status, answer.cache) for answer in answers} == {(200, "BYPASS")}
    assert origin.calls == {"/noise/1500000/x": 11}


def test_a_value_that_is_not_ours_is_replaced(new_api, cached_api):
    api = new_api()
    key = cached_api.event.resource_of({"path": "/employees"}).key
    api.cache.run(cached_api.connection.Connection.store, key, b"somebody else's", 60)
    assert [api.get("/employees").cache for _ in range(2)] == ["MISS", "HIT"]
    assert any("not ours" in error for error in api.telemetry.errors)


def test_binary_content_passes_in_base64(cached_api):
    body = cached_api.answer.body_of(200, "image/png", b"\xff\0")
    answer = json.loads(cached_api.answer.finish(body, "HIT", 3))
    assert (answer["isBase64Encoded"], answer["body"]) == (True, "/wA=")
