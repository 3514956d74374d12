"""The HTTP server of the lab's port on the host's loopback, with persistent connections."""

from __future__ import annotations

import logging
import socket
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from cheroot.server import HTTPConnection
from cheroot.wsgi import Gateway_10, Server

_log = logging.getLogger(__name__)

_THREADS = 16  # at the start; more are started if fewer than _SPARE_THREADS are idle
_SPARE_THREADS = 4
_BACKLOG = 128  # connections that wait to be accepted
PRESERVED_HEADER_NAMES = "moto.preserved_header_names"
"""The key of `moto.core.request` in a request's environment."""
_TIMEOUT = 120
"""Seconds after which an idle connection is closed.

The AWS SDK for Go closes its idle connections after 90 s, so it never sends a request on a connection that
the server is closing: https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/aws/transport/http
"""


class PersistentServer(Server):
    """Serves a WSGI application on `listener`, with one thread for each request that is being answered.

    An invocation occupies its thread until it ends, so the number of threads has no limit.
    """

    def __init__(self, listener: socket.socket, application: WSGIApplication) -> None:
        super().__init__(
            listener.getsockname(),
            application,
            numthreads=_THREADS,
            server_name="vpcache",
            request_queue_size=_BACKLOG,
            timeout=_TIMEOUT,
        )
        self.gateway = _Gateway
        self._listener = listener

    def bind(self, *_: Any) -> socket.socket:
        """Use the listener instead of a socket of cheroot's own."""
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = self._listener
        return self._listener

    def process_conn(self, conn: HTTPConnection) -> None:
        """Hand a connection with a request to a thread. Called by the thread that watches all connections."""
        if self.requests.idle - self.requests.qsize < _SPARE_THREADS:
            self.requests.grow(1)
        super().process_conn(conn)

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log a message of cheroot's."""
        _log.log(level, "%s", msg, exc_info=traceback)


class _Gateway(Gateway_10):
    """Passes requests on as moto's own server does, and logs server errors."""

    def respond(self) -> None:
        """Answer the request, with the headers and the body in one segment.

        The AWS provider sometimes closes a connection on which only the headers have arrived, and repeats the
        request.
        """
        connection = self.req.conn.socket
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        super().respond()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        if self.req.status.startswith(b"5"):
            _log.warning(
                "%s %s: %s", self.env["REQUEST_METHOD"], self.env["RAW_URI"], self.req.status.decode()
            )

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # the stub says None
        """Return the WSGI environment, with the raw URI and with the underscores of S3's metadata."""
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        raw_uri = environ["REQUEST_URI"]
        environ["RAW_URI"] = raw_uri
        environ["PATH_INFO"] = unquote(raw_uri.partition("?")[0], "latin-1")  # cheroot keeps %2F
        environ[PRESERVED_HEADER_NAMES] = self._preserved_names(environ)
        return environ

    def _preserved_names(self, environ: dict[str, Any]) -> dict[str, str]:
        """Return the names of S3's metadata with underscores, by key in `environ`; remove other such headers.

        In `environ`, a header with an underscore has the key of the one with a dash, which takes precedence.
        """
        names: dict[str, str] = {}
        if all(b"_" not in header for header in self.req.inheaders):
            return names
        from moto.core.request import (  # imported late: see `vpcache.lab.daemon.startup`
            environ_key_for_header,
            should_preserve_original_header_name,
        )

        for header in self.req.inheaders:
            name = header.decode("latin-1").lower()
            if "_" not in name:
                continue
            key = environ_key_for_header(name)
            dashed = self.req.inheaders.get(header.replace(b"_", b"-").title())
            if dashed is not None:
                environ[key] = dashed.decode("latin-1")
            elif should_preserve_original_header_name(name):
                names[key] = name
            else:
                environ.pop(key, None)
        return names
