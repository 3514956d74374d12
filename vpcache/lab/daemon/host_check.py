"""Protection of the lab against web pages (DNS rebinding, cross-site requests).

A page of any site can make its browser send requests to loopback. Such a request has the page's site in its
header Origin, or in its header Host if the site's name was made to resolve to 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

_OWN_HOSTS = ("127.0.0.1", "localhost")


class HostHeaderMiddleware:
    """Passes requests on to `application`, except those that come from a page of another site."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request; a rejected one with status 403."""
        reason = rejection_reason(environ.get("HTTP_HOST", ""), environ.get("HTTP_ORIGIN"))
        if reason is None:
            return self._application(environ, start_response)
        body = f"{reason}\n".encode()
        start_response(
            "403 Forbidden",
            [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
        )
        return [body]


def rejection_reason(host: str, origin: str | None) -> str | None:
    """Return why a request with these headers is rejected, or None if it is accepted."""
    if _hostname(f"//{host}") not in _OWN_HOSTS:
        return f"invalid Host header {host!r}: call the lab as {' or '.join(_OWN_HOSTS)}"
    if origin is not None and _hostname(origin) not in _OWN_HOSTS:
        return f"invalid Origin header {origin!r}: the lab does not serve pages of other sites"
    return None


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
