"""The cached API against real memcached processes and a real HTTP server, all on 127.0.0.1."""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import subprocess
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HOSTILE_PATHS = [
    "",
    "employees",
    "//evil.example/x",
    "/../admin",
    "/a/../b",
    "/a/./b",
    "/.hidden",
    "http://evil.example/",
    "https://evil.example",
    "/a b",
    "/a\r\nX: y",
    "/a\n",
    "/a?b=c",
    "/a#b",
    "/a%2e%2e/b",
    "/a\\b",
    "/@evil.example",
    "/a:80",
    "/ä",
    "/a\0b",
    "/",
    "/a/",
    "/a//b",
    "/;x",
    "/a'b",
    '/a"b',
    "/<a>",
    "/" + "a" * 2000,
    None,
    7,
    ["/a"],
    {"path": "/a"},
]


class OriginServer:
    """Counts calls; the status to answer with is settable."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.status = 200
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.calls[self.path] += 1
                body = f"body of {self.path}".encode()
                self.send_response(owner.status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def origin_server():
    server = OriginServer()
    yield server
    server.server.shutdown()
    server.server.server_close()


class Memcached:
    """A real memcached on a port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.process = subprocess.Popen(
            ["memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "8", "-t", "1"]
        )
        while True:
            assert self.process.poll() is None, "memcached did not start"
            try:
                socket.create_connection(("127.0.0.1", port), 0.1).close()
                return
            except OSError:
                continue

    def end(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def nodes():
    running = [Memcached(free_port()) for _ in range(2)]
    yield running
    for node in running:
        node.end()


@pytest.fixture
def discovery_server(nodes):
    """A configuration endpoint that names both nodes."""
    listed = " ".join(f"localhost|127.0.0.1|{node.port}" for node in nodes).encode()
    body = b"1\n" + listed + b"\n"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            assert self.request.recv(100) == b"config get cluster\r\n"
            self.request.sendall(b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(body), body))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def api(cached_api, origin_server, discovery_server):
    return make_api(cached_api, origin_server.url, discovery_server)


def make_api(cached_api, url, port, clock=None):
    endpoint = cached_api.discovery.Node("127.0.0.1", port)
    cache = cached_api.cache.Cache(endpoint, clock or Clock())
    return cached_api.handler.CachedApi(cache, cached_api.origin.Origin(url), 60)


def state(answer):
    return answer["headers"]["x-cache"]


def test_first_call_is_a_miss_second_a_hit_and_the_origin_is_called_once(api, origin_server):
    first, second = api.answer("/employees"), api.answer("/employees")
    assert (state(first), state(second)) == ("MISS", "HIT")
    assert first["body"] == second["body"] == "body of /api/employees"
    assert (
        first["headers"]["content-type"] == second["headers"]["content-type"] == "text/plain; charset=utf-8"
    )
    assert origin_server.calls == {"/api/employees": 1}


def test_keys_land_on_both_nodes(api, nodes):
    for number in range(40):
        api.answer(f"/employee/{number}")
    for node in nodes:
        with socket.create_connection(("127.0.0.1", node.port)) as connection:
            connection.sendall(b"stats\r\nquit\r\n")
            stats = connection.makefile().read()
        assert "STAT curr_items 0\n" not in stats


def test_a_dead_node_fails_no_request(api, nodes, origin_server):
    paths = [f"/employee/{number}" for number in range(20)]
    for path in paths:
        api.answer(path)
    nodes[0].end()
    answers = [api.answer(path) for path in paths]
    assert {answer["statusCode"] for answer in answers} == {200}
    assert {state(answer) for answer in answers} == {"HIT", "BYPASS"}


def test_a_connection_that_died_is_opened_once_more(api, nodes):
    api.answer("/employees")
    for node in nodes:
        node.end()
    revived = [Memcached(node.port) for node in nodes]
    try:
        assert state(api.answer("/employees")) == "MISS"  # empty, but not an error
        assert state(api.answer("/employees")) == "HIT"
    finally:
        for node in revived:
            node.end()


def test_both_nodes_and_discovery_dead_fail_no_request(cached_api, origin_server):
    answer = make_api(cached_api, origin_server.url, free_port()).answer("/employees")
    assert (answer["statusCode"], state(answer)) == (200, "BYPASS")


def test_a_server_without_discovery_is_a_cluster_of_one(cached_api, origin_server, nodes):
    api = make_api(cached_api, origin_server.url, nodes[0].port)
    assert [state(api.answer("/employees")) for _ in range(2)] == ["MISS", "HIT"]


def test_nodes_known_serve_on_when_discovery_dies(cached_api, origin_server, discovery_server, nodes):
    clock = Clock()
    api = make_api(cached_api, origin_server.url, discovery_server, clock)
    api.answer("/employees")
    api._cache._endpoint = cached_api.discovery.Node("127.0.0.1", free_port())
    clock.now += cached_api.discovery.REFRESH_SECONDS
    assert state(api.answer("/employees")) == "HIT"


@pytest.mark.parametrize(("status", "answered"), [(404, 404), (500, 502), (503, 502)])
def test_no_failure_is_stored(api, cached_api, origin_server, status, answered):
    origin_server.status = status
    if answered == 502:
        with pytest.raises(cached_api.origin.OriginError) as caught:
            api.answer("/employees")
        assert caught.value.status == 502
    else:
        assert api.answer("/employees")["statusCode"] == answered
    origin_server.status = 200
    assert state(api.answer("/employees")) == "MISS"


def test_an_origin_that_refuses_is_a_502(cached_api, discovery_server):
    api = make_api(cached_api, f"http://127.0.0.1:{free_port()}", discovery_server)
    with pytest.raises(cached_api.origin.OriginError) as caught:
        api.answer("/employees")
    assert caught.value.status == 502


def test_an_origin_that_hangs_is_a_504(cached_api, discovery_server, monkeypatch):
    monkeypatch.setattr(cached_api.origin, "READ_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = make_api(cached_api, f"http://127.0.0.1:{silent.getsockname()[1]}", discovery_server)
        with pytest.raises(cached_api.origin.OriginError) as caught:
            api.answer("/employees")
    assert caught.value.status == 504


@pytest.mark.parametrize("path", HOSTILE_PATHS, ids=repr)
def test_a_hostile_path_is_refused_without_a_fetch(cached_api, path):
    # no environment is set: whoever went on to the cache or the origin would raise KeyError
    assert cached_api.handler.handler({"path": path}, None)["statusCode"] == 400


def test_long_paths_have_short_keys_of_their_own(cached_api):
    keys = {cached_api.handler.key_of("/" + "a" * length) for length in range(150, 400)}
    assert len(keys) == 250
    assert max(map(len, keys)) <= 250
