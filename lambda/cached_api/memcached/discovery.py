"""ElastiCache auto discovery: the current nodes of a cluster.

The protocol: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoDiscovery.AddingToYourClientLibrary.html
"""

import socket
import time
from typing import NamedTuple  # a frozen dataclass takes three times as long at a cold start

REFRESH_SECONDS = 60.0  # as in AWS's own client
MAX_REPLY_BYTES = 64 * 1024  # a cluster has at most 60 nodes, of some 200 bytes each
_COMMAND = b"config get cluster\r\n"


class Node(NamedTuple):
    """Name and port of a cache node or endpoint, and its address, if known, which saves a DNS lookup."""

    host: str
    port: int
    ip: str = ""

    @property
    def address(self):
        """The host to connect to where the name does not matter."""
        return self.ip or self.host


class ClusterConfiguration(NamedTuple):
    """The current nodes, sorted; `version` grows with every change."""

    version: int
    nodes: tuple[Node, ...]


class DiscoveryError(Exception):
    """A reply violates the protocol."""


def parse(reply):
    """Return the ClusterConfiguration in a complete reply to `config get cluster`. Raises DiscoveryError."""
    header, _, rest = reply.partition(b"\r\n")
    words = header.split()
    if words[:3] != [b"CONFIG", b"cluster", b"0"] or len(words) != 4 or not words[3].isdigit():
        raise DiscoveryError(f"not a configuration: {reply[:40]!r}")
    length = int(words[3])
    body, tail = rest[:length], rest[length:]
    if len(body) != length or tail != b"\r\nEND\r\n":
        raise DiscoveryError(f"truncated or too long: {reply[-40:]!r}")
    version, _, listed = body.partition(b"\n")
    if not version.strip().isdigit():
        raise DiscoveryError(f"no version: {version[:40]!r}")
    nodes = tuple(sorted({_node(entry) for entry in listed.split()}))
    if not nodes:
        raise DiscoveryError("no nodes")
    return ClusterConfiguration(int(version), nodes)


def discover(endpoint, timeout, tls=None):
    """Return the ClusterConfiguration of a configuration endpoint (a Node); `timeout` is in seconds in total.

    `tls` is an ssl.SSLContext if the endpoint requires TLS. A server without the command is a cluster of one.
    Raises OSError if the endpoint does not reply in time, DiscoveryError if the reply is invalid.
    """
    reply = _exchange(endpoint, timeout, tls)
    if reply.startswith((b"ERROR", b"CLIENT_ERROR")):
        return ClusterConfiguration(0, (endpoint,))
    return parse(reply)


def _exchange(endpoint, timeout, tls):
    # not pymemcache's raw_command: it loses data that came before a segment's last chunk
    deadline = time.monotonic() + timeout
    reply = b""
    with _connect(endpoint, timeout, tls) as connection:
        connection.sendall(_COMMAND)
        while not reply.endswith(b"END\r\n") and not (b"ERROR" in reply[:12] and reply.endswith(b"\r\n")):
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            part = connection.recv(4096)
            if not part or len(reply) > MAX_REPLY_BYTES:
                raise DiscoveryError(f"truncated or too long: {reply[-40:]!r}")
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
