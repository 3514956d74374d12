"""What a user's origin answers: the files of a folder, the answers of a server on the host, or one status."""

from __future__ import annotations

import json
import mimetypes
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import unquote

from vpcache.lab.origins import Origin
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

MAX_ANSWER = 64 << 20  # bytes of a body that an origin passes on
_PROXY_TIMEOUT = 30.0  # seconds
_JSON = (("Content-Type", "application/json"),)
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""The headers of one connection, which a proxy does not pass on (RFC 9110, 7.6.1), and the body's length."""
_SET_BY_HOST = frozenset({"date", "server"})

Responder = Callable[[HttpRequest], HttpAnswer]
Connect = Callable[[int], socket.socket]
"""A function from a port of the host's 127.0.0.1 to a connected socket. Raises OSError."""


def responder(origin: Origin, connect: Connect) -> Responder:
    """Return the function that answers the requests to `origin`, without its delay."""
    if origin.folder is not None:
        return partial(file_answer, Path(origin.folder))
    if origin.port is not None:
        return partial(proxy_answer, origin.name, origin.port, connect)
    return lambda _: HttpAnswer(origin.status or HTTPStatus.OK)


def file_answer(folder: Path, request: HttpRequest) -> HttpAnswer:
    """Answer GET and HEAD with a file of `folder`.

    A path without a file of that name is the file with the suffix `.json`, or `index.html` in a folder of
    that name. Links that lead out of the folder are not followed.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpAnswer(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET, HEAD"),))
    path = _file_of(folder.resolve(), unquote(request.path))
    if path is None:
        return _problem(HTTPStatus.NOT_FOUND, f"no file for {request.path}")
    try:
        body = path.read_bytes()
    except OSError as error:
        return _problem(HTTPStatus.FORBIDDEN, f"cannot read the file for {request.path}: {error.strerror}")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return HttpAnswer(HTTPStatus.OK, body, (("Content-Type", kind),))


def proxy_answer(name: str, port: int, connect: Connect, request: HttpRequest) -> HttpAnswer:
    """Pass a request on to `port` of the host's 127.0.0.1, with the host name `name`, and return its answer.

    The server gets the caller's address in X-Forwarded-For. If it does not answer, the status is 502.
    """
    connection = HTTPConnection(name)
    try:
        connection.sock = connect(port)
        connection.sock.settimeout(_PROXY_TIMEOUT)
        connection.putrequest(request.method, request.target, skip_accept_encoding=True, skip_host=True)
        for header, value in _forwarded(name, request):
            connection.putheader(header, value)
        connection.endheaders(request.body or None)
        reply = connection.getresponse()
        body = reply.read(MAX_ANSWER + 1)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return _problem(HTTPStatus.BAD_GATEWAY, f"127.0.0.1:{port} does not answer: {reason}")
    finally:
        connection.close()
    if len(body) > MAX_ANSWER:
        return _problem(HTTPStatus.BAD_GATEWAY, f"the answer of 127.0.0.1:{port} exceeds {MAX_ANSWER} bytes")
    skipped = _HOP_BY_HOP | _SET_BY_HOST
    headers = tuple((key, value) for key, value in reply.getheaders() if key.lower() not in skipped)
    return HttpAnswer(reply.status, body, headers)


def _file_of(folder: Path, path: str) -> Path | None:
    if "\0" in path:
        return None
    wanted = folder / path.lstrip("/")
    for candidate in (wanted, Path(f"{wanted}.json"), wanted / "index.html"):
        try:
            resolved = candidate.resolve()
            if resolved.is_file() and resolved.is_relative_to(folder):
                return resolved
        except OSError:  # a name that is too long
            continue
    return None


def _forwarded(name: str, request: HttpRequest) -> list[tuple[str, str]]:
    skipped = _HOP_BY_HOP | {"host", "x-forwarded-for", "x-forwarded-proto"}
    return [
        ("Host", name),
        *((key, value) for key, value in request.headers if key.lower() not in skipped),
        ("X-Forwarded-For", request.caller),
        ("X-Forwarded-Proto", "https"),
        *([("Content-Length", str(len(request.body)))] if request.body else []),
    ]


def _problem(status: HTTPStatus, message: str) -> HttpAnswer:
    return HttpAnswer(status, json.dumps({"error": message}).encode(), _JSON)
