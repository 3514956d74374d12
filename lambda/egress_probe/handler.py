"""Probes the network of the function: its public address, or a TCP connection."""

import http.client
import ipaddress
import os
import socket
import ssl
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5.0
CONNECT_SECONDS = 1.5
MAX_REPLY_BYTES = 64


def handler(event, context):
    """Return the outcome of a connection for `{"connect": "host:port"}`, else the public address."""
    if event.get("connect"):
        host, _, port = event["connect"].rpartition(":")
        return {"outcome": connect(host, int(port))}
    return {"address": public_address(os.environ.get("ADDRESS_URL", "https://checkip.amazonaws.com"))}


def connect(host, port):
    """Return connected, refused, timeout or the message of another error."""
    try:
        with socket.create_connection((host, port), CONNECT_SECONDS):
            return "connected"
    except TimeoutError:
        return "timeout"
    except ConnectionRefusedError:
        return "refused"
    except OSError as error:
        return str(error)


def public_address(url):
    """Return the IPv4 address that the service at `url` sees. Raises RuntimeError with URL and cause."""
    try:
        return str(ipaddress.IPv4Address(_fetch(url).decode("ascii").strip()))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RuntimeError(f"no address from {url}: {error}") from error


def _fetch(url):
    parts = urlsplit(url)
    connection = _IPv4Connection(
        parts.hostname, parts.port or 443, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
    )
    try:
        connection.request("GET", parts.path or "/")
        reply = connection.getresponse()
        if reply.status != 200:
            raise ValueError(f"status {reply.status}")
        return reply.read(MAX_REPLY_BYTES)
    finally:
        connection.close()


class _IPv4Connection(http.client.HTTPSConnection):
    """A connection over IPv4 only: a NAT gateway has no IPv6, but the host may."""

    _context: ssl.SSLContext  # set by HTTPSConnection; its stub omits it

    def connect(self):
        """Connect to the first IPv4 address of the host."""
        address = socket.getaddrinfo(self.host, self.port, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        # the stub has the addresses of all families; that of AF_INET is (host, port)
        plain = socket.create_connection(address, self.timeout)  # type: ignore[arg-type]
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)
