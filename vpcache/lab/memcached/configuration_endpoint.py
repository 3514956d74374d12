"""The configuration endpoint beside a cache node: what it adds to memcached is auto discovery."""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from vpcache.lab.memcached.discovery import AnswerStream, CommandStream
from vpcache.lab.services.sockets import cut
from vpcache.lab.services.tls import TlsStream

_CHUNK = 65536
_Client = socket.socket | TlsStream


class Endpoint:
    """Answers `config get cluster` with `reply`, passes all else to the local memcached.

    `connect` reaches memcached without TLS; clients must speak TLS if `credentials` are given, a PEM
    file of key and certificate chain.
    """

    def __init__(
        self,
        listener: socket.socket,
        connect: Callable[[], socket.socket],
        reply: bytes,
        credentials: Path | None = None,
    ) -> None:
        self.reply = reply
        self._tls = _context(credentials) if credentials else None
        self._listener = listener
        self._connect = connect
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="cache endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and cut every connection."""
        cut(self._listener)
        self._thread.join()
        self._listener.close()
        with self._lock:
            for each in self._open:
                cut(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            memcached = self._connect()
        except OSError:  # the node died; the client sees what it would see of the node itself
            client.close()
            return
        with client, memcached:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, memcached}
            token = secrets.token_hex(15).encode()  # memcached takes up to 31 bytes of opaque
            stream = TlsStream(client, self._tls) if self._tls else client
            answers = threading.Thread(
                target=self._pass_answers, args=(memcached, stream, token), daemon=True
            )
            answers.start()
            self._pass_commands(stream, memcached, token)
            answers.join()
            with self._lock:
                self._open -= {client, memcached}

    def _pass_commands(self, client: _Client, memcached: socket.socket, token: bytes) -> None:
        """Pass commands on. A marker takes the place of each discovery command: the deletion of a key that is
        nowhere, whose answer carries our token back at the very place where the reply belongs."""
        marker = b"md %s O%s\r\n" % (token, token)
        stream = CommandStream()
        try:
            while received := client.recv(_CHUNK):
                memcached.sendall(
                    b"".join(marker if piece is None else piece for piece in stream.feed(received))
                )
            memcached.sendall(stream.rest())
            memcached.shutdown(socket.SHUT_WR)
        except OSError:
            cut(memcached)

    def _pass_answers(self, memcached: socket.socket, client: _Client, token: bytes) -> None:
        stream = AnswerStream(b"NF O%s\r\n" % token)
        try:
            while received := memcached.recv(_CHUNK):
                client.sendall(stream.feed(received, self.reply))
            client.sendall(stream.rest())
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            cut(client)
            cut(memcached)


def _context(credentials: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credentials)
    return context
