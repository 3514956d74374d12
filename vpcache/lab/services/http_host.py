"""A host of the lab's internet: HTTP/1.1 on a listener, with the faults that an origin can have."""

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
from vpcache.lab.services.sockets import cut

Headers = tuple[tuple[str, str], ...]

MAX_BODY = 6 << 20  # bytes of a request: the largest payload of a function that is called synchronously
_IDLE_SECONDS = 60.0  # after which a silent connection is closed


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it was sent; `target` is the path with its query, `caller` the client's address."""

    method: str
    target: str
    caller: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What a host answers. The host adds Date and Content-Length."""

    status: int
    body: bytes = b""
    headers: Headers = ()


_FAILURE = HttpAnswer(
    HTTPStatus.INTERNAL_SERVER_ERROR, b'{"status":"error"}', (("Content-Type", "application/json"),)
)


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificates of a host: the lab's for `name`, or one that clients do not trust."""

    name: str
    trusted: Authority
    untrusted: Authority

    def context(self, mode: Mode | None) -> ssl.SSLContext:
        """Return the server's side of a handshake under a fault."""
        return (self.untrusted if mode is Mode.INVALID_TLS else self.trusted).server(self.name)


class HttpHost(ThreadingHTTPServer):
    """Answers requests on a listener with `answer`, over TLS if `tls` is given, one thread a connection."""

    def __init__(
        self, listener: socket.socket, tls: Tls | None, answer: Callable[[HttpRequest], HttpAnswer]
    ) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._tls = tls
        self._answer = answer
        self._fault: Fault | None = None
        self._change = threading.Event()  # set, and replaced, when the fault changes
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, name="http host", daemon=True)
        self._thread.start()

    def set_fault(self, fault: Fault | None) -> None:
        """Apply `fault` from now on, or recover if it is None."""
        if fault == self._fault:
            return
        changed = {fault and fault.mode, self._fault and self._fault.mode}
        self._fault = fault
        self._change, before = threading.Event(), self._change
        before.set()
        if Mode.INVALID_TLS in changed:  # a kept connection would not show its certificate again
            self._cut_all()

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request under the fault in force."""
        fault, change = self._fault, self._change
        if fault and fault.mode is Mode.SLOW:
            change.wait(fault.seconds)
        regular = self._answer(request)
        return _FAILURE if fault and fault.mode is Mode.ERRORING else regular

    def close(self) -> None:
        """Stop accepting, cut what is open and wait for its threads."""
        self.shutdown()
        self._thread.join()
        self._change.set()
        self._cut_all()
        self.server_close()

    def _cut_all(self) -> None:
        with self._lock:
            for connection in self._open:
                cut(connection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection in its thread, handshake included, so that no client holds up others."""
        if self._tls:
            request.settimeout(_IDLE_SECONDS)
            context = self._tls.context(self._fault.mode if self._fault else None)
            request = context.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect or do not speak TLS."""


class _Handler(BaseHTTPRequestHandler):
    server: HttpHost
    protocol_version = "HTTP/1.1"
    server_version = "vpcache"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # one write for head and body

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            return
        request = HttpRequest(
            self.command, self.path, self.client_address[0], tuple(self.headers.items()), body
        )
        answer = self.server.answer(request)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = do_GET  # noqa: N815 - http.server's names

    def _body(self) -> bytes | None:
        """Read the request's body; None if it was refused."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            return self.rfile.read(int(length))
        return None

    def log_message(self, *_: Any) -> None:
        """Keep no access log; the hosts count their calls."""
