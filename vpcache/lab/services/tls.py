"""TLS for a socket that one thread reads while another one writes; `ssl.SSLSocket` does not support it."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

_CHUNK = 65536


class TlsStream:
    """The server side of a TLS connection; the first `recv` performs the handshake.

    One thread may call `recv` while another calls `sendall`. Errors are OSErrors, as those of ssl are.
    """

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        self._socket = connection
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)
        self._state = threading.Lock()
        self._sending = threading.Lock()  # taken before `_state`: records are sent in their order

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, or none at the end of the connection."""
        while True:
            with self._state:
                plain = None
                with suppress(ssl.SSLWantReadError):
                    plain = self._tls.read(size)
                must_send = bool(self._to_send.pending)  # records of the handshake
            if must_send:
                self.sendall(b"")
            if plain is not None:
                return plain
            encrypted = self._socket.recv(_CHUNK)
            with self._state:
                if encrypted:
                    self._received.write(encrypted)
                else:
                    self._received.write_eof()

    def sendall(self, data: bytes) -> None:
        """Send `data` and the pending records of TLS itself."""
        with self._sending:
            with self._state:
                if data:
                    self._tls.write(data)
                encrypted = self._to_send.read()
            self._socket.sendall(encrypted)

    def shutdown(self, how: int) -> None:
        """Send TLS's close notification, then shut the socket down."""
        with self._state, suppress(ssl.SSLError):
            self._tls.unwrap()
        self.sendall(b"")
        self._socket.shutdown(how)
