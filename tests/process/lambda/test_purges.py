"""Purges of paths and prefixes by authorized callers, with real memcached processes and a real origin."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest

TOKEN = "a-token-of-these-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}
WITH_TOKEN = {"PURGE_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest()}
ROLE = "arn:aws:sts::123456789012:assumed-role/deploy"
USER = "arn:aws:iam::123456789012:user/ann"
WITH_CALLERS = {"PURGE_CALLERS": f"{ROLE}/* {USER}"}
PREFIXES = {"PURGE_PREFIXES": "/employees /employees/archive /orders", "PURGE_CHECK_SECONDS": "0"}
PATHS = [f"/employees/{number}" for number in range(12)]


def purge(call, caller=None, **order):
    headers = {} if caller else BEARER
    return call("/_purge", "POST", body=order, caller=caller, **headers)


def test_purged_path_is_a_miss_for_all_workers(new_front_door, origin):
    call, other = new_front_door(**WITH_TOKEN), new_front_door(**WITH_TOKEN)
    for path in ("/employees/1", "/employees/2"):
        call(path)
    answer = purge(call, path="/employees/1")
    assert answer.status == 200
    expected = {"purged": "path /employees/1", "nodes": 2, "within_seconds": 0}
    assert json.loads(answer.body) == expected
    assert [other(path).cache for path in ("/employees/1", "/employees/2")] == ["MISS", "HIT"]
    assert call("/employees/1").cache == "HIT"
    assert call.handler.telemetry.purges == [("path /employees/1", "token", 2)]


def test_path_is_purged_with_the_query_that_is_given(new_front_door):
    call = new_front_door(QUERY_PARAMETERS="page", **WITH_TOKEN)
    for query in ("page=1", "page=2"):
        call(query=query)
    assert purge(call, path="/employees?page=%31").status == 200
    assert [call(query=query).cache for query in ("page=1", "page=2")] == ["MISS", "HIT"]


def test_purged_prefix_is_a_miss_on_every_node(new_front_door, origin):
    call, other = (new_front_door(**WITH_TOKEN, **PREFIXES) for _ in range(2))
    paths = [*PATHS, "/employees/archive/1", "/orders/1", "/employees2"]
    for path in paths:
        assert (call(path).cache, other(path).cache) == ("MISS", "HIT")
    answer = purge(call, prefix="/employees")
    assert json.loads(answer.body) == {"purged": "prefix /employees", "nodes": 2, "within_seconds": 0}
    after = {path: other(path).cache for path in paths}
    assert {path for path, cache in after.items() if cache == "HIT"} == {"/orders/1", "/employees2"}
    assert {call(path).cache for path in paths} == {"HIT"}
    direct = json.loads(other.handler({"path": PATHS[0]}, None))
    assert direct["headers"]["x-cache"] == "HIT"


def test_direct_invocation_respects_the_purge_of_a_prefix(new_front_door):
    call = new_front_door(**WITH_TOKEN, **PREFIXES)
    states = []
    for _ in range(2):
        states += [json.loads(call.handler({"path": PATHS[0]}, None))["headers"]["x-cache"] for _ in range(2)]
        purge(call, prefix="/employees")
    assert states == ["MISS", "HIT"] * 2


def test_narrower_prefix_is_purged_alone(new_front_door):
    call = new_front_door(**WITH_TOKEN, **PREFIXES)
    for path in (PATHS[0], "/employees/archive/1"):
        call(path)
    assert purge(call, prefix="/employees/archive").status == 200
    assert [call(path).cache for path in (PATHS[0], "/employees/archive/1")] == ["HIT", "MISS"]


def test_worker_that_purges_notices_before_the_others(new_front_door):
    settings = WITH_TOKEN | PREFIXES | {"PURGE_CHECK_SECONDS": "3600"}
    call, other = new_front_door(**settings), new_front_door(**settings)
    call(PATHS[0])
    assert other(PATHS[0]).cache == "HIT"
    assert json.loads(purge(call, prefix="/employees").body)["within_seconds"] == 3600
    assert (other(PATHS[0]).cache, call(PATHS[0]).cache) == ("HIT", "MISS")


def test_time_of_a_purge_is_read_again_after_the_check_interval(new_api, cached_api):
    api, now = new_api(), [0.0]
    settings = cached_api.settings.Settings(cached_api.discovery.Node("", 0), False, "", purge_check=5)
    purges = cached_api.purges.Purges(settings, lambda: now[0])

    def run(command, *arguments):
        result, _ = api.cluster.run(
            lambda connection, _: command(connection, *arguments), b"all on the node of this key"
        )
        return result

    def store(key, value):
        run(cached_api.connection.Connection.store, key, value, 60)

    def is_there():
        return run(purges.read, b"v2:/employees", b"purged:/employees") is not None

    stored = cached_api.envelope.entry(0, b"body", 1000, 60)
    store(b"v2:/employees", cached_api.envelope.pack(stored))
    assert is_there()
    store(b"purged:/employees", b"1000000000")
    now[0] = 4.9
    assert is_there()
    now[0] = 5.0
    assert not is_there()
    for older_or_foreign in (b"999999999", b"foreign", b""):
        store(b"purged:/employees", older_or_foreign)
        purges.forget()
        assert is_there()


def test_restarted_node_has_neither_values_nor_purges(new_front_door, two_nodes):
    call = new_front_door(**WITH_TOKEN, **PREFIXES)
    for path in PATHS:
        call(path)
    purge(call, prefix="/employees")
    for node in two_nodes.nodes:
        node.kill()
        node.start()
    assert {call(path).cache for path in PATHS} == {"MISS"}
    assert {call(path).cache for path in PATHS} == {"HIT"}


@pytest.mark.parametrize("order", [{"path": PATHS[0]}, {"prefix": "/employees"}])
def test_response_fetched_before_a_purge_is_not_kept(new_front_door, origin, order):
    call, other = (new_front_door(**WITH_TOKEN, **PREFIXES) for _ in range(2))
    asked, purged = threading.Event(), threading.Event()

    def pause():
        asked.set()
        purged.wait(30)

    origin.pause = pause
    answers = []
    fetching = threading.Thread(target=lambda: answers.append(call(PATHS[0])))
    fetching.start()
    assert asked.wait(30)
    assert purge(other, **order).status == 200
    purged.set()
    fetching.join()
    assert (answers[0].status, answers[0].cache) == (200, "BYPASS")
    assert [other(PATHS[0]).cache for _ in range(2)] == ["MISS", "HIT"]


def test_purge_with_an_unreachable_node_is_an_error(new_front_door, two_nodes):
    call = new_front_door(**WITH_TOKEN, **PREFIXES)
    two_nodes.nodes[0].kill()
    for order in ({"path": PATHS[0]}, {"prefix": "/employees"}):
        answer = purge(call, **order)
        assert answer.status == 503
        assert f"1 of 2 nodes failed: localhost:{two_nodes.nodes[0].port}" in answer.body
    two_nodes.discovery.close()
    assert "the nodes are unknown" in purge(call, path=PATHS[0]).body


@pytest.mark.parametrize("caller", [f"{ROLE}/ci-17", USER])
def test_listed_principals_may_purge(new_front_door, caller):
    call = new_front_door(**WITH_CALLERS)
    assert purge(call, caller, path="/employees").status == 200
    assert call.handler.telemetry.purges == [("path /employees", caller, 2)]


@pytest.mark.parametrize(
    ("settings", "caller", "authorization", "status"),
    [
        (WITH_CALLERS, f"{ROLE}2/ci", "", 403),
        (WITH_CALLERS, f"{ROLE}/ci/*", "", 403),
        (WITH_CALLERS, f"{USER}a", "", 403),
        (WITH_CALLERS, None, f"Bearer {TOKEN}", 403),
        (WITH_TOKEN, USER, "", 403),
        (WITH_TOKEN, None, "", 401),
        (WITH_TOKEN, None, "Bearer", 401),
        (WITH_TOKEN, None, f"Bearer {TOKEN}x", 401),
        (WITH_TOKEN, None, f"Basic {TOKEN}", 401),
        (WITH_TOKEN, None, f"Bearer {WITH_TOKEN['PURGE_TOKEN_SHA256']}", 401),
        (WITH_TOKEN, None, "Bearer \ud800", 401),
        ({}, USER, f"Bearer {TOKEN}", 405),
    ],
)
def test_other_callers_may_not_purge(new_front_door, settings, caller, authorization, status):
    call = new_front_door(**settings)
    call()
    answer = call("/_purge", "POST", body={"path": "/employees"}, caller=caller, authorization=authorization)
    assert answer.status == status
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    assert call().cache == "HIT"
    assert call.handler.telemetry.purges == ([("denied", caller)] if settings else [])


@pytest.mark.parametrize(
    "order",
    [
        None,
        [],
        {},
        "path",
        {"path": 7},
        {"path": "/employees", "prefix": "/employees"},
        {"path": "/a b"},
        {"path": "/a?page=1"},
        {"prefix": "/employees2"},
        {"prefix": "/"},
        {"prefix": "/employees/7"},
        {"key": "v2:/employees"},
        {"path": "/employees\r\nflush_all"},
    ],
)
def test_invalid_order_is_refused(new_front_door, order):
    call = new_front_door(**WITH_TOKEN, **PREFIXES)
    assert call("/_purge", "POST", body=order, **BEARER).status == 400


def test_options_of_the_purge_list_post(new_front_door):
    assert new_front_door(**WITH_TOKEN)("/_purge", "OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert new_front_door()("/_purge", "OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS"
