"""A network in the kernel with sockets in its namespaces, for tests with real packets."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

import pytest

from vpcache.lab.network.kernel import Kernel
from vpcache.lab.network.naming import interface_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.network.planner import plan
from vpcache.lab.topology import Topology, Vpc

HOST = "198.51.100.10"
OTHER_HOST = "198.51.100.20"
UNUSED_ADDRESS = "192.0.2.1"  # an address without a host
CACHE_ADDRESS = "10.0.0.150"
TIMEOUT = 10.0  # seconds; long enough for a busy machine
SILENCE = 0.4  # seconds after which a packet is taken to be dropped


def _reason_to_skip() -> str | None:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    attempt = subprocess.run(
        ["unshare", *user, "--net", "--mount", "--pid", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"this machine cannot create namespaces: {attempt.stderr}" if attempt.returncode else None


_REASON = _reason_to_skip()
needs_namespaces = pytest.mark.skipif(_REASON is not None, reason=str(_REASON))


class NetworkHarness:
    """A network in the kernel, and sockets in its namespaces."""

    def __init__(self, *vpcs: Vpc) -> None:
        self.namespaces = Namespaces()
        self.kernel = Kernel(self.namespaces)
        self.apply(*vpcs)

    def apply(
        self, *vpcs: Vpc, isolated: frozenset[str] = frozenset(), down: frozenset[IPv4Address] = frozenset()
    ) -> None:
        """Replace the current network."""
        self.kernel.apply(plan(Topology(vpcs), isolated, down))

    def serve(self, namespace: str, address: str, port: int, name: str = "") -> None:
        """Start a server that sends `name` and the client's address to each client, then echoes."""
        listener = self.namespaces.listen(namespace, address, port)
        threading.Thread(target=_serve, args=(listener, name), daemon=True).start()

    def call(self, namespace: str, address: str, port: int, timeout: float = TIMEOUT) -> str:
        """Return what the server sends on a new connection. Raises TimeoutError."""
        with self.connected(namespace, address, port, timeout) as (_, greeting):
            return greeting

    @contextmanager
    def connected(
        self, namespace: str, address: str, port: int, timeout: float = TIMEOUT
    ) -> Iterator[tuple[socket.socket, str]]:
        with self.namespaces.socket_to(namespace, address) as connection:
            connection.settimeout(timeout)
            connection.connect((address, port))
            yield connection, connection.recv(100).decode()

    def is_silent(self, namespace: str, address: str, port: int) -> bool:
        """Return whether a new connection is neither accepted nor refused."""
        try:
            self.call(namespace, address, port, SILENCE)
        except TimeoutError:
            return True
        return False

    @contextmanager
    def datagrams(self, namespace: str, address: str, port: int = 0) -> Iterator[socket.socket]:
        """Open a UDP socket that is bound to `address` in `namespace`."""
        with self.namespaces.socket(namespace, socket.SOCK_DGRAM) as end:
            end.bind((address, port))
            yield end


def arrives(sender: socket.socket, receiver: socket.socket, to: str = "", timeout: float = TIMEOUT) -> bool:
    """Return whether a datagram from `sender` arrives at `receiver`, sent to its address or to `to`."""
    address, port = receiver.getsockname()
    message = os.urandom(8)
    sender.sendto(message, (to or address, port))
    receiver.settimeout(timeout)
    try:
        while receiver.recv(100) != message:
            pass
    except TimeoutError:
        return False
    return True


def _serve(listener: socket.socket, name: str) -> None:
    while True:
        connection, (peer, *_) = listener.accept()
        connection.sendall(f"{name}{peer}".encode())
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection:
        while message := connection.recv(100):
            connection.sendall(message)


def echoes(connection: socket.socket, message: bytes = b"still there?") -> bool:
    connection.sendall(message)
    return connection.recv(100) == message


def ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


def ns(name: str) -> str:
    """Return the namespace of the interface `eni-<name>`."""
    return interface_namespace(f"eni-{name}")
