"""Requests to the front door of a cached API: an HTTPS URL for requests that AWS credentials sign.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from vpcache.functions import FunctionError
from vpcache.stack.target import Target

_TIMEOUT = 30.0  # seconds, above the function's timeout
_SERVICE = "lambda"


@dataclass(frozen=True)
class FrontDoorAnswer:
    """The status, the headers by name in lower case, and the body of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class FrontDoor:
    """The front door at the URL in the output `cached_api_url` of a stack on a target."""

    target: Target
    url: str

    def get(self, path: str, *, is_signed: bool = True) -> FrontDoorAnswer:
        """Request a path. Raises FunctionError if there is no response."""
        location = urlsplit(self.url)
        headers = self._signature(path) if is_signed else {}
        connection = self._connection(location)
        try:
            connection.request("GET", path, headers={"host": location.netloc, **headers})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return FrontDoorAnswer(response.status, names, response.read())
        except (OSError, http.client.HTTPException) as error:
            raise FunctionError(f"front door {self.url}: {error}") from error
        finally:
            connection.close()

    def curl(self, path: str) -> str:
        """Return the curl command that requests a path, with the credentials of the shell on AWS.

        curl signs from 7.75 on: https://curl.se/docs/manpage.html#--aws-sigv4
        """
        location, served = urlsplit(self.url), self._served_at
        signed = f"--aws-sigv4 aws:amz:{self.target.region}:{_SERVICE}"
        if served:
            at = f"--connect-to ::{served.hostname}:{served.port}"
            return f"curl -i {at} {signed} --user lab:lab http://{location.netloc}{path}"
        keys = '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
        session = '-H "x-amz-security-token: $AWS_SESSION_TOKEN"'
        return f"curl -i {signed} {keys} {session} https://{location.netloc}{path}"

    @property
    def _served_at(self) -> SplitResult | None:
        """The endpoint that serves the URL by the name of its host: a lab's, None on AWS."""
        endpoint = self.target.client(_SERVICE).meta.endpoint_url
        return urlsplit(endpoint) if self.target.uses_path_style else None

    def _connection(self, location: SplitResult) -> http.client.HTTPConnection:
        if served := self._served_at:
            return http.client.HTTPConnection(str(served.hostname), served.port, timeout=_TIMEOUT)
        return http.client.HTTPSConnection(location.netloc, timeout=_TIMEOUT)

    def _signature(self, path: str) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method="GET", url=f"{self.url.rstrip('/')}{path}")
        credentials = self.target.session().get_credentials()
        SigV4Auth(credentials, _SERVICE, self.target.region).add_auth(request)
        return dict(request.headers.items())
