"""What lives outside every VPC: the origin API, the service that tells a caller's address, their names."""

from __future__ import annotations

import json
import random
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from vpcache.lab.authority import Authority
from vpcache.lab.faults import Fault, Mode
from vpcache.lab.hosts import CHECKIP, HOSTS, ORIGIN
from vpcache.lab.netns import Namespaces
from vpcache.lab.places import CA_FILE
from vpcache.lab.sockets import cut

_ORIGIN_DELAY = 0.05  # seconds that the origin takes for an answer
_EMPLOYEES = 21  # about 2 KB of JSON
_ARCHIVED = 1030  # about 100 KB of JSON
_PATIENCE = 60.0  # seconds that a kept connection may be silent
_SYLLABLES = ("ba", "de", "fi", "go", "ka", "lu", "me", "no", "pi", "ra", "so", "ti", "vu", "ze")

Answer = tuple[HTTPStatus, str, bytes]  # status, content type, body
_FAILURE: Answer = (HTTPStatus.INTERNAL_SERVER_ERROR, "application/json", b'{"status":"error"}')


def employee(key: str) -> dict[str, object]:
    """Return the invented employee that `key` stands for, the same one each time."""
    chance = random.Random(key)
    names = ["".join(chance.choices(_SYLLABLES, k=3)).capitalize() for _ in range(2)]
    return {
        "id": key,
        "employee_name": " ".join(names),
        "employee_salary": chance.randrange(40_000, 400_000),
        "employee_age": chance.randrange(20, 66),
    }


class Origin:
    """The REST API that the functions fetch from. It counts calls; `delay` is its service time in seconds."""

    def __init__(self) -> None:
        self.delay = _ORIGIN_DELAY
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._lists = {
            "/api/v1/employees": _success([employee(str(n)) for n in range(1, _EMPLOYEES + 1)]),
            "/api/v1/employees/archive": _success([employee(f"a{n}") for n in range(1, _ARCHIVED + 1)]),
        }

    def calls(self) -> dict[str, int]:
        """Return how often each path was asked for, unknown ones too."""
        with self._lock:
            return dict(self._calls)

    def answer(self, path: str, _caller: str) -> Answer:
        """Answer a GET of `path` after the delay."""
        with self._lock:
            self._calls[path] += 1
        self._closing.wait(self.delay)
        stem, _, key = path.rpartition("/")
        if body := self._lists.get(path):
            return HTTPStatus.OK, "application/json", body
        if stem == "/api/v1/employee" and key:
            return HTTPStatus.OK, "application/json", _success(employee(key))
        body = json.dumps({"status": "error", "message": f"nothing at {path}"}).encode()
        return HTTPStatus.NOT_FOUND, "application/json", body

    def close(self) -> None:
        """Let the calls that wait go at once."""
        self._closing.set()


class Internet:
    """All public services but AWS's API, serving inside `namespace` from construction to `close`.

    `ca_file` is the certificate of the lab's own authority, made anew under `work`.
    """

    def __init__(self, namespaces: Namespaces, namespace: str, work: Path) -> None:
        self.authority, stranger = Authority("vpcache lab"), Authority("stranger")
        self.ca_file = work / CA_FILE.name
        self.authority.write(self.ca_file)
        self.origin = Origin()
        self._servers: dict[str, list[_Server]] = {}
        for name, answer, ports in ((ORIGIN, self.origin.answer, (443,)), (CHECKIP, _address, (443, 80))):
            for port in ports:
                listener = namespaces.listen(namespace, str(HOSTS[name]), port)
                tls = _Tls(name, self.authority, stranger)
                server = _Server(listener, tls if port == 443 else None, answer)
                self._servers.setdefault(name, []).append(server)

    def settle(self, faults: Mapping[str, Fault]) -> None:
        """Let exactly the hosts in `faults` go wrong, each in its way; what is down the network cuts off."""
        for name, servers in self._servers.items():
            for server in servers:
                server.suffer(faults.get(name))

    def close(self) -> None:
        """Stop serving; connections that stand are cut."""
        self.origin.close()
        for servers in self._servers.values():
            for server in servers:
                server.close()


@dataclass(frozen=True, slots=True)
class _Tls:
    name: str
    authority: Authority
    stranger: Authority

    def context(self, mode: Mode | None) -> ssl.SSLContext:
        return (self.stranger if mode is Mode.INVALID_TLS else self.authority).server(self.name)


class _Server(ThreadingHTTPServer):
    """HTTP on a given listener, over TLS where a context is given, one thread a connection."""

    def __init__(
        self, listener: socket.socket, tls: _Tls | None, answer: Callable[[str, str], Answer]
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
        self._thread = threading.Thread(target=self.serve_forever, name="internet", daemon=True)
        self._thread.start()

    def suffer(self, fault: Fault | None) -> None:
        """Go wrong as `fault` says from now on, or be sound again."""
        if fault == self._fault:
            return
        changed = {fault and fault.mode, self._fault and self._fault.mode}
        self._fault = fault
        self._change, before = threading.Event(), self._change
        before.set()
        if Mode.INVALID_TLS in changed:  # a kept connection would not show its certificate again
            self._cut_all()

    def answer(self, path: str, caller: str) -> Answer:
        """Answer a GET of `path`, or suffer the fault in force instead."""
        fault, change = self._fault, self._change
        if fault and fault.mode is Mode.SLOW:
            change.wait(fault.seconds)
        sound = self._answer(path, caller)
        return _FAILURE if fault and fault.mode is Mode.ERRORING else sound

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
            request.settimeout(_PATIENCE)
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
        """Say nothing of clients that vanish or speak no TLS."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "origin"
    sys_version = ""
    timeout = _PATIENCE
    disable_nagle_algorithm = True
    wbufsize = -1  # one write for head and body

    def do_GET(self) -> None:
        status, kind, body = self.server.answer(self.path.partition("?")[0], self.client_address[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep no access log; the origin counts its calls."""


def _address(_path: str, caller: str) -> Answer:
    return HTTPStatus.OK, "text/plain", f"{caller}\n".encode()


def _success(data: object) -> bytes:
    return json.dumps({"status": "success", "data": data}).encode()
