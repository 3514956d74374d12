"""Requests while the control plane is loaded."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from vpcache.lab.daemon.startup import StartingApplication

STATUS = {"pid": 7, "faults": []}
LOADED = ("200 OK", b"loaded")
SECONDS = 10


def application(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    status, body = LOADED
    start_response(status, [])
    return [body]


def ask(
    app: StartingApplication, path: str, host: str = "127.0.0.1:4600", **environ: str
) -> tuple[str, bytes]:
    """Return status and body of the response to a request."""
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": host, **environ}
    responses: list[str] = []

    def start_response(status: str, *_: Any) -> Callable[[bytes], object]:
        responses.append(status)
        return lambda _: None

    body = b"".join(app(request, start_response))
    return responses[0], body


@pytest.fixture
def release() -> Iterable[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def starting(release: threading.Event) -> StartingApplication:
    """An application that is loaded once `release` is set."""

    def load() -> Callable[..., Iterable[bytes]]:
        release.wait(SECONDS)
        return application

    app = StartingApplication(load, lambda: STATUS)
    app.start()
    return app


def test_status_does_not_wait_for_the_load(starting: StartingApplication, release: threading.Event) -> None:
    status, body = ask(starting, "/_lab/status")
    assert status == "200 OK"
    assert json.loads(body) == STATUS
    release.set()
    assert ask(starting, "/") == LOADED
    assert ask(starting, "/_lab/status") == LOADED


@pytest.mark.parametrize(
    ("path", "environ"),
    [
        ("/", {}),
        ("/_lab/tree", {}),
        ("/_lab/status", {"REQUEST_METHOD": "PUT"}),
        ("/_lab/status", {"host": "evil.example"}),
        ("/_lab/status", {"HTTP_ORIGIN": "https://evil.example"}),
    ],
)
def test_other_requests_wait_for_the_load(
    starting: StartingApplication, release: threading.Event, path: str, environ: dict[str, str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, starting, path, **environ)
        with pytest.raises(TimeoutError):
            answer.result(0.1)
        release.set()
        assert answer.result(SECONDS) == LOADED


def test_failed_load_is_the_answer_to_all_requests_but_for_the_status(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def load() -> Callable[..., Iterable[bytes]]:
        raise ImportError("no module named moto")

    app = StartingApplication(load, lambda: STATUS)
    with caplog.at_level(logging.ERROR):
        app.start()
        status, body = ask(app, "/_lab/tree")
    assert status == "500 Internal Server Error"
    assert "no module named moto" in json.loads(body)["error"]
    assert ask(app, "/_lab/status")[0] == "200 OK"
    assert "Traceback" in caplog.text
