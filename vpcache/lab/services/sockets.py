"""Helpers for servers: cutting connections, and a base for HTTP servers that run in the background."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from contextlib import suppress
from http.server import HTTPServer
from typing import Any, Protocol

IDLE_TIMEOUT = 60.0  # seconds after which a silent connection is closed


class _Connection(Protocol):
    def shutdown(self, how: int, /) -> None: ...


def cut(connection: _Connection) -> None:
    """End `connection` in both directions and wake the threads that wait for it; a closed one is no error."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class OpenConnections:
    """The open connections of a server, which can be cut together. For use by several threads."""

    def __init__(self) -> None:
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def add(self, *connections: socket.socket) -> None:
        """Remember open connections."""
        with self._lock:
            self._connections.update(connections)

    def discard(self, *connections: socket.socket) -> None:
        """Forget connections that are about to be closed."""
        with self._lock:
            self._connections.difference_update(connections)

    def cut(self) -> None:
        """Cut all connections. The thread of each one ends and closes it."""
        with self._lock:
            for connection in self._connections:
                cut(connection)


class BackgroundServer(socketserver.ThreadingMixIn, HTTPServer):
    """Base of HTTP servers with a thread for each connection, which serve from `start` until `close`.

    It comes first among the bases of a server, whose constructor must not bind an address again.
    """

    def start(self, name: str) -> None:
        """Start to serve, in a thread called `name`."""
        self._open = OpenConnections()
        self._thread = threading.Thread(target=self.serve_forever, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting connections and cut the open ones."""
        self.shutdown()
        self._thread.join()
        self.cut_connections()
        self.server_close()

    def cut_connections(self) -> None:
        """Cut all open connections."""
        self._open.cut()

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for the next connection, or None for plain HTTP."""
        return None

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection in its thread, with the handshake, so that no client delays others."""
        request.settimeout(IDLE_TIMEOUT)
        if context := self.tls_context():
            request = context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect or do not speak TLS."""
