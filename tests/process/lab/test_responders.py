"""What a user's origin answers: files, a server on 127.0.0.1, or one status."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vpcache.lab.origins import Origin
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest
from vpcache.lab.services.responders import Responder, file_answer, responder

CALLER = "203.0.113.7"


def get(target: str, method: str = "GET", **options: object) -> HttpRequest:
    return HttpRequest(method, target, CALLER, **options)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    (served / "list").mkdir(parents=True)
    (tmp_path / "secret.json").write_text("secret")
    (served / "employees.json").write_text('["Ada"]')
    (served / "plain").write_text("bytes")
    (served / "list" / "index.html").write_text("<p>list")
    (served / "link").symlink_to(tmp_path / "secret.json")
    return served


@pytest.mark.parametrize(
    ("target", "kind", "body"),
    [
        ("/employees.json", "application/json", b'["Ada"]'),
        ("/employees", "application/json", b'["Ada"]'),
        ("/employees?page=2", "application/json", b'["Ada"]'),
        ("/emplo%79ees", "application/json", b'["Ada"]'),
        ("/plain", "application/octet-stream", b"bytes"),
        ("/list", "text/html", b"<p>list"),
        ("/list/", "text/html", b"<p>list"),
    ],
)
def test_file_of_the_path_is_served(folder: Path, target: str, kind: str, body: bytes) -> None:
    assert file_answer(folder, get(target)) == HttpAnswer(200, body, (("Content-Type", kind),))


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/missing",
        "/../secret.json",
        "/%2e%2e/secret",
        "/link",
        "//etc/passwd",
        "/a%00b",
        f"/{'a' * 300}",
    ],
)
def test_nothing_outside_the_folder_is_served(folder: Path, target: str) -> None:
    answer = file_answer(folder, get(target))
    assert answer.status == 404
    assert b"secret" not in answer.body.replace(target.encode(), b"")


def test_files_cannot_be_changed(folder: Path) -> None:
    answer = file_answer(folder, get("/plain", "PUT", body=b"new"))
    assert (answer.status, answer.headers) == (405, (("Allow", "GET, HEAD"),))
    assert (folder / "plain").read_text() == "bytes"


def test_status_is_the_whole_answer() -> None:
    def connect(port: int) -> socket.socket:
        raise AssertionError(port)

    answer = responder(Origin.create("a.example", status=503), connect)
    assert answer(get("/any")) == HttpAnswer(503)


class Echo(BaseHTTPRequestHandler):
    """Returns the request as JSON, with status 201 and two headers."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        seen = {
            "method": self.command,
            "target": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(seen).encode()
        self.send_response(201)
        self.send_header("X-Own", "1")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 (a name of http.server)

    def log_message(self, *_: object) -> None:
        """Write no log."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def proxy(port: int) -> Responder:
    return responder(
        Origin.create("api.example.com", port=port),
        lambda number: socket.create_connection(("127.0.0.1", number), timeout=2),
    )


def test_proxy_passes_on_the_request_and_the_answer(server: ThreadingHTTPServer) -> None:
    headers = (("Accept", "text/plain"), ("Connection", "keep-alive"), ("X-Forwarded-For", "spoofed"))
    answer = proxy(server.server_port)(get("/a?b=c%20d", "POST", headers=headers, body=b"order"))
    assert answer.status == 201
    assert ("X-Own", "1") in answer.headers
    assert not {"connection", "content-length"} & {name.lower() for name, _ in answer.headers}
    seen = json.loads(answer.body)
    assert (seen["method"], seen["target"], seen["body"]) == ("POST", "/a?b=c%20d", "order")
    assert seen["headers"] == {
        "host": "api.example.com",
        "accept": "text/plain",
        "x-forwarded-for": CALLER,
        "x-forwarded-proto": "https",
        "content-length": "5",
    }


def test_proxy_without_a_server_answers_502() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    answer = proxy(port)(get("/"))
    assert answer.status == 502
    assert json.loads(answer.body) == {"error": f"127.0.0.1:{port} does not answer: Connection refused"}


def test_proxy_to_a_server_that_speaks_no_http_answers_502() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"220 mail.example ESMTP\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=greet)
        thread.start()
        answer = proxy(listener.getsockname()[1])(get("/"))
        thread.join()
    assert answer.status == 502


def test_host_loopback_connects_and_reports_refusals(server: ThreadingHTTPServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        free = reserved.getsockname()[1]
    program = (
        "import sys\n"
        "from vpcache.lab.daemon.host_loopback import HostLoopback\n"
        "loopback = HostLoopback.fork(closed=())\n"
        "for port in map(int, sys.argv[1:]):\n"
        "    try:\n"
        "        with loopback.connect(port) as end:\n"
        "            print(end.getpeername()[1])\n"
        "    except OSError as error:\n"
        "        print(error.strerror)\n"
    )
    ports = [server.server_port, free, server.server_port]
    result = run_python(program, *map(str, ports))
    assert result == [str(server.server_port), "Connection refused", str(server.server_port)]


def run_python(program: str, *arguments: str) -> list[str]:
    """Run a program in a process without threads, since it forks; return the lines of its output."""
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
