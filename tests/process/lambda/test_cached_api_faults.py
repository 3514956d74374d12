"""Faults around the cached API: every call returns a correct response in time, or a clear error."""

from __future__ import annotations

import itertools
import socket
import ssl
import time
from contextlib import suppress

import pytest
import trustme

from bench.rig import Discovery, Memcached
from tests.support.cached_api.cached_reads import Api, resource_of
from tests.support.cached_api.faulty_servers import Server, drip, hang, replies, slow_headers
from vpcache.testing.run import free_port

CANDIDATES = [f"/employee/{number}" for number in range(1000)]
SECONDS_OVER_ORIGIN = 1.0
PATIENT = dict.fromkeys(("connect_timeout", "response_timeout", "discovery_timeout"), 30)
"""Timeouts that a node without a fault meets, also on a busy machine."""
REDIRECT = b"HTTP/1.1 302 Oh\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"


def get(api, path="/employees", origin_seconds=0.0):
    """Call the API and check that the response arrived in time."""
    started = time.monotonic()
    response = api.get(path)
    assert time.monotonic() - started <= origin_seconds + SECONDS_OVER_ORIGIN
    return response


class Clock:
    """A clock that does not advance until a test advances it: a node that is skipped stays skipped."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


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


def owners(cached_api, ports):
    """Return the port of the node of each candidate path, by path."""
    ring = cached_api.ring.Ring([cached_api.discovery.Node("localhost", port, "127.0.0.1") for port in ports])
    keys = {path: resource_of(cached_api, path).key for path in CANDIDATES}
    return {path: ring.node_of(key).port for path, key in keys.items()}


@pytest.fixture
def paths(cached_api, two_nodes):
    """Twelve paths, six for each node, whatever their ports."""
    ports = [node.port for node in two_nodes.nodes]
    by_path = owners(cached_api, ports)
    return [
        path
        for port in ports
        for path in itertools.islice((each for each in CANDIDATES if by_path[each] == port), 6)
    ]


@pytest.fixture
def warm(new_api, paths):
    """A worker that has cached every path, with long timeouts for the nodes."""
    api = new_api(clock=Clock(), **PATIENT)
    for path in paths:
        assert api.get(path).cache == "MISS"  # without a fault there is no time limit
    return api


def use_default_timeouts(cached_api, api, ports):
    """Replace the open connections to the nodes on some ports by open ones with the default timeouts.

    The other nodes keep their long timeouts: they have no fault, but on a busy machine they may be late, and
    a late node is skipped like a failed one.
    """
    default = cached_api.settings.Settings._field_defaults
    timeouts = {name: default[name] for name in ("connect_timeout", "response_timeout")}
    for node, connection in api.cluster.connections.items():
        if node.port in ports:
            connection.close()
            replacement = cached_api.connection.Connection(node, **timeouts)
            api.cluster.connections[node] = replacement
            while replacement.sock is None:
                with suppress(TimeoutError):
                    replacement.read(b"unknown")


@pytest.mark.parametrize("fault", ["kill", "freeze"])
@pytest.mark.parametrize("count", [1, 2])
def test_lost_nodes_fail_no_call(cached_api, warm, two_nodes, fault, count, paths, monkeypatch):
    # a busy machine may need longer for all paths than a value stays on a replacement node
    monkeypatch.setattr(cached_api.cluster, "DISPLACED_SECONDS", 3600)
    lost = two_nodes.nodes[:count]
    use_default_timeouts(cached_api, warm, [node.port for node in lost])
    for node in lost:
        getattr(node, fault)()
    responses = [get(warm, path) for path in paths]
    assert {response.status for response in responses} == {200}
    again = [get(warm, path).cache for path in paths]
    assert set(again) == ({"HIT"} if count == 1 else {"BYPASS"})  # one node replaces the other
    skipped = {error.split()[0] for error in warm.telemetry.errors if "is skipped" in error}
    assert skipped == {f"localhost:{node.port}" for node in lost}


def test_value_on_a_replacement_node_has_a_short_ttl(new_api, two_nodes, cached_api, paths):
    two_nodes.nodes[0].kill()
    api = new_api(clock=Clock(), **PATIENT)
    for path in paths:
        get(api, path)
    are_long = set()
    for path in paths:
        key = resource_of(cached_api, path).key
        (_, flags), _ = api.cluster.run(cached_api.connection.Connection.meta_get, key, b"t")
        are_long.add(int(flags[0][1:]) > cached_api.cluster.DISPLACED_SECONDS)
    assert are_long == {True, False}  # short for the dead node's keys, unchanged for the others


def test_recovered_node_is_used_again(cached_api, origin, two_nodes, paths):
    clock = Clock()
    api = Api(cached_api, origin.url, two_nodes.port, clock=clock, **PATIENT)
    two_nodes.nodes[0].kill()
    for path in paths:
        get(api, path)
    two_nodes.nodes[0].start()
    clock.now += cached_api.cluster.DOWN_SECONDS
    for path in paths:
        assert get(api, path).status == 200
    assert two_nodes.nodes[0].stats()["curr_items"] > 0


def test_restarted_nodes_are_empty_without_errors(warm, two_nodes, paths):
    for node in two_nodes.nodes:
        node.kill()
        node.start()
    assert {get(warm, path).cache for path in paths} == {"MISS"}
    assert {get(warm, path).cache for path in paths} == {"HIT"}
    assert warm.telemetry.errors == []


def test_connections_that_died_are_reopened(warm, paths):
    for connection in warm.cluster.connections.values():
        connection.sock.shutdown(socket.SHUT_RDWR)
    assert {get(warm, path).cache for path in paths} == {"HIT"}
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
        *("hang", "drip", "drip_line", "other_key", "longer", "shorter", "negative", "no_size", "empty_line"),
        *("zeros", "two_lines", "out_of_memory", "bad_chunk", "error", "hangs_up"),
    ],
)
def test_node_that_violates_the_protocol_is_skipped(cached_api, origin, serve, talk):
    discovery = Discovery([serve(talk)])
    try:
        api = Api(cached_api, origin.url, discovery.port)
        assert [get(api).status for _ in range(2)] == [200, 200]
        assert origin.calls == {"/employees": 2}
        assert any("is skipped" in error for error in api.telemetry.errors)
    finally:
        discovery.close()


@pytest.mark.parametrize(
    ("key", "tail"), [(b"v2:/other", b""), (b"v2:/employees", b"x")], ids=["other_key", "longer"]
)
def test_reply_for_another_key_is_never_served(cached_api, origin, serve, key, tail):
    envelope = cached_api.envelope
    body = cached_api.response.prepare(200, "text/plain", b"another's secret")
    value = envelope.pack(envelope.entry(envelope.PLAIN, body, envelope.now_ms(), 60))
    reply = b"VA %d k%b\r\n%b%b\r\n" % (len(value), key, value, tail)
    discovery = Discovery([serve(replies(reply))])
    try:
        response = get(Api(cached_api, origin.url, discovery.port))
        assert (response.status, response.cache) == (200, "BYPASS")
        assert "secret" not in response.body
    finally:
        discovery.close()


@pytest.mark.parametrize("talk", [None, hang, drip(b"C"), replies(b"CONFIG cluster 0 3\r\nabc\r\nEND\r\n")])
def test_without_discovery_the_origin_is_called(cached_api, origin, serve, talk):
    api = Api(cached_api, origin.url, free_port() if talk is None else serve(talk))
    response = get(api)
    assert (response.status, response.cache) == (200, "BYPASS")
    assert any("discovery at" in error for error in api.telemetry.errors)


def test_known_nodes_stay_in_use_when_discovery_fails(cached_api, origin, two_nodes):
    clock = Clock()
    api = Api(cached_api, origin.url, two_nodes.port, clock=clock, **PATIENT)
    get(api)
    two_nodes.discovery.close()
    clock.now += cached_api.discovery.REFRESH_SECONDS
    assert get(api).cache == "HIT"


def test_added_and_removed_nodes_are_discovered(cached_api, origin, two_nodes):
    ports = [node.port for node in two_nodes.nodes]
    third = Memcached()
    try:
        now = owners(cached_api, [*ports, third.port])
        moved = [path for path in CANDIDATES if now[path] == third.port][:4]
        paths = moved + [path for path in CANDIDATES if now[path] != third.port][:8]
        clock = Clock()
        api = Api(cached_api, origin.url, two_nodes.port, clock=clock, **PATIENT)
        for path in paths:
            get(api, path)
        two_nodes.discovery.ports.append(third.port)
        clock.now += cached_api.discovery.REFRESH_SECONDS
        assert [get(api, path).cache for path in paths] == ["MISS"] * 4 + ["HIT"] * 8
        assert third.stats()["curr_items"] == len(moved)
        del two_nodes.discovery.ports[:2]
        clock.now += cached_api.discovery.REFRESH_SECONDS
        for node in two_nodes.nodes:
            node.kill()
        assert {get(api, path).status for path in paths} == {200}
        assert {get(api, path).cache for path in paths} == {"HIT"}
        assert api.telemetry.errors == []
    finally:
        third.kill()


@pytest.mark.parametrize(
    ("talk", "status", "message"),
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
            "exceed Lambda's limit",
        ),
        (replies(b"garbage\r\n\r\n"), 502, "failed: "),
        (lambda connection: connection.recv(10), 502, "failed: "),
        (
            lambda connection: (
                connection.recv(9999) and connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
            ),
            502,
            "failed: ",
        ),
        (None, 502, "failed: "),
    ],
    ids=[
        *("hangs", "slow_headers", "slow_body", "fails", "unavailable", "redirects", "huge", "huge_escaped"),
        *("garbage", "hangs_up", "cut_off", "refuses"),
    ],
)
def test_faulty_origin_is_a_clear_error(new_api, serve, talk, status, message):
    port = free_port() if talk is None else serve(talk)
    api = new_api(url=f"http://127.0.0.1:{port}", origin_limit=1)
    response = get(api, origin_seconds=1)
    assert (response.status, response.cache) == (status, None)
    assert message in response.body


def test_origin_request_has_no_credentials_or_proxy_of_the_environment(new_api, serve, tmp_path, monkeypatch):
    requests = []

    def talk(connection):
        requests.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\n{}")
        connection.close()

    (tmp_path / "netrc").write_text("default login ann password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    api = new_api(url=f"http://127.0.0.1:{serve(talk)}")
    assert [get(api, path).cache for path in ("/employees", "/orders")] == ["MISS", "MISS"]
    assert [request.split(b" ")[:2] for request in requests] == [
        [b"GET", b"/employees"],
        [b"GET", b"/orders"],
    ]
    assert not any(name in request.lower() for request in requests for name in (b"authorization", b"cookie"))


def test_slow_origin_within_the_limit_is_a_miss(new_api, origin):
    origin.delay = 0.8
    assert get(new_api(), origin_seconds=0.8).cache == "MISS"


def test_origin_with_an_untrusted_certificate_is_refused(new_api, serve):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    port = serve(lambda connection: context.wrap_socket(connection, server_side=True).recv(100))
    response = get(new_api(url=f"https://127.0.0.1:{port}"), origin_seconds=1)
    assert response.status == 502
    assert "CERTIFICATE_VERIFY_FAILED" in response.body


def test_cache_replaces_the_origin_until_both_fail(warm, new_api, two_nodes, paths):
    api = new_api(url=f"http://127.0.0.1:{free_port()}")
    assert get(api, paths[0]).cache == "HIT"
    for node in two_nodes.nodes:
        node.kill()
    response = get(api, paths[0], origin_seconds=0.3)  # for two retries
    assert response.status == 502
    assert "failed: " in response.body


def test_lease_of_a_dead_worker_delays_by_at_most_the_limit(new_api, origin, cached_api):
    api = new_api(origin_limit=1)
    key = resource_of(cached_api, "/employees").key
    api.cluster.run(cached_api.lease.take, key, 60, False)  # its holder has died
    response = get(api, origin_seconds=1)
    assert (response.status, response.cache) == (200, "BYPASS")
    assert origin.calls == {"/employees": 1}


def test_no_exception_escapes(cached_api):
    assert b'"statusCode":500' in cached_api.handler.Handler({})({}, None)
