"""Requests to AWS's API that came through a VPC endpoint: which one, for those who answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_KEY = "vpcache.endpoint"  # no header has it: those have the prefix HTTP_


@dataclass(frozen=True, slots=True)
class UsedEndpoint:
    """The VPC endpoint that a request came through."""

    id: str
    vpc_id: str
    region: str


def through(endpoint: UsedEndpoint, api: WSGIApplication) -> WSGIApplication:
    """Return an application that answers as `api` does to requests through an endpoint."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return api({**environ, _KEY: endpoint}, start_response)

    return answer


def used_endpoint(environ: dict[str, Any]) -> UsedEndpoint | None:
    """Return the endpoint that a request came through, None if it came through the internet or the host."""
    endpoint: UsedEndpoint | None = environ.get(_KEY)
    return endpoint
