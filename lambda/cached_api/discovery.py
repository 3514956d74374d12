"""ElastiCache auto discovery: which nodes a cluster has now.

The protocol: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoDiscovery.AddingToYourClientLibrary.html
"""

import socket
import time
from typing import NamedTuple  # a frozen dataclass costs three times the time at a cold start

REFRESH_SECONDS = 60.0  # AWS's own client asks once a minute
MAX_REPLY_BYTES = 64 * 1024  # a cluster has 60 nodes at most, a node some 200 bytes
_COMMAND = b"config get cluster\r\n"


class Node(NamedTuple):
    """Where one cache node listens: its name, and the address that spares a look-up of it, if known."""

    host: str
    port: int
    ip: str = ""

    @property
    def address(self):
        """What to connect to where nobody asks for the name."""
        return self.ip or self.host


class Cluster(NamedTuple):
    """The nodes in force, sorted; `version` grows with every change."""

    version: int
    nodes: tuple[Node, ...]


class DiscoveryError(Exception):
    """A reply is not what the protocol allows."""


def parse(reply):
    """Return the Cluster that a whole reply to `config get cluster` tells of. Raises DiscoveryError."""
    header, _, rest = reply.partition(b"\r\n")
    words = header.split()
    if words[:3] != [b"CONFIG", b"cluster", b"0"] or len(words) != 4 or not words[3].isdigit():
        raise DiscoveryError(f"not a configuration: {reply[:40]!r}")
    length = int(words[3])
    body, tail = rest[:length], rest[length:]
    if len(body) != length or tail != b"\r\nEND\r\n":
        raise DiscoveryError(f"cut off or overlong: {reply[-40:]!r}")
    version, _, listed = body.partition(b"\n")
    if not version.strip().isdigit():
        raise DiscoveryError(f"no version: {version[:40]!r}")
    nodes = tuple(sorted({_node(entry) for entry in listed.split()}))
    if not nodes:
        raise DiscoveryError("no nodes")
    return Cluster(int(version), nodes)


def ask(endpoint, timeout, tls=None):
    """Return the Cluster behind a configuration endpoint (a Node); `timeout` is in seconds, for all of it.

    `tls` is an ssl.SSLContext where the endpoint speaks TLS. A server that does not know the command is a
    cluster of one. Raises OSError if none answers in time, DiscoveryError if the answer makes no sense.
    """
    reply = _exchange(endpoint, timeout, tls)
    if reply.startswith((b"ERROR", b"CLIENT_ERROR")):
        return Cluster(0, (endpoint,))
    return parse(reply)


def _exchange(endpoint, timeout, tls):
    # not pymemcache's raw_command: it loses what came before a segment's last chunk
    deadline = time.monotonic() + timeout
    reply = b""
    with _connect(endpoint, timeout, tls) as connection:
        connection.sendall(_COMMAND)
        while not reply.endswith(b"END\r\n") and not (b"ERROR" in reply[:12] and reply.endswith(b"\r\n")):
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            part = connection.recv(4096)
            if not part or len(reply) > MAX_REPLY_BYTES:
                raise DiscoveryError(f"cut off or overlong: {reply[-40:]!r}")
            reply += part
    return reply


def _connect(endpoint, timeout, tls):
    plain = socket.create_connection((endpoint.address, endpoint.port), timeout)
    if tls is None:
        return plain
    try:
        return tls.wrap_socket(plain, server_hostname=endpoint.host)
    except OSError:
        plain.close()
        raise


def _node(entry):
    try:
        host, ip, port = entry.decode("ascii").split("|")
        number = int(port)
    except ValueError as error:
        raise DiscoveryError(f"not host|ip|port: {entry[:80]!r}") from error
    if not (ip or host) or not 0 < number < 65536:
        raise DiscoveryError(f"not host|ip|port: {entry[:80]!r}")
    return Node(host or ip, number, ip)
