"""The fast path of a hit, with real memcached processes: what it costs, and when it is left."""

from __future__ import annotations

import itertools
import sys
import threading

import pytest

from bench.rig import Memcached
from tests.support.cached_api.cached_reads import FakeTelemetry, advance_clock, resource_of

EVENT = {"path": "/employees"}
PATIENT = dict.fromkeys(("connect_timeout", "response_timeout", "discovery_timeout"), 30)
PYTHON_CALLS = 6  # each takes about 1 % of a raw get of 2 KB
C_CALLS = 10


@pytest.fixture
def handler(cached_api, origin, two_nodes):
    """A worker's handler that has served a hit, so the next one takes the fast path."""
    variables = {"CACHE_ENDPOINT": f"localhost:{two_nodes.port}", "ORIGIN_URL": origin.url}
    handler = cached_api.handler.Handler(variables, FakeTelemetry)
    handler.settings = handler.settings._replace(**PATIENT)
    for _ in range(3):
        assert b'"statusCode":200' in handler(EVENT, None)
    assert handler.telemetry.hits == 2
    return handler


class RecordingSocket:
    """A socket that records which methods are called."""

    def __init__(self, sock):
        self._sock = sock
        self.calls = []

    def __getattr__(self, name):
        self.calls.append(name)
        return getattr(self._sock, name)


def connection_of(handler):
    (connection,) = (each for each in handler.cluster.connections.values() if each.sock is not None)
    return connection


def test_hit_sends_once_and_receives_once(handler):
    connection = connection_of(handler)
    assert connection.sock.gettimeout() is None  # Python polls before each call if a socket has a timeout
    connection.sock = RecordingSocket(connection.sock)
    threads = threading.active_count()
    assert b'"x-cache":"HIT"' in handler(EVENT, None)
    assert connection.sock.calls == ["sendall", "recv_into"]
    assert threading.active_count() == threads
    assert handler.telemetry.hits == 3


def test_hit_makes_few_calls(handler):
    calls: dict[str, list[str]] = {"call": [], "c_call": []}

    def record(frame, event, argument):
        if event in calls:
            calls[event].append(frame.f_code.co_name if event == "call" else argument.__name__)

    sys.setprofile(record)
    try:
        handler(EVENT, None)
    finally:
        sys.setprofile(None)
    assert len(calls["call"]) <= PYTHON_CALLS, calls["call"]
    assert len(calls["c_call"]) <= C_CALLS, calls["c_call"]


def test_hits_have_the_age_of_the_value(new_api, cached_api, monkeypatch):
    now = cached_api.envelope.now_ms()
    monkeypatch.setattr(cached_api.envelope, "now_ms", lambda: now)  # a busy machine takes seconds, too
    api = new_api(ttl=3600, **PATIENT)
    for _ in range(3):
        api.get("/employees")
    ages = []
    for _ in range(3):
        advance_clock(cached_api, monkeypatch, seconds=7)
        ages.append(api.get("/employees").age)
    assert [later - earlier for earlier, later in itertools.pairwise(ages)] == [7, 7]


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_value_of_a_worker_whose_clock_is_ahead_has_the_age_0(new_api, cached_api, monkeypatch, seconds):
    now = cached_api.envelope.now_ms()
    monkeypatch.setattr(cached_api.envelope, "now_ms", lambda: now)
    api = new_api(**PATIENT)
    api.get("/employees")
    advance_clock(cached_api, monkeypatch, -seconds)
    assert [(each.cache, each.age) for each in (api.get("/employees") for _ in range(3))] == [("HIT", 0)] * 3


def test_new_value_is_served_at_once(new_api, origin, cached_api):
    reader, writer = new_api(**PATIENT), new_api(**PATIENT)
    for _ in range(3):
        before = reader.get("/employees")
    key = resource_of(cached_api, "/employees").key
    writer.cluster.run(cached_api.connection.Connection.delete_item, key)
    origin.content = b'{"status": "changed"}'
    assert writer.get("/employees").cache == "MISS"
    after = [reader.get("/employees") for _ in range(3)]
    assert {(each.cache, each.body) for each in after} == {("HIT", '{"status": "changed"}')}
    assert before.body != after[0].body
    writer.cluster.run(cached_api.connection.Connection.delete_item, key)
    assert reader.get("/employees").cache == "MISS"


def test_value_is_refreshed_although_its_hits_are_remembered(new_api, origin, cached_api, monkeypatch):
    api = new_api(ttl=10, **PATIENT)
    for _ in range(3):
        api.get("/employees")
    advance_clock(cached_api, monkeypatch, seconds=10.5)
    assert [api.get("/employees").cache for _ in range(2)] == ["MISS", "HIT"]
    assert origin.calls == {"/employees": 2}


def test_remembered_paths_move_to_an_added_node(new_api, two_nodes, cached_api, monkeypatch):
    third = Memcached()
    try:
        clock = [0.0]
        api = new_api(ttl=3600, clock=lambda: clock[0], **PATIENT)
        paths = [f"/employee/{number}" for number in range(30)]
        assert [[api.get(path).cache for path in paths] for _ in range(3)][-1] == ["HIT"] * 30
        two_nodes.discovery.ports.append(third.port)
        clock[0] += cached_api.discovery.REFRESH_SECONDS
        advance_clock(cached_api, monkeypatch, seconds=cached_api.discovery.REFRESH_SECONDS)
        moved = [path for path in paths if api.get(path).cache == "MISS"]
        assert third.stats()["curr_items"] == len(moved) > 0
        assert api.telemetry.errors == []
    finally:
        third.kill()


def test_memory_for_hits_is_bounded(new_api, cached_api, monkeypatch):
    monkeypatch.setattr(cached_api.hits, "_MAX_PATHS", 4)
    api = new_api(**PATIENT)
    paths = [f"/employee/{number}" for number in range(10)]
    for _ in range(3):
        assert {api.get(path).status for path in paths} == {200}
    assert len(api._api.hits._last) <= 4
