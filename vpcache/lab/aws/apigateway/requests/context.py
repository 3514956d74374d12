"""A request to an HTTP API with what API Gateway knows of it. Pure."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote

from vpcache.lab.aws.apigateway.model import HttpApi, Route, Stage
from vpcache.lab.aws.awslambda.url_callers import UrlCaller
from vpcache.lab.services.http_host import HttpRequest


def _request_id() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(11)).decode()


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request; `route` is the selected one, with the values of its path parameters.

    Before they are selected, the stage has no name and the route no key.
    """

    api: HttpApi
    request: HttpRequest
    stage: Stage = field(default_factory=lambda: Stage(""))
    route: Route = field(default_factory=lambda: Route("", id=""))
    parameters: Mapping[str, str] = field(default_factory=dict)
    caller: UrlCaller | None = None  # of a route with the authorization type AWS_IAM
    id: str = field(default_factory=_request_id)
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def path(self) -> str:
        """The decoded path with the stage. API Gateway cuts it at a question mark that it decoded."""
        return decoded_path(self.request.path)

    @property
    def query(self) -> str:
        """The query as the client encoded it."""
        return self.request.target.partition("?")[2]

    @property
    def header(self) -> Mapping[str, str]:
        """The values of the headers by lower-case name, joined with commas."""
        joined: dict[str, str] = {}
        for name, value in self.request.headers:
            key = name.lower()
            joined[key] = f"{joined[key]},{value}" if key in joined else value
        return joined

    @property
    def clf_time(self) -> str:
        """The time in the common log format."""
        return f"{self.time:%d/%b/%Y:%H:%M:%S +0000}"

    @property
    def epoch(self) -> int:
        """The time in milliseconds since the epoch."""
        return int(self.time.timestamp() * 1000)

    def source_arn(self) -> str:
        """Return the ARN of the route, which a permission of the function names."""
        method, _, template = self.route.key.partition(" ")
        return self._arn(f"{self.request.method}{template}" if template else method)

    def request_arn(self, path: str) -> str:
        """Return the ARN for which the signer of the request must be authorized; `path` has no stage."""
        return self._arn(f"{self.request.method}{path}")

    def _arn(self, resource: str) -> str:
        api = self.api
        return f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}/{self.stage.name}/{resource}"


def decoded_path(path: str) -> str:
    """Return a path as API Gateway selects the route by it."""
    return unquote(path).partition("?")[0] or "/"
