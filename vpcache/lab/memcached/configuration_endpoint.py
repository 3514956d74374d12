"""The configuration endpoint of a cache node: a proxy that adds auto discovery to memcached.

memcached does not know `config get cluster`, so the endpoint must answer it. A client may send it in the
middle of a pipeline, and must receive all answers in the order of its commands. But the endpoint does not
parse memcached's answers, so it does not know where the answer of a command ends. Instead it makes
memcached mark the place: it replaces each discovery command by a harmless command whose answer it
recognizes. That is the deletion of a key that does not exist; a random token of the connection is both
the key and the opaque value, which memcached returns.

    client                endpoint                                       memcached
    get a          ---->  CommandStream     ---->  get a
    config get cluster    (_pass_commands)         md <token> O<token>
    get b                                          get b
                                                                           |
    VALUE a ...    <----  AnswerStream      <----  VALUE a ...          <--'
    CONFIG cluster ...    (_pass_answers)          NF O<token>
    VALUE b ...                                    VALUE b ...

Each direction has its own thread. Values that contain the text of a command or a marker are safe:
CommandStream skips values by their announced length, and clients do not know the token.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

from vpcache.lab.memcached.discovery import AnswerStream, CommandStream
from vpcache.lab.services.sockets import OpenConnections, cut
from vpcache.lab.services.tls import TlsStream

_CHUNK = 65536
_Client = socket.socket | TlsStream


class ConfigurationEndpoint:
    """Answers `config get cluster` with `reply` and passes all other commands to the local memcached.

    `connect` returns a connection to memcached without TLS. Clients must use TLS if `credentials` are given,
    a PEM file with private key and certificate chain.
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
        self._open = OpenConnections()
        self._thread = threading.Thread(target=self._accept, name="configuration endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting connections and cut the open ones."""
        cut(self._listener)
        self._thread.join()
        self._listener.close()
        self._open.cut()

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
        except OSError:  # the node has ended; the client sees the same as at the node itself
            client.close()
            return
        with client, memcached:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(client, memcached)
            token = secrets.token_hex(15).encode()  # memcached accepts 31 characters as opaque value
            stream = TlsStream(client, self._tls) if self._tls else client
            answers = threading.Thread(
                target=self._pass_answers, args=(memcached, stream, token), daemon=True
            )
            answers.start()
            self._pass_commands(stream, memcached, token)
            answers.join()
            self._open.discard(client, memcached)

    def _pass_commands(self, client: _Client, memcached: socket.socket, token: bytes) -> None:
        """Pass commands on, with a marker in place of each discovery command."""
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
        """Pass answers on, with the discovery reply in place of each answer to a marker."""
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
