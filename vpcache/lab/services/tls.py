"""TLS on a socket that one thread reads while another writes, which `ssl.SSLSocket` does not allow."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress

_CHUNK = 65536


class TlsStream:
    """The server's side of a TLS connection; its handshake happens with the first `recv`.

    One thread may call `recv` while another calls `sendall`. Errors are OSErrors, as ssl's are.
    """

    def __init__(self, connection: socket.socket, context: ssl.SSLContext) -> None:
        self._socket = connection
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)
        self._state = threading.Lock()
        self._sending = threading.Lock()  # taken before `_state`: records go out in the order they were made

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end."""
        while True:
            with self._state:
                plain = None
                with suppress(ssl.SSLWantReadError):
                    plain = self._tls.read(size)
                has_words = bool(self._to_send.pending)  # of the handshake
            if has_words:
                self.sendall(b"")
            if plain is not None:
                return plain
            sealed = self._socket.recv(_CHUNK)
            with self._state:
                if sealed:
                    self._received.write(sealed)
                else:
                    self._received.write_eof()

    def sendall(self, data: bytes) -> None:
        """Send `data` and what TLS itself has to say."""
        with self._sending:
            with self._state:
                if data:
                    self._tls.write(data)
                sealed = self._to_send.read()
            self._socket.sendall(sealed)

    def shutdown(self, how: int) -> None:
        """Tell the client that nothing more comes, then shut the socket down."""
        with self._state, suppress(ssl.SSLError):
            self._tls.unwrap()
        self.sendall(b"")
        self._socket.shutdown(how)
