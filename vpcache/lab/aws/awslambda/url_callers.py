"""Who signed a request to a function URL, or to an HTTP API.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from vpcache.lab.services.http_host import HttpRequest

_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 .*Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The credentials in the headers of a signed request."""

    key_id: str
    region: str
    token: str  # of temporary credentials, empty for others


@dataclass(frozen=True, slots=True)
class UrlCaller:
    """A principal that may call a URL with AuthType AWS_IAM, or a route with this authorization type."""

    access_key_id: str
    account: str
    arn: str
    user_id: str


class UrlCallers(Protocol):
    """Decides who may call a URL with AuthType AWS_IAM, by the policies of IAM. For several threads."""

    def url_caller(self, signature: Signature, function_arn: str) -> UrlCaller | None:
        """Return who signed a request to a URL, None if it is forbidden.

        `function_arn` has the alias of the URL, if there is one.
        """
        ...

    def api_caller(self, signature: Signature, request_arn: str) -> UrlCaller | None:
        """Return who signed a request to an HTTP API, None if it is forbidden.

        `request_arn` has the API, the stage, the method and the path.
        """
        ...


def signature_of(request: HttpRequest, service: str = "lambda") -> Signature | None:
    """Return the credentials of a request that is signed for a service, None for another request."""
    headers = {name.lower(): value for name, value in request.headers}
    match = _CREDENTIAL.match(headers.get("authorization", ""))
    if match is None or match[3] != service:
        return None
    return Signature(match[1], match[2], headers.get("x-amz-security-token", ""))
