"""Function URLs on the lab's port of the host's loopback, by their host names.

A web page cannot send such a header Host to loopback: it would need a name of AWS's domain that resolves to
127.0.0.1. So these requests need no check, and reach nothing but function URLs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import WSGIApplication

from werkzeug.wrappers import Request, Response

from vpcache.lab.services.http_host import MAX_BODY, HttpAnswer, HttpRequest

_HOST = re.compile(r"([a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws)(?::\d+)?", re.IGNORECASE)


class FunctionUrlMiddleware:
    """Answers requests to the host of a function URL by `call`; passes others on to `application`."""

    def __init__(self, application: WSGIApplication, call: Callable[[str, HttpRequest], HttpAnswer]) -> None:
        self._application = application
        self._call = call

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        match = _HOST.fullmatch(environ.get("HTTP_HOST", ""))
        if match is None:
            return self._application(environ, start_response)
        request = Request(environ)
        if (request.content_length or 0) > MAX_BODY:
            return Response(status=413)(environ, start_response)
        answer = self._call(
            match[1].lower(),
            HttpRequest(
                request.method,
                environ["RAW_URI"],
                environ.get("REMOTE_ADDR", ""),
                tuple((name, value) for name, value in request.headers.items()),
                request.get_data(),
            ),
        )
        response = Response(answer.body, status=answer.status)
        response.headers.clear()
        for name, value in answer.headers:
            response.headers.add(name, value)
        response.headers["Content-Length"] = str(len(answer.body))
        return response(environ, start_response)
