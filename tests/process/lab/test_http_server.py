"""The server of the lab's port: persistent connections, concurrent requests, and the WSGI environment."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.support.served.region import serve
from vpcache.lab.aws.gateway.call import body_of
from vpcache.lab.daemon.http_server import PersistentServer

MANY = 60  # more than the threads at the start
SECONDS = 30


class Application:
    """Responds with what it got; /wait waits for `released`, /error fails with status 503."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.waiting = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/wait":
            self.waiting.release()
            self.released.wait(SECONDS)
        body = b"" if path == "/unread" else body_of(environ)
        if path == "/twice":
            body += body_of(environ)
        shown = {key: value for key, value in environ.items() if isinstance(value, str | dict)}
        content = json.dumps(shown | {"body": body.decode()}).encode()
        status = "503 Service Unavailable" if path == "/error" else "200 OK"
        start_response(status, [("Content-Length", str(len(content)))])
        return [content]


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def port(application: Application) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = PersistentServer(listener, application)
        server.prepare()
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield listener.getsockname()[1]
        application.released.set()
        server.stop()
        thread.join()


def request(connection: HTTPConnection, path: str, body: str = "", **headers: str) -> dict[str, Any]:
    connection.request("POST", path, body, {key.replace("__", "-"): value for key, value in headers.items()})
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    return answer


def test_connection_serves_many_requests(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    ports = {request(connection, "/")["REMOTE_PORT"] for _ in range(20)}
    assert ports == {str(connection.sock.getsockname()[1])}


def test_body_that_is_not_read_is_no_next_request(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    request(connection, "/unread", "GET /other HTTP/1.1\r\n\r\n")
    assert request(connection, "/second", "x")["body"] == "x"
    assert request(connection, "/error")["PATH_INFO"] == "/error"
    assert request(connection, "/third")["PATH_INFO"] == "/third"


def test_headers_and_body_arrive_together(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        for _ in range(50):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head


def test_body_is_requested_at_once(port: int) -> None:
    assert_body_is_requested_at_once(port)


def test_body_is_requested_at_once_inside_the_lab() -> None:
    with serve() as region:
        assert_body_is_requested_at_once(int(region.url.rpartition(":")[2]))


def assert_body_is_requested_at_once(port: int) -> None:
    """Check the answer to `Expect: 100-continue`, for which SDKs wait one second before sending the body."""
    credential = "Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    head = (
        f"PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 {credential}\r\n"
        "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"x")
        assert b"100 Continue" not in connection.recv(1 << 16)


def test_body_in_chunks_can_be_read_twice(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("POST", "/twice", iter([b"one ", b"two"]), encode_chunked=True)
    assert json.loads(connection.getresponse().read())["body"] == "one twoone two"
    assert request(connection, "/twice", "x")["body"] == "xx"


def test_requests_that_wait_do_not_delay_others(port: int, application: Application) -> None:
    with ThreadPoolExecutor(MANY) as pool:
        calls = [
            pool.submit(request, HTTPConnection("127.0.0.1", port, timeout=SECONDS), "/wait")
            for _ in range(MANY)
        ]
        try:
            for _ in range(MANY):
                assert application.waiting.acquire(timeout=SECONDS), "a request waits for a thread"
            assert request(HTTPConnection("127.0.0.1", port, timeout=SECONDS), "/")["PATH_INFO"] == "/"
        finally:
            application.released.set()
        assert {call.result()["PATH_INFO"] for call in calls} == {"/wait"}


def test_environment_has_the_decoded_path_and_the_raw_one(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    environ = request(connection, "/a%2Fb%20c//d?x=%2F")
    assert environ["PATH_INFO"] == "/a/b c//d"
    assert environ["RAW_URI"] == "/a%2Fb%20c//d?x=%2F"
    assert environ["QUERY_STRING"] == "x=%2F"


def test_only_metadata_of_objects_may_have_underscores(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    environ = request(
        connection,
        "/",
        **{"x-amz-meta-my_key": "kept", "x_amz_date": "dropped", "Content__Type": "text/plain"},
    )
    assert environ["HTTP_X_AMZ_META_MY_KEY"] == "kept"
    assert environ["moto.preserved_header_names"] == {"HTTP_X_AMZ_META_MY_KEY": "x-amz-meta-my_key"}
    assert "HTTP_X_AMZ_DATE" not in environ
    assert environ["CONTENT_TYPE"] == "text/plain"
    environ = request(connection, "/", **{"x_amz_date": "false", "x-amz-date": "true"})
    assert environ["HTTP_X_AMZ_DATE"] == "true"


def test_server_errors_are_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    request(connection, "/error")
    request(connection, "/")  # answered after the end of the request before
    assert "POST /error: 503 Service Unavailable" in caplog.text
