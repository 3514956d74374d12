"""The page of the lab on its port: its files, its events, its actions. All other requests are passed on."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, MethodNotAllowed, NotFound
from werkzeug.exceptions import ServiceUnavailable as Unavailable
from werkzeug.wrappers import Request, Response

from vpcache.lab.daemon.live.feed import Feed, TooManySubscribersError
from vpcache.lab.daemon.live.guard import HEADERS, asks_for_page, foreign_site, wrong_token
from vpcache.lab.errors import LabError

Action = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Takes the object of a request, and returns that of the response. It may raise LabError."""
FILES = Path(__file__).parent.parent / "page"
"""The folder with the page's files: index.html, scripts and styles."""
LIVE = "/_lab/live"
_FILES_PREFIX, _ACTIONS_PREFIX = "/_lab/page/", "/_lab/live/"
_TOKEN = "{{token}}"  # noqa: S105  # what the token replaces in index.html
_EVENTS = "text/event-stream"
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
}
_log = logging.getLogger(__name__)


class PageMiddleware:
    """Serves the page, and passes requests for AWS's API and the lab's own on to `application`.

    What changes something needs `token`, which only the page's own document has.
    """

    def __init__(
        self,
        application: WSGIApplication,
        feed: Feed,
        actions: Mapping[str, Action],
        *,
        files: Path = FILES,
        token: str | None = None,
    ) -> None:
        self._application = application
        self._feed = feed
        self._actions = actions
        self._files = files
        self._token = token or secrets.token_urlsafe(32)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path != "/" and path != LIVE and not path.startswith((_FILES_PREFIX, _ACTIONS_PREFIX)):
            return self._application(environ, start_response)
        request = Request(environ)
        headers, query = dict(request.headers), environ.get("QUERY_STRING", "")
        if path == "/" and not asks_for_page(request.method, query, headers):
            return self._application(environ, start_response)
        try:
            response = self._respond(request)
        except HTTPException as error:
            response = _json({"error": error.description}, error.code or 500)
        response.headers.update(HEADERS)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if reason := foreign_site(dict(request.headers), may_be_linked=request.path == "/"):
            raise Forbidden(reason)
        if request.path.startswith(_ACTIONS_PREFIX):
            return self._act(request)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed(["GET"], f"{request.path} is read with GET")
        if request.path == LIVE:
            return self._events() if request.method == "GET" else Response(mimetype=_EVENTS)
        name = "index.html" if request.path == "/" else request.path.removeprefix(_FILES_PREFIX)
        return self._file(name)

    def _file(self, name: str) -> Response:
        path = self._files / name
        if "/" in name or path.suffix not in _TYPES or not path.is_file():
            raise NotFound(f"the page has no file {name!r}")
        content = path.read_bytes()
        if path.suffix == ".html":
            content = content.replace(_TOKEN.encode(), self._token.encode())
        headers = {"Cache-Control": "no-cache" if path.suffix != ".html" else "no-store"}
        return Response(content, mimetype=_TYPES[path.suffix], headers=headers)

    def _events(self) -> Response:
        try:
            subscription = self._feed.subscribe()
        except TooManySubscribersError as error:
            raise Unavailable(str(error)) from error
        return Response(
            subscription,
            mimetype=_EVENTS,
            headers={"Cache-Control": "no-store"},
            direct_passthrough=True,
        )

    def _act(self, request: Request) -> Response:
        name = request.path.removeprefix(_ACTIONS_PREFIX)
        action = self._actions.get(name)
        if action is None:
            raise NotFound(f"unknown action {name!r}; choose from {', '.join(self._actions)}")
        if request.method != "POST":
            raise MethodNotAllowed(["POST"], f"{request.path} is called with POST")
        if reason := wrong_token(dict(request.headers), self._token):
            raise Forbidden(reason)
        body = _object(request)
        try:
            return _json(action(body))
        except LabError as error:
            raise BadRequest(str(error)) from error
        except TypeError as error:
            raise BadRequest(f"invalid members of {name}: {error}") from error
        except NotImplementedError as error:
            return _json({"error": str(error)}, 501)
        except Exception as error:
            _log.exception("the action %s of the page failed", name)
            return _json({"error": _message(error)}, 500)


def _object(request: Request) -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise BadRequest(f"the body is {request.mimetype or 'of no type'}: must be application/json")
    body = request.get_json()
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _json(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status=status, mimetype="application/json")


def _message(error: Exception) -> str:
    """Return the text of an error; those of moto have it in an attribute."""
    return str(getattr(error, "message", "") or error or type(error).__name__)
