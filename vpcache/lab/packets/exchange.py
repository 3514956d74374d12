"""Many attempts at the same time through the namespaces of a network, and which of them are answered.

Packets that are dropped cost one timeout together. Where no server listens, a socket is bound for the time of
the exchange; a server of TCP that listens already gets the connection itself.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from vpcache.lab.addresses import IpAddress
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.packets.attempts import Attempt, Outcome, Server
from vpcache.lab.packets.messages import Connection, packet, reply_content, request_content, tcp_clients
from vpcache.lab.packets.sockets import listen, start

SILENCE = 1.3  # seconds after which a packet is taken to be dropped: TCP repeats its first one after 1 s
_TIMEOUT = 10.0  # seconds for the expected answers; long enough for a busy machine
_RESEND_SECONDS = 0.3  # of datagrams: the first packet may wait for an ARP answer
_AT_ONCE = 500  # attempts, so that the descriptors stay below the usual limit of 1,024
_LARGEST = 1500  # bytes of a packet
_TABLES = ("tcp", "tcp6")  # of the kernel's connections, below /proc/thread-self/net


def exchange(
    namespaces: Namespaces, attempts: Sequence[Attempt], *, silence: float = SILENCE
) -> list[Outcome]:
    """Make all attempts, and return the outcome of each.

    Waits until the expected ones are answered, at most 10 s, and then `silence` seconds for the others. All
    sockets are closed at the end.
    """
    outcomes = []
    for first in range(0, len(attempts), _AT_ONCE):
        with ExitStack() as stack:
            part = _Exchange(namespaces, attempts[first : first + _AT_ONCE], stack)
            part.wait(silence)
            outcomes += part.outcomes()
    return outcomes


class _Exchange:
    """Attempts that are made together; each has a number."""

    def __init__(self, namespaces: Namespaces, attempts: Sequence[Attempt], stack: ExitStack) -> None:
        self._namespaces = namespaces
        self._attempts = attempts
        self._stack = stack
        self._selector = stack.enter_context(selectors.DefaultSelector())
        self._tokens = [os.urandom(8) for _ in attempts]  # the contents of datagrams
        self._peers: dict[bytes, IpAddress] = {}  # by token, as servers of datagrams see them
        self._answered: set[int] = set()
        self._problems = self._listen()
        self._clients = self._start()

    def wait(self, silence: float) -> None:
        """Send and receive until the expected answers are there or late, and for `silence` seconds more."""
        expected = {number for number in self._clients if self._attempts[number].is_expected}
        end, is_late, resend_at = time.monotonic() + _TIMEOUT, False, 0.0
        while (now := time.monotonic()) < end:
            if now >= resend_at:
                self._send_datagrams()
                resend_at = now + _RESEND_SECONDS
            for key, _ in self._selector.select(0.05):
                with suppress(OSError):  # of one attempt, which stays unanswered
                    key.data()
            if not is_late and expected <= self._answered:
                end, is_late = time.monotonic() + silence, True

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes of all attempts."""
        return list(map(self._outcome, range(len(self._attempts)), self._seen()))

    def _listen(self) -> dict[int, str]:
        """Listen for all attempts; return the problems of those whose server is not available."""
        problems: dict[tuple[Server, str, int], str] = {}
        for attempt in self._attempts:
            for server in attempt.servers:
                key = (server, attempt.protocol, attempt.port)
                if key not in problems:
                    problems[key] = self._listen_at(*key)
        return {
            number: text
            for number, attempt in enumerate(self._attempts)
            for server in attempt.servers
            if (text := problems[server, attempt.protocol, attempt.port])
        }

    def _listen_at(self, server: Server, protocol: str, port: int) -> str:
        try:
            listener = listen(self._namespaces, server, protocol, port)
        except OSError as error:
            where = f"{protocol} {port}".removesuffix(" 0")
            return f"cannot listen on {where} at {server.address} in {server.namespace}: {error.strerror}"
        if listener is not None:
            self._stack.enter_context(listener)
            if protocol != "tcp":
                serve = partial(self._serve_datagram, listener, protocol)
                self._selector.register(listener, selectors.EVENT_READ, serve)
        return ""

    def _start(self) -> dict[int, socket.socket]:
        """Return the sockets of all attempts without problem, connected or connecting."""
        clients = {}
        for number, attempt in enumerate(self._attempts):
            if number in self._problems:
                continue
            try:
                client = self._stack.enter_context(start(self._namespaces, attempt))
            except OSError as error:
                where = f"{attempt.source} in {attempt.namespace}"
                self._problems[number] = f"cannot send from {where}: {error.strerror}"
                continue
            clients[number] = client
            event = selectors.EVENT_WRITE if attempt.protocol == "tcp" else selectors.EVENT_READ
            self._selector.register(client, event, partial(self._receive, client, number))
        return clients

    def _send_datagrams(self) -> None:
        for number, client in self._clients.items():
            protocol = self._attempts[number].protocol
            if protocol != "tcp" and number not in self._answered:
                with suppress(OSError):  # no route: the attempt stays unanswered
                    client.send(packet(protocol, self._tokens[number]))

    def _serve_datagram(self, listener: socket.socket, protocol: str) -> None:
        received, peer = listener.recvfrom(_LARGEST)
        content = request_content(protocol, received)
        if content in self._tokens:
            self._peers[content] = ip_address(peer[0])
            if protocol == "udp":  # the kernel answers echo requests
                listener.sendto(content, peer)

    def _receive(self, client: socket.socket, number: int) -> None:
        protocol = self._attempts[number].protocol
        if protocol == "tcp":
            self._selector.unregister(client)
            client.getpeername()  # raises OSError if the connection failed, or had no route
            self._answered.add(number)
        elif reply_content(protocol, client.recv(_LARGEST)) == self._tokens[number]:
            self._answered.add(number)

    def _seen(self) -> list[IpAddress | None]:
        """Return the source address of each attempt, as its server sees it."""
        namespaces = {
            server.namespace
            for number in self._clients
            if self._attempts[number].protocol == "tcp"
            for server in self._attempts[number].servers
        }
        connections = {name: tcp_clients(self._namespaces.run(name, _tcp_lines)) for name in namespaces}
        return [
            self._peers.get(token) or self._tcp_peer(number, connections)
            for number, token in enumerate(self._tokens)
        ]

    def _tcp_peer(
        self, number: int, connections: Mapping[str, Mapping[Connection, IpAddress]]
    ) -> IpAddress | None:
        attempt = self._attempts[number]
        if number not in self._clients or attempt.protocol != "tcp":
            return None
        port = _port(self._clients[number])
        found = (
            connections[server.namespace].get((server.address, attempt.port, port))
            for server in attempt.servers
        )
        return next((address for address in found if address is not None), None)

    def _outcome(self, number: int, seen_as: IpAddress | None) -> Outcome:
        client = self._clients.get(number)
        return Outcome(
            is_answered=number in self._answered,
            source_port=_port(client) if client else 0,
            seen_as=seen_as,
            problem=self._problems.get(number, ""),
        )


def _port(end: socket.socket) -> int:
    return int(end.getsockname()[1])


def _tcp_lines() -> Iterable[str]:
    tables = (Path("/proc/thread-self/net", name) for name in _TABLES)
    return [line for table in tables if table.exists() for line in table.read_text().splitlines()]
