"""Many connections at the same time through the namespaces of a network, and which of them are answered."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from tests.support.network.harness import SILENCE, TIMEOUT
from vpcache.lab.network.netns import Namespaces

_RESEND_SECONDS = 0.3
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True)
class Attempt:
    """A connection or datagram from a source address with a source port to a target address and port."""

    protocol: str  # tcp or udp
    namespace: str
    source: str
    source_port: int
    target: str
    port: int


Listener = tuple[str, str, str, int]
"""Protocol, namespace, address and port of a server."""


def exchange(
    namespaces: Namespaces, listeners: Iterable[Listener], attempts: Iterable[Attempt], expected: int
) -> Mapping[Attempt, str]:
    """Make all attempts, and return for those that were answered the source address that the server saw.

    Waits until `expected` attempts are answered, and then for the time after which a packet is taken to be
    dropped.
    """
    with ExitStack() as stack:
        stop = threading.Event()
        servers = [stack.enter_context(_listen(namespaces, *each)) for each in listeners]
        thread = threading.Thread(target=_serve, args=(servers, stop))
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        clients = {stack.enter_context(_start(namespaces, each)): each for each in attempts}
        return _answers(clients, expected)


def _listen(namespaces: Namespaces, protocol: str, namespace: str, address: str, port: int) -> socket.socket:
    server = namespaces.socket(namespace, _KINDS[protocol])
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    if protocol == "tcp":
        server.listen(128)
    server.setblocking(False)
    return server


def _start(namespaces: Namespaces, attempt: Attempt) -> socket.socket:
    client = namespaces.socket(attempt.namespace, _KINDS[attempt.protocol])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.bind((attempt.source, attempt.source_port))
    client.setblocking(False)
    with suppress(BlockingIOError, OSError):  # no route: the attempt stays unanswered
        client.connect((attempt.target, attempt.port))
    return client


def _serve(servers: Iterable[socket.socket], stop: threading.Event) -> None:
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for server in servers:
            selector.register(server, selectors.EVENT_READ)
        while not stop.is_set():
            for key, _ in selector.select(0.05):
                assert isinstance(key.fileobj, socket.socket)
                with suppress(OSError):
                    if key.fileobj.type is socket.SOCK_DGRAM:
                        _, peer = key.fileobj.recvfrom(100)
                        key.fileobj.sendto(peer[0].encode(), peer)
                    else:
                        connection, peer = key.fileobj.accept()
                        stack.enter_context(connection).sendall(peer[0].encode())


def _answers(clients: Mapping[socket.socket, Attempt], expected: int) -> Mapping[Attempt, str]:
    answers: dict[Attempt, str] = {}
    deadline = time.monotonic() + TIMEOUT
    quiet_until = None
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client, selectors.EVENT_READ)
        resend_at = 0.0
        while (now := time.monotonic()) < (quiet_until or deadline):
            if now >= resend_at and quiet_until is None:  # the first packet may wait for an ARP answer
                _send_datagrams(clients, answers)
                resend_at = now + _RESEND_SECONDS
            for key, _ in selector.select(0.05):
                assert isinstance(key.fileobj, socket.socket)
                attempt = clients[key.fileobj]
                with suppress(OSError):
                    answers[attempt] = key.fileobj.recv(100).decode()
                selector.unregister(key.fileobj)
            if quiet_until is None and len(answers) >= expected:
                quiet_until = time.monotonic() + SILENCE
    return answers


def _send_datagrams(clients: Mapping[socket.socket, Attempt], answers: Mapping[Attempt, str]) -> None:
    for client, attempt in clients.items():
        if attempt.protocol == "udp" and attempt not in answers:
            with suppress(OSError):
                client.send(b"?")
