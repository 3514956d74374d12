"""What goes wrong around the cached API: every call answers correctly in time, or says clearly why not."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from contextlib import suppress

import pytest
import trustme

from bench.rig import Discovery, Memcached
from tests.support.cached_reads import Api
from vpcache.testing.run import free_port

PATHS = [f"/employee/{number}" for number in range(12)]
SECONDS_OVER_ORIGIN = 1.0
REDIRECT = b"HTTP/1.1 302 Oh\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"


def get(api, path="/employees", origin_seconds=0.0):
    """Ask, and check that the answer came in time."""
    started = time.monotonic()
    answer = api.get(path)
    assert time.monotonic() - started <= origin_seconds + SECONDS_OVER_ORIGIN
    return answer


class Clock:
    """The time that passes, and what the test adds to it."""

    def __init__(self):
        self.added = 0.0

    def __call__(self):
        return time.monotonic() + self.added


class Server:
    """Gives each connection on a port of 127.0.0.1 to `talk`, in a thread of its own."""

    def __init__(self, talk):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with suppress(OSError):  # the client has had enough
                    talk(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.port = self._server.server_address[1]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve():
    """Start servers that end with the test."""
    servers = []

    def start(talk):
        servers.append(Server(talk))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


def replies(data):
    """Answer whatever comes with the same bytes."""

    def talk(connection):
        while connection.recv(65536):
            connection.sendall(data)

    return talk


def drip(data):
    """Answer a byte at a time, each well before any time-out of a single receive."""

    def talk(connection):
        connection.recv(65536)
        while True:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)

    return talk


def hang(connection):
    """Take everything and say nothing."""
    while connection.recv(65536):
        pass


@pytest.fixture
def warm(new_api):
    """A worker that has cached every path."""
    api = new_api()
    for path in PATHS:
        assert api.get(path).cache == "MISS"  # nothing is wrong yet, so nothing is due in time
    return api


@pytest.mark.parametrize("fault", ["kill", "freeze"])
@pytest.mark.parametrize("count", [1, 2])
def test_lost_nodes_fail_no_call(warm, two_nodes, fault, count):
    for node in two_nodes.nodes[:count]:
        getattr(node, fault)()
    answers = [get(warm, path) for path in PATHS]
    assert {answer.status for answer in answers} == {200}
    again = [get(warm, path).cache for path in PATHS]
    assert set(again) == ({"HIT"} if count == 1 else {"BYPASS"})  # one node stands in for the other
    assert any("left alone" in error for error in warm.telemetry.errors)


def test_a_value_on_a_stand_in_lives_shortly(new_api, two_nodes, cached_api):
    two_nodes.nodes[0].kill()
    api = new_api()
    for path in PATHS:
        get(api, path)
    lives = set()
    for path in PATHS:
        key = cached_api.event.resource_of({"path": path}).key
        (_, flags), _ = api.cache.run(cached_api.connection.Connection.ask, key, b"t")
        lives.add(int(flags[0][1:]) > cached_api.cache.DISPLACED_SECONDS)
    assert lives == {True, False}  # the dead node's keys shortly, the others for as long as ever


def test_a_node_comes_back_into_use(cached_api, origin, two_nodes):
    clock = Clock()
    api = Api(cached_api, origin.url, two_nodes.port, clock=clock)
    two_nodes.nodes[0].kill()
    for path in PATHS:
        get(api, path)
    two_nodes.nodes[0].start()
    clock.added += cached_api.cache.DOWN_SECONDS
    for path in PATHS:
        assert get(api, path).status == 200
    assert two_nodes.nodes[0].stats()["curr_items"] > 0


def test_restarted_nodes_are_empty_and_nothing_more(warm, two_nodes):
    for node in two_nodes.nodes:
        node.kill()
        node.start()
    assert {get(warm, path).cache for path in PATHS} == {"MISS"}
    assert {get(warm, path).cache for path in PATHS} == {"HIT"}
    assert warm.telemetry.errors == []


def test_sockets_that_died_in_a_freeze_are_opened_again(warm):
    for connection in warm.cache._connections.values():
        connection.sock.shutdown(socket.SHUT_RDWR)
    assert {get(warm, path).cache for path in PATHS} == {"HIT"}
    assert warm.telemetry.errors == []


@pytest.mark.parametrize(
    "talk",
    [
        hang,
        drip(b"VA 2000 kv2:/employees\r\n" + b"x" * 5000),
        drip(b"x"),
        replies(b"VA 5 kv2:/other\r\nabcde\r\n"),
        replies(b"VA 5 kv2:/employees\r\nabcdefgh\r\n"),
        replies(b"VA 99999999 kv2:/employees\r\nab\r\n"),
        replies(b"VA -1 k\r\n"),
        replies(b"VA\r\n"),
        replies(b"\r\n"),
        replies(b"\0" * 3000),
        replies(b"HD\r\nHD\r\n"),
        replies(b"SERVER_ERROR out of memory reading request\r\n"),
        replies(b"CLIENT_ERROR bad data chunk\r\n"),
        replies(b"ERROR\r\n"),
        lambda connection: connection.recv(10),
    ],
    ids=[
        *("hang", "drip", "drip_line", "other_key", "longer", "shorter", "negative", "no_size", "no_words"),
        *("zeros", "two_lines", "out_of_memory", "bad_chunk", "error", "hangs_up"),
    ],
)
def test_a_node_that_talks_nonsense_is_done_without(cached_api, origin, serve, talk):
    discovery = Discovery([serve(talk)])
    try:
        api = Api(cached_api, origin.url, discovery.port)
        assert [get(api).status for _ in range(2)] == [200, 200]
        assert origin.calls == {"/employees": 2}
        assert any("left alone" in error for error in api.telemetry.errors)
    finally:
        discovery.close()


@pytest.mark.parametrize(
    ("key", "tail"), [(b"v2:/other", b""), (b"v2:/employees", b"x")], ids=["other_key", "longer"]
)
def test_an_answer_out_of_step_is_never_served(cached_api, origin, serve, key, tail):
    envelope = cached_api.envelope
    body = cached_api.answer.body_of(200, "text/plain", b"another's secret")
    value = envelope.pack(envelope.entry(envelope.PLAIN, body, envelope.now_ms(), 60))
    reply = b"VA %d k%b\r\n%b%b\r\n" % (len(value), key, value, tail)
    discovery = Discovery([serve(replies(reply))])
    try:
        answer = get(Api(cached_api, origin.url, discovery.port))
        assert (answer.status, answer.cache) == (200, "BYPASS")
        assert "secret" not in answer.body
    finally:
        discovery.close()


@pytest.mark.parametrize("talk", [None, hang, drip(b"C"), replies(b"CONFIG cluster 0 3\r\nabc\r\nEND\r\n")])
def test_without_discovery_the_origin_answers(cached_api, origin, serve, talk):
    api = Api(cached_api, origin.url, free_port() if talk is None else serve(talk))
    answer = get(api)
    assert (answer.status, answer.cache) == (200, "BYPASS")
    assert any("discovery at" in error for error in api.telemetry.errors)


def test_the_nodes_known_serve_on_when_discovery_dies(cached_api, origin, two_nodes):
    clock = Clock()
    api = Api(cached_api, origin.url, two_nodes.port, clock=clock)
    get(api)
    two_nodes.discovery.close()
    clock.added += cached_api.discovery.REFRESH_SECONDS
    assert get(api).cache == "HIT"


def test_nodes_come_and_go(cached_api, origin, two_nodes):
    clock = Clock()
    api = Api(cached_api, origin.url, two_nodes.port, clock=clock)
    for path in PATHS:
        get(api, path)
    third = Memcached()
    try:
        two_nodes.discovery.ports.append(third.port)
        clock.added += cached_api.discovery.REFRESH_SECONDS
        states = [get(api, path).cache for path in PATHS]
        assert set(states) == {"HIT", "MISS"}  # a part of the keys moves to the new node
        assert states.count("HIT") >= len(PATHS) // 3
        assert third.stats()["curr_items"] == states.count("MISS")
        del two_nodes.discovery.ports[:2]
        clock.added += cached_api.discovery.REFRESH_SECONDS
        for node in two_nodes.nodes:
            node.kill()
        assert {get(api, path).status for path in PATHS} == {200}
        assert {get(api, path).cache for path in PATHS} == {"HIT"}
        assert api.telemetry.errors == []
    finally:
        third.kill()


def slow_headers(connection):
    connection.recv(65536)
    drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500)(connection)


@pytest.mark.parametrize(
    ("talk", "status", "words"),
    [
        (hang, 504, "did not answer within 1 s"),
        (slow_headers, 504, "did not answer within 1 s"),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 500), 504, "did not answer"),
        (replies(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"), 502, "answered 500"),
        (replies(b"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n"), 502, "answered 503"),
        (replies(REDIRECT), 502, "answered 302"),
        (replies(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 6_000_000), 502, "more than"),
        (
            replies(b"HTTP/1.1 200 OK\r\nContent-Length: 4500000\r\n\r\n" + b'"' * 4_500_000),
            502,
            "Lambda takes",
        ),
        (replies(b"garbage\r\n\r\n"), 502, "cannot be had"),
        (lambda connection: connection.recv(10), 502, "cannot be had"),
        (
            lambda connection: (
                connection.recv(9999) and connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
            ),
            502,
            "cannot be had",
        ),
        (None, 502, "cannot be had"),
    ],
    ids=[
        *("hangs", "slow_headers", "slow_body", "fails", "unavailable", "redirects", "huge", "huge_escaped"),
        *("garbage", "hangs_up", "cut_off", "refuses"),
    ],
)
def test_a_faulty_origin_is_a_clear_error(new_api, serve, talk, status, words):
    port = free_port() if talk is None else serve(talk)
    api = new_api(url=f"http://127.0.0.1:{port}", origin_limit=1)
    answer = get(api, origin_seconds=1)
    assert (answer.status, answer.cache) == (status, None)
    assert words in answer.body


def test_a_slow_origin_is_waited_for(new_api, origin):
    origin.delay = 0.8
    assert get(new_api(), origin_seconds=0.8).cache == "MISS"


def test_an_origin_without_a_good_certificate_is_refused(new_api, serve):
    authority = trustme.CA()
    context = trustme.ssl.SSLContext(trustme.ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    port = serve(lambda connection: context.wrap_socket(connection, server_side=True).recv(100))
    answer = get(new_api(url=f"https://127.0.0.1:{port}"), origin_seconds=1)
    assert answer.status == 502
    assert "CERTIFICATE_VERIFY_FAILED" in answer.body


def test_without_an_origin_the_cache_answers_and_without_both_an_error(warm, new_api, two_nodes):
    api = new_api(url=f"http://127.0.0.1:{free_port()}")
    assert get(api, PATHS[0]).cache == "HIT"
    for node in two_nodes.nodes:
        node.kill()
    answer = get(api, PATHS[0], origin_seconds=0.3)  # two retries
    assert answer.status == 502
    assert "cannot be had" in answer.body


def test_a_worker_that_died_while_it_fetched_is_not_waited_for_longer_than_the_limit(
    new_api, origin, cached_api
):
    api = new_api(origin_limit=1)
    key = cached_api.event.resource_of({"path": "/employees"}).key
    api.cache.run(cached_api.lease.take, key, 60, False)  # its owner never comes back
    answer = get(api, origin_seconds=1)
    assert (answer.status, answer.cache) == (200, "BYPASS")
    assert origin.calls == {"/employees": 1}


def test_no_exception_escapes(cached_api, monkeypatch):
    monkeypatch.delenv("ORIGIN_URL", raising=False)
    cached_api.handler._api.cache_clear()
    assert b'"statusCode":500' in cached_api.handler.handler({}, None)
