"""Servers that a WSGI application answers by the header Host, in front of another application.

A web page cannot send such a header Host to loopback: it would need a name of AWS's domains that resolves to
127.0.0.1. So these requests need no check of their origin, and reach nothing but these servers.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from wsgiref.types import WSGIApplication

from werkzeug.wrappers import Request, Response

from vpcache.lab.services.http_host import MAX_BODY, HttpAnswer, HttpRequest

_TOO_LARGE = HttpAnswer(413)


@dataclass(frozen=True, slots=True)
class NamedHosts:
    """Hosts whose names match `pattern`; group 1 is the name. `call` receives it in lower case.

    A request with more than `max_body` bytes gets `too_large`.
    """

    pattern: re.Pattern[str]
    call: Callable[[str, HttpRequest], HttpAnswer]
    max_body: int = MAX_BODY
    too_large: HttpAnswer = _TOO_LARGE


class NamedHostsMiddleware:
    """Answers requests to `hosts`; passes others on to `application`."""

    def __init__(self, application: WSGIApplication, hosts: NamedHosts) -> None:
        self._application = application
        self._hosts = hosts

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        match = self._hosts.pattern.fullmatch(environ.get("HTTP_HOST", ""))
        if match is None:
            return self._application(environ, start_response)
        response = _response(self._answer(match[1].lower(), environ))
        return response(environ, start_response)

    def _answer(self, hostname: str, environ: dict[str, Any]) -> HttpAnswer:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body = environ["wsgi.input"].read(self._hosts.max_body + 1)
            environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        request = Request(environ)
        if (request.content_length or 0) > self._hosts.max_body:
            return self._hosts.too_large
        return self._hosts.call(
            hostname,
            HttpRequest(
                request.method,
                environ["RAW_URI"],
                environ.get("REMOTE_ADDR", ""),
                tuple((name, value) for name, value in request.headers.items()),
                request.get_data(),
            ),
        )


def _response(answer: HttpAnswer) -> Response:
    response = Response(answer.body, status=answer.status)
    response.headers.clear()
    for name, value in answer.headers:
        response.headers.add(name, value)
    if answer.status != HTTPStatus.NO_CONTENT:
        response.headers["Content-Length"] = str(len(answer.body))
    return response
