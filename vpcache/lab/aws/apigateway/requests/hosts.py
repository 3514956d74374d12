"""The hosts of HTTP APIs: their names, and their servers, which are imported at the first request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-publish.html
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vpcache.lab.aws.apigateway.requests.answers import message
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest
from vpcache.lab.services.named_hosts import NamedHosts

if TYPE_CHECKING:
    from vpcache.lab.aws.apigateway.requests.calls import ApiRequests

_HOST = re.compile(r"([a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com)(?::\d+)?", re.IGNORECASE)
_MAX_BODY = 10 << 20
"""Bytes of a request: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""


def http_api_hosts() -> NamedHosts:
    """Return the servers of all default endpoints, with separate limits."""

    @cache
    def requests() -> ApiRequests:
        from vpcache.lab.aws.apigateway.requests.calls import ApiRequests

        return ApiRequests()

    def answer(hostname: str, request: HttpRequest) -> HttpAnswer:
        return requests().answer(hostname, request)

    too_large = message(413, "Request Entity Too Large")
    return NamedHosts(_HOST, answer, _MAX_BODY, too_large)


def is_resolvable(name: str) -> bool:
    """Return whether a host in lower case resolves: not if it has the form of an endpoint without API."""
    if _HOST.fullmatch(name) is None:
        return True
    from vpcache.lab.aws.apigateway.requests.calls import find_api

    return find_api(name) is not None
