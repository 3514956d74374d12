"""The service and the action of a request."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.gateway.call_counter import RestRequest
from vpcache.lab.aws.gateway.unsupported import READ_ACTION_PREFIXES

_QUERY_PROTOCOL = frozenset({"cloudformation", "ec2", "elasticache"})  # a form names the action
RECONCILED_SERVICES = frozenset({"ec2", "elasticache", "lambda"})
"""The services whose changes affect the data plane."""
_WITHOUT_EFFECT = re.compile(
    r"/(invocations|invoke-async|response-streaming-invocations)/?$|^/2018-10-31/layers/"
)
"""Paths of Lambda's API whose requests do not affect the data plane: invocations and layers."""
_READING = ("GET ", "HEAD ", "Filter", "Head", "Lookup", "Query", "Search", "Simulate")
"""How further actions start that change nothing."""
_NAMED_EARLY = ("apigateway", "lambda")
"""The services whose requests are validated by the operation that their URL names."""
_UNSIGNED = {"AssumeRoleWithSAML": "sts", "AssumeRoleWithWebIdentity": "sts"}  # services by action
_SCOPE = re.compile(r"Credential=([^/]+)/[^/]+/([^/]+)/([^/]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, as far as it can be recognized without the service's model."""

    service: str  # its signing name, empty for an unsigned request
    action: str  # the API's name, or "METHOD /path" where only the URL identifies the action
    is_change: bool  # of a service that affects the data plane
    is_dry_run: bool = False
    form: Mapping[str, list[str]] = field(default_factory=dict, repr=False)  # blank values included
    region: str = ""  # that the request is signed for
    key_id: str = field(default="", repr=False)  # of the access key that signed it

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> Call:
        """Parse a request. Its body can still be read."""
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        key_id, region, service = scope.groups() if scope else ("", "", "")
        form = _form(environ)
        action = _action(service, environ, form)
        service = service or _UNSIGNED.get(action, "")
        if service in _QUERY_PROTOCOL:
            is_change = not action.startswith(READ_ACTION_PREFIXES)
        else:
            is_without_effect = _WITHOUT_EFFECT.search(environ["PATH_INFO"])
            is_change = environ["REQUEST_METHOD"] not in ("GET", "HEAD") and not is_without_effect
        is_dry_run = service == "ec2" and form.get("DryRun") == ["true"]
        return cls(
            service, action, is_change and service in RECONCILED_SERVICES, is_dry_run, form, region, key_id
        )

    @property
    def is_read(self) -> bool:
        """Whether the request changes nothing in the model, whichever service it is for."""
        return self.action.startswith((*READ_ACTION_PREFIXES, *_READING))

    @property
    def is_named(self) -> bool:
        """Whether `action` is the API's name."""
        return " " not in self.action


def body_of(environ: WSGIEnvironment) -> bytes:
    """Return the body of a request. It can still be read again.

    A body in chunks has no length before it is read: https://www.rfc-editor.org/rfc/rfc9112#name-transfer-encoding
    """
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body: bytes = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
        del environ["HTTP_TRANSFER_ENCODING"]
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def json_of(environ: WSGIEnvironment) -> Any:
    """Return the JSON document in the body of a request, {} if the body is none."""
    try:
        return json.loads(body_of(environ) or b"{}")
    except (ValueError, RecursionError):
        return {}


def _form(environ: WSGIEnvironment) -> dict[str, list[str]]:
    """Return the form of a request, empty if it has none."""
    form = environ.get("QUERY_STRING", "")
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = body_of(environ).decode(errors="replace") or form
    return parse_qs(form, keep_blank_values=True)


def _action(service: str, environ: WSGIEnvironment, form: Mapping[str, list[str]]) -> str:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rsplit(".", 1)[-1]
    if action := form.get("Action", [""])[0]:
        return action
    request = RestRequest.of(service, environ)
    operation = request.operation if service in _NAMED_EARLY else None
    return operation or f"{request.method} {request.path}"
