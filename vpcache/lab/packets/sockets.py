"""The sockets of servers and of attempts, in their network namespaces."""

from __future__ import annotations

import errno
import socket
import struct
from contextlib import suppress
from random import SystemRandom

from vpcache.lab.addresses import IpAddress
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.packets.attempts import Attempt, Server

_KINDS = {
    "tcp": (socket.SOCK_STREAM, 0),
    "udp": (socket.SOCK_DGRAM, 0),
    "icmp": (socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "icmpv6": (socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
}
_BACKLOG = 4096  # connections that nobody accepts
_PORT_TRIES = 20
_RESET = struct.pack("ii", 1, 0)  # closing the socket resets the connection, and leaves nothing behind
_random = SystemRandom()


def listen(namespaces: Namespaces, server: Server, protocol: str, port: int) -> socket.socket | None:
    """Return a bound socket at a server's address, or None if another program serves TCP at the port.

    Connections are established without being accepted. Raises OSError, for another program's UDP port too.
    """
    listener = _open(namespaces, server.namespace, protocol, server.address)
    try:
        if protocol == "tcp":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(server.address), port))
        if protocol == "tcp":
            listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if protocol == "tcp" and error.errno == errno.EADDRINUSE:
            return None
        raise
    return listener


def start(namespaces: Namespaces, attempt: Attempt) -> socket.socket:
    """Return the client's socket of an attempt, connected or, for TCP, connecting. Raises OSError.

    Without a route it is not connected, so that the attempt stays unanswered.
    """
    client = _open(namespaces, attempt.namespace, attempt.protocol, attempt.source)
    try:
        _bind(client, attempt)
    except OSError:
        client.close()
        raise
    with suppress(OSError):  # that the connection is not established yet is an error, too
        client.connect((str(attempt.target), attempt.port))
    return client


def _bind(client: socket.socket, attempt: Attempt) -> None:
    if attempt.protocol == "tcp":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    elif attempt.protocol != "udp":
        client.bind((str(attempt.source), 0))
        return
    for tries_left in reversed(range(_PORT_TRIES)):
        try:
            client.bind((str(attempt.source), _random.randint(*attempt.source_ports)))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or not tries_left:
                raise
        else:
            return


def _open(namespaces: Namespaces, namespace: str, protocol: str, address: IpAddress) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    opened = namespaces.run(namespace, lambda: socket.socket(family, *_KINDS[protocol]))
    opened.setblocking(False)
    return opened
