"""The extension module `runtime_client` of AWS's runtime interface client, in Python.

The extension is built for one version of Python: the lab's. Functions on another version use this module in
its place. It runs on every version of Python that Lambda accepts, and imports nothing that is slow to import.
Protocol: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import os
import socket

_API = "/2018-06-01/runtime/invocation"
_DEADLINE = "Lambda-Runtime-Deadline-Ms"
_CHUNK = 262144


class _Connection:
    """A connection to the Runtime API, opened at the first request."""

    def __init__(self) -> None:
        self.user_agent = ""
        self._socket: socket.socket | None = None

    def request(
        self, method: str, path: str, headers: dict[str, str | None], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request; return status, headers (with names in lower case) and body of the answer."""
        address = os.environ["AWS_LAMBDA_RUNTIME_API"]
        lines = [f"{method} {_API}{path} HTTP/1.1", f"Host: {address}", f"User-Agent: {self.user_agent}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value]
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        if self._socket is None:
            host, port = address.split(":")
            self._socket = socket.create_connection((host, int(port)))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body)
        return self._answer(self._socket)

    def _answer(self, connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
        received = bytearray()
        while b"\r\n\r\n" not in received:
            received += _received(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        pairs = (field.split(":", 1) for field in fields)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            body += _received(connection)
        return int(status.split()[1]), headers, bytes(body)


def _received(connection: socket.socket) -> bytes:
    piece = connection.recv(_CHUNK)
    if not piece:
        raise RuntimeError("The Runtime API closed the connection")
    return piece


_connection = _Connection()  # of the process, as in the extension


def initialize_client(user_agent: str) -> None:
    """Set the user agent of all requests."""
    _connection.user_agent = user_agent


def next() -> tuple[bytes, dict[str, str | int]]:
    """Wait for an event; return its payload and its headers. Raises RuntimeError."""
    status, headers, body = _connection.request("GET", "/next", {})
    if status != 200:
        raise RuntimeError("Failed to get next")
    event: dict[str, str | int] = {name.title(): value for name, value in headers.items()}
    return body, {**event, _DEADLINE: int(headers[_DEADLINE.lower()])}


def post_invocation_result(
    invoke_id: str, result: bytes, content_type: str, invocation_id: str | None = None
) -> None:
    """Answer an event. Raises RuntimeError if the answer is refused."""
    headers = {"Content-Type": content_type, "Lambda-Runtime-Invocation-Id": invocation_id}
    if _connection.request("POST", f"/{invoke_id}/response", headers, result)[0] != 202:
        raise RuntimeError("Failed to post invocation response")


def post_error(invoke_id: str, error: str, xray_fault: str, invocation_id: str | None = None) -> None:
    """Answer an event with an error. Raises RuntimeError if the answer is refused."""
    headers = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault,
        "Lambda-Runtime-Invocation-Id": invocation_id,
    }
    body = error.encode("utf-8", "surrogateescape")
    if _connection.request("POST", f"/{invoke_id}/error", headers, body)[0] != 202:
        raise RuntimeError("Failed to post invocation error")
