"""HTTP/1.1 connections of function processes, for an event loop that polls them."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass

_CHUNK = 262144


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request of a function process."""

    path: str
    headers: dict[str, str]  # with names in lower case
    body: bytes


class Connection:
    """One HTTP/1.1 connection of the process; all bodies have a Content-Length."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._head: tuple[str, dict[str, str], int] | None = None  # path, headers, offset of the body

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self._socket.fileno()

    def receive(self) -> bool:
        """Read the available bytes; return False at the end of the connection."""
        try:
            piece = self._socket.recv(_CHUNK)
        except ConnectionError:
            return False
        self._received += piece
        return bool(piece)

    def take(self) -> Request | None:
        """Return the next request if it has arrived completely."""
        if self._head is None:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return None
            first, *lines = self._received[:end].decode("latin-1").split("\r\n")
            fields = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in fields}
            self._head = first.split(" ")[1], headers, end + 4
        path, headers, start = self._head
        end = start + int(headers.get("content-length", 0))
        if len(self._received) < end:
            return None
        body = bytes(self._received[start:end])
        del self._received[:end]
        self._head = None
        return Request(path, headers, body)

    def send(self, status: str, headers: dict[str, str], body: bytes) -> None:
        """Send one response, in one piece. If the process has ended, the next poll notices it."""
        all_headers = headers | {"Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in all_headers.items()), "\r\n"]
        with suppress(OSError):
            self._socket.sendall("\r\n".join(lines).encode("latin-1") + body)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
