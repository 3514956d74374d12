"""What a request asks for."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.gateway.call_counter import RestRequest
from vpcache.lab.aws.gateway.unsupported import READING

SETTLING = frozenset({"ec2", "elasticache", "lambda"})  # services whose changes the data plane follows
_QUERY = frozenset({"ec2", "elasticache"})  # those of them that name the action in a form
_INVOCATION = re.compile(r"/(invocations|invoke-async|response-streaming-invocations)/?$")
_SCOPE = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks of which service."""

    service: str  # its signing name
    action: str  # the API's name for it, or "METHOD /path" where only the URL says
    is_change: bool  # of something that the data plane follows
    is_dry_run: bool = False
    form: Mapping[str, list[str]] = field(default_factory=dict, repr=False)  # with what is blank in it
    region: str = ""  # for which it is signed
    key_id: str = field(default="", repr=False)  # of the access key that it is signed with

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> Call:
        """Read a request; its body stays readable."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        key_id, region, service = scope.groups() if scope else ("", "", "")
        form = _form(environ)
        action = _action(service, environ, form)
        if service in _QUERY:
            is_change = not action.startswith(READING)
        else:
            is_invocation = _INVOCATION.search(environ["PATH_INFO"])
            is_change = environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not is_invocation
        is_dry_run = service == "ec2" and form.get("DryRun") == ["true"]
        return cls(service, action, is_change and service in SETTLING, is_dry_run, form, region, key_id)

    @property
    def is_named(self) -> bool:
        """Whether the action has its API's name."""
        return " " not in self.action


def body_of(environ: WSGIEnvironment) -> bytes:
    """Return the body of a request, which stays readable."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _form(environ: WSGIEnvironment) -> dict[str, list[str]]:
    """Return the form of a request, empty if it has none."""
    form = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = body_of(environ).decode(errors="replace") or form
    return parse_qs(form, keep_blank_values=True)


def _action(service: str, environ: WSGIEnvironment, form: Mapping[str, list[str]]) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rsplit(".", 1)[-1]
    if named := form.get("Action", [""])[0]:
        return named
    asked = RestRequest.of(service, environ)
    known = asked.operation if service == "lambda" else None  # others are not asked for so much
    return known or f"{asked.method} {asked.path}"
