"""Serverless caches: endpoints over TLS in several interfaces, with a real memcached process."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.support.network.cluster import DISCOVER, store
from tests.support.network.isolation import add_namespace, command_lines, isolated
from vpcache.lab.memcached.serverless import ServerlessCaches
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.topology import ServerlessCache

WORK = Path("/run")  # an isolated body has its own
CACHE = ServerlessCache(
    name="kv",
    region="us-east-1",
    hostname="kv-0ab.serverless.use1.cache.amazonaws.com",
    ports=(11211, 11212),
    endpoints=(("eni-1", IPv4Address("10.0.0.1")), ("eni-2", IPv4Address("10.0.0.2"))),
    memory_mb=64,
)


class Harness:
    """The namespaces of two interfaces, and the caches in them."""

    def __init__(self) -> None:
        for interface_id, address in CACHE.endpoints:
            add_namespace(interface_id, str(address))
        self.namespaces = Namespaces()
        self.authority = Authority("lab")
        self.authority.write(WORK / "ca.pem")
        self.caches = ServerlessCaches(self.namespaces, str, self.authority, WORK)

    def plain(self, endpoint: int, port: int = 11211) -> socket.socket:
        interface_id, address = CACHE.endpoints[endpoint]
        connection = self.namespaces.socket(interface_id)
        connection.settimeout(10)
        connection.connect((str(address), port))
        return connection

    def connect(self, endpoint: int, port: int = 11211) -> ssl.SSLSocket:
        trust = ssl.create_default_context(cafile=str(WORK / "ca.pem"))
        return trust.wrap_socket(
            self.plain(endpoint, port), server_hostname=CACHE.hostname, suppress_ragged_eofs=False
        )

    def send(self, endpoint: int, commands: bytes, port: int = 11211) -> bytes:
        with self.connect(endpoint, port) as connection:
            connection.sendall(commands + b"quit\r\n")
            return receive(connection)


def receive(connection: socket.socket) -> bytes:
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


def processes() -> list[int]:
    return [pid for pid, line in command_lines().items() if line.startswith(b"memcached\0")]


@isolated
def test_all_endpoints_of_a_cache_have_the_same_items_over_tls() -> None:
    harness = Harness()
    harness.caches.reconcile([CACHE])
    value = bytes(range(256)) * 3600
    assert harness.send(0, store(b"big", value)) == b"STORED\r\n"
    assert harness.send(1, b"get big\r\n") == b"VALUE big 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    assert harness.send(1, b"mn\r\n", port=11212) == b"MN\r\n"
    assert harness.send(0, DISCOVER) == b"ERROR\r\n"
    with harness.plain(0) as plain:
        plain.sendall(b"version\r\n")
        try:
            answer = receive(plain)
        except ConnectionResetError:
            answer = b""
        assert b"VERSION" not in answer


@isolated
def test_commands_that_serverless_caches_lack_are_errors() -> None:
    harness = Harness()
    harness.caches.reconcile([CACHE])
    rejected = [
        b"stats settings",
        b"lru_crawler crawl all",
        b"lru mode flat",
        b"watch",
        b"verbosity 2",
        b"me k",
    ]
    for command in rejected:
        assert harness.send(0, command + b"\r\n") == b"ERROR\r\n", command
    assert harness.send(0, b"flush_all 5\r\n").startswith(b"CLIENT_ERROR ")
    assert harness.send(0, b"flush_all\r\nstats reset\r\n") == b"OK\r\nRESET\r\n"
    value = b"lru mode flat\r\nwatch\r\n"
    assert harness.send(0, store(b"k", value) + b"get k\r\n").endswith(value + b"\r\nEND\r\n")
    assert b"STAT pid " in harness.send(0, b"stats\r\n")


@isolated
def test_new_memory_limit_keeps_items_and_connections() -> None:
    harness = Harness()
    harness.caches.reconcile([CACHE])
    (before,) = processes()
    with harness.connect(0) as connection:
        connection.sendall(store(b"k", b"v"))
        assert connection.recv(100) == b"STORED\r\n"
        harness.caches.reconcile([replace(CACHE, memory_mb=128)])
        connection.sendall(b"get k\r\nstats\r\nquit\r\n")
        answer = receive(connection)
    assert answer.startswith(b"VALUE k 0 1\r\nv\r\n")
    assert b"STAT limit_maxbytes %d\r\n" % (128 * 1024 * 1024) in answer
    assert processes() == [before]


@isolated
def test_serverless_cache_ends_with_its_description() -> None:
    harness = Harness()
    harness.caches.reconcile([CACHE])
    assert harness.caches.running() == {"us-east-1/kv"}
    (first,) = processes()
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert harness.caches.running() == set()
    harness.caches.reconcile([CACHE])
    assert harness.send(0, b"mn\r\n") == b"MN\r\n"
    harness.caches.close()
    assert processes() == []
    with pytest.raises(ConnectionRefusedError):
        harness.plain(1)
