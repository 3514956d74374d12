"""A proxy in front of a memcached process, which changes commands and answers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Protocol

from vpcache.lab.memcached.commands import CommandStream
from vpcache.lab.services.sockets import OpenConnections, cut
from vpcache.lab.services.tls import TlsStream

_CHUNK = 65536
_Client = socket.socket | TlsStream


class Session(Protocol):
    """What a proxy does to the bytes of one connection."""

    commands: CommandStream

    def answer(self, received: bytes) -> bytes:
        """Return the bytes for the client in place of memcached's."""
        ...

    def rest_of_answers(self) -> bytes:
        """Return the last bytes for the client, when memcached has closed the connection."""
        ...


class MemcachedProxy:
    """Accepts clients at `listener` and passes their commands to memcached.

    Each direction of a connection has its own thread. `connect` returns a connection to memcached, and
    `new_session` what is done to one connection. Clients must use TLS if a context is given.
    """

    def __init__(
        self,
        listener: socket.socket,
        connect: Callable[[], socket.socket],
        new_session: Callable[[], Session],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._connect = connect
        self._new_session = new_session
        self._tls = tls
        self._open = OpenConnections()
        self._thread = threading.Thread(target=self._accept, name="memcached proxy", daemon=True)
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
        except OSError:  # the process has ended; the client sees the same as at the process itself
            client.close()
            return
        with client, memcached:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(client, memcached)
            session = self._new_session()
            stream = TlsStream(client, self._tls) if self._tls else client
            answers = threading.Thread(target=_pass_answers, args=(memcached, stream, session), daemon=True)
            answers.start()
            _pass_commands(stream, memcached, session.commands)
            answers.join()
            self._open.discard(client, memcached)


def _pass_commands(client: _Client, memcached: socket.socket, commands: CommandStream) -> None:
    try:
        while received := client.recv(_CHUNK):
            memcached.sendall(commands.feed(received))
        memcached.sendall(commands.rest())
        memcached.shutdown(socket.SHUT_WR)
    except OSError:
        cut(memcached)


def _pass_answers(memcached: socket.socket, client: _Client, session: Session) -> None:
    try:
        while received := memcached.recv(_CHUNK):
            client.sendall(session.answer(received))
        client.sendall(session.rest_of_answers())
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        cut(client)
        cut(memcached)
