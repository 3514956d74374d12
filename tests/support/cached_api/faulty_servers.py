"""TCP servers on 127.0.0.1 that violate a protocol."""

from __future__ import annotations

import socketserver
import threading
import time
from contextlib import suppress


class Server:
    """Passes each connection on a port of 127.0.0.1 to `talk`, in a new thread."""

    def __init__(self, talk):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with suppress(OSError):  # the client has closed the connection
                    talk(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.port = self._server.server_address[1]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def replies(data):
    """Reply to every request with the same bytes."""

    def talk(connection):
        while connection.recv(65536):
            connection.sendall(data)

    return talk


def drip(data):
    """Reply one byte at a time, each well before the timeout of a single receive."""

    def talk(connection):
        connection.recv(65536)
        while True:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(0.02)

    return talk


def hang(connection):
    """Receive data without a reply."""
    while connection.recv(65536):
        pass


def slow_headers(connection):
    connection.recv(65536)
    drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500)(connection)
