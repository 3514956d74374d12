"""A host of the lab's internet: an HTTP/1.1 server with the faults of an origin."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from vpcache.lab.faults import Fault, Mode
from vpcache.lab.services.authority import Authority
from vpcache.lab.services.sockets import IDLE_TIMEOUT, BackgroundServer

Headers = tuple[tuple[str, str], ...]

MAX_BODY = 6 << 20  # bytes of a request: the maximum payload of a synchronous invocation


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; `target` is the path with its query, `caller` the IP address of the client.

    `tls` has the version of TLS and the cipher, empty for plain HTTP.
    """

    method: str
    target: str
    caller: str
    headers: Headers = ()
    body: bytes = b""
    tls: tuple[str, str] = ("", "")

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A response, to which the host adds Date and Content-Length."""

    status: int
    body: bytes = b""
    headers: Headers = ()


_FAILURE = HttpAnswer(
    HTTPStatus.INTERNAL_SERVER_ERROR, b'{"status":"error"}', (("Content-Type", "application/json"),)
)


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificates of the host `name`: a trusted one, and one that clients do not trust.

    With `is_domain`, they are those of every host under the domain `name`.
    """

    name: str
    trusted: Authority
    untrusted: Authority
    is_domain: bool = False

    def context(self, mode: Mode | None) -> ssl.SSLContext:
        """Return the server's TLS context under a fault in `mode`."""
        authority = self.untrusted if mode is Mode.INVALID_TLS else self.trusted
        return authority.server_of_any(self.name) if self.is_domain else authority.server(self.name)


class HttpHost(BackgroundServer, ThreadingHTTPServer):
    """Serves `answer` on a listener, over TLS if `tls` is given, with one thread for each connection."""

    def __init__(
        self, listener: socket.socket, tls: Tls | None, answer: Callable[[HttpRequest], HttpAnswer]
    ) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._tls = tls
        self._answer = answer
        self._fault: Fault | None = None
        self._fault_changed = threading.Event()  # set, and replaced, when the fault changes
        self.start("http host")

    def set_fault(self, fault: Fault | None) -> None:
        """Apply `fault` from now on, or recover if it is None."""
        if fault == self._fault:
            return
        modes = {fault and fault.mode, self._fault and self._fault.mode}
        self._fault = fault
        self._fault_changed, before = threading.Event(), self._fault_changed
        before.set()
        if Mode.INVALID_TLS in modes:  # an open connection would not show the other certificate
            self.cut_connections()

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request under the active fault."""
        fault, fault_changed = self._fault, self._fault_changed
        if fault and fault.mode is Mode.SLOW:
            fault_changed.wait(fault.seconds)
        regular = self._answer(request)
        return _FAILURE if fault and fault.mode is Mode.ERRORING else regular

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context for the next connection under the active fault, or None for plain HTTP."""
        return self._tls.context(self._fault.mode if self._fault else None) if self._tls else None

    def close(self) -> None:
        """Stop accepting connections, cut the open ones, and end the delay of a slow fault."""
        self._fault_changed.set()
        super().close()


class _Handler(BaseHTTPRequestHandler):
    server: HttpHost
    protocol_version = "HTTP/1.1"
    server_version = "vpcache"
    sys_version = ""
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True
    wbufsize = -1  # one write for head and body

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            return
        request = HttpRequest(
            self.command,
            self.path,
            self.client_address[0],
            tuple(self.headers.items()),
            body,
            _tls_of(self.connection),
        )
        answer = self.server.answer(request)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = do_GET  # noqa: N815 (names of http.server)

    def _body(self) -> bytes | None:
        """Read the request's body; return None after a rejection."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return self.rfile.read(int(length))
        return None

    def log_message(self, *_: Any) -> None:
        """Write no access log: the hosts count their requests."""


def _tls_of(connection: socket.socket) -> tuple[str, str]:
    """Return the version and the cipher of a connection over TLS, else two empty texts."""
    if not isinstance(connection, ssl.SSLSocket):
        return "", ""
    cipher = connection.cipher()
    return connection.version() or "", cipher[0] if cipher else ""
