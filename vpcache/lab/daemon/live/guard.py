"""Protection of the page: only the page itself, served by this lab, may read its events and act. Pure.

The check of the headers Host and Origin in `host_check` comes before. It admits the pages of other servers of
this machine, which are other sites to a browser: it names the relation of a page to the lab in the header
Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), and the page's own origin in Origin.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

TOKEN_HEADER = "X-Lab-Token"  # noqa: S105  # a name
_OWN_SITES = ("same-origin", "none")  # "none": typed by the user, or a bookmark

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""The headers of all responses of the page. There are none for CORS, so other sites read nothing."""


def foreign_site(headers: Mapping[str, str], *, may_be_linked: bool = False) -> str | None:
    """Return why a request is rejected as another site's, None if it is accepted.

    With `may_be_linked`, a link on another site may lead here; its document cannot be read there.
    """
    site = headers.get("Sec-Fetch-Site")
    is_link = headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"
    if site is not None and site not in _OWN_SITES and not (may_be_linked and is_link):
        return f"invalid Sec-Fetch-Site header {site!r}: the lab does not serve pages of other sites"
    origin, host = headers.get("Origin"), headers.get("Host")
    if origin is not None and origin != f"http://{host}":
        return f"invalid Origin header {origin!r}: the lab does not serve pages of other sites"
    return None


def wrong_token(headers: Mapping[str, str], token: str) -> str | None:
    """Return why a request for a change is rejected for its token, None if it is accepted."""
    sent = headers.get(TOKEN_HEADER, "")
    if hmac.compare_digest(sent.encode(), token.encode()):
        return None
    return f"invalid {TOKEN_HEADER} header: reload the page, its token is that of a lab that has ended"


def asks_for_page(method: str, query: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request for `/` is for the page, and not for AWS's API, such as ListBuckets.

    Requests for AWS's API are signed, and do not accept HTML.
    """
    return (
        method in ("GET", "HEAD")
        and not query
        and "Authorization" not in headers
        and "text/html" in headers.get("Accept", "")
    )
