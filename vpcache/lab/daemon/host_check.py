"""Who may call the lab: programs of this machine, not the pages of a browser.

A page from anywhere can make its browser send requests to loopback. It gives itself away by the header
Origin, or, if its name was made to resolve to 127.0.0.1, by the header Host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

_OWN_HOSTS = ("127.0.0.1", "localhost")


class HostHeaderMiddleware:
    """Passes requests on to `application` unless their headers are those of a page from elsewhere."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, with 403 if it is refused."""
        complaint = rejection_reason(environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN"))
        if complaint is None:
            return self._application(environ, start_response)
        return Response(f"{complaint}\n", status=403, mimetype="text/plain")(environ, start_response)


def rejection_reason(host: str, origin: str | None) -> str | None:
    """Return why a request with these headers is refused, None if it is not."""
    if _name_in(f"//{host}") not in _OWN_HOSTS:
        return f"Host is {host!r}: call the lab as {' or '.join(_OWN_HOSTS)}"
    if origin is not None and _name_in(origin) not in _OWN_HOSTS:
        return f"Origin is {origin!r}: the lab does not answer the pages of other sites"
    return None


def _name_in(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
