"""The configuration endpoint of a cache node: a proxy that adds auto discovery to memcached.

memcached does not know `config get cluster`, so the endpoint must answer it. A client may send it in the
middle of a pipeline, and must receive all answers in the order of its commands. But the endpoint does not
parse memcached's answers, so it does not know where the answer of a command ends. Instead it makes
memcached mark the place: it replaces each discovery command by a harmless command whose answer it
recognizes. That is the deletion of a key that does not exist; a random token of the connection is both
the key and the opaque value, which memcached returns.

    client                endpoint                                       memcached
    get a          ---->  CommandStream     ---->  get a
    config get cluster                             md <token> O<token>
    get b                                          get b
                                                                           |
    VALUE a ...    <----  AnswerStream      <----  VALUE a ...          <--'
    CONFIG cluster ...                             NF O<token>
    VALUE b ...                                    VALUE b ...

Values that contain the text of a command or a marker are safe: CommandStream skips values by their announced
length, and clients do not know the token.
"""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from vpcache.lab.memcached.commands import CommandStream
from vpcache.lab.memcached.discovery import AnswerStream, is_discovery
from vpcache.lab.memcached.proxy import MemcachedProxy


class ConfigurationEndpoint(MemcachedProxy):
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
        tls = _context(credentials) if credentials else None
        super().__init__(listener, connect, lambda: _Session(lambda: self.reply), tls)


class _Session:
    """One connection, whose discovery commands are marked by a token."""

    def __init__(self, reply: Callable[[], bytes]) -> None:
        token = secrets.token_hex(15).encode()  # memcached accepts 31 characters as opaque value
        marker = b"md %s O%s\r\n" % (token, token)
        self._reply = reply
        self.commands = CommandStream(lambda words: marker if is_discovery(words) else None)
        self._answers = AnswerStream(b"NF O%s\r\n" % token)

    def answer(self, received: bytes) -> bytes:
        """Return memcached's bytes with the reply in place of each answer to a marker."""
        return self._answers.feed(received, self._reply())

    def rest_of_answers(self) -> bytes:
        """Return the bytes that are still kept at the end of the connection."""
        return self._answers.rest()


def _context(credentials: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(credentials)
    return context
