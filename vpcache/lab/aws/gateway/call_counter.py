"""Counts the operations that clients call, so that an IAM policy for the same calls on AWS can be derived."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import WSGIEnvironment

_MAX_UNRESOLVED = 10_000
_MORE_MODELS = {"apigateway": ("apigatewayv2",)}
"""Models by signing name, in addition to the one with this name."""
_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com")


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request whose operation is identified by method, path and query only (S3, Lambda)."""

    service: str  # its signing name
    method: str
    path: str
    query: str
    headers: frozenset[str]  # names of the x-amz-* headers, in lower case

    @classmethod
    def of(cls, service: str, environ: WSGIEnvironment) -> RestRequest:
        """Parse a request. A bucket in the name of the host is moved into the path, as AWS's model has it."""
        path = str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0]  # %2F stays quoted
        bucket = bucket_in_host(environ) if service == "s3" else ""
        return cls(
            service=service,
            method=environ["REQUEST_METHOD"],
            path=f"/{bucket}{path}".removesuffix("/") if bucket else path,
            query=environ.get("QUERY_STRING", ""),
            headers=frozenset(
                key.removeprefix("HTTP_").replace("_", "-").lower()
                for key in environ
                if key.startswith("HTTP_X_AMZ_")
            ),
        )

    @property
    def operation(self) -> str | None:
        """The operation's name, None if AWS's model has no such request."""
        query = parse_qs(self.query, keep_blank_values=True)
        return operation(self.service, self.method, self.path, query, self.headers)

    def __str__(self) -> str:
        return f"{self.service}:{self.operation or f'{self.method} {self.path}'}"


def bucket_in_host(environ: WSGIEnvironment) -> str:
    """Return the bucket of a request in virtual-hosted style, "" for other requests.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    match = _VIRTUAL_HOST.fullmatch(environ.get("HTTP_HOST", "").partition(":")[0])
    return match["bucket"] if match else ""


class CallCounter:
    """Counts calls by signing name and operation, as in `ec2:CreateVpc`.

    Requests that are identified by method and path are resolved when the counts are read, since AWS's models
    take a second to load.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._unresolved: Counter[RestRequest] = Counter()
        self._lock = threading.Lock()

    def record(self, call: str | RestRequest) -> None:
        """Count a call."""
        with self._lock:
            if isinstance(call, str):
                self._counts[call] += 1
                return
            self._unresolved[call] += 1
            if len(self._unresolved) > _MAX_UNRESOLVED:
                self._resolve()

    def counts(self) -> dict[str, int]:
        """Return the number of calls since the lab started, successful or not, by operation."""
        with self._lock:
            self._resolve()
            return dict(sorted(self._counts.items()))

    def _resolve(self) -> None:
        for request, count in self._unresolved.items():
            self._counts[str(request)] += count
        self._unresolved.clear()


@dataclass(frozen=True, slots=True)
class _Route:
    """How an operation is addressed: method, path, and its requirements on the query and the headers."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]  # parameters with fixed values
    parameters: frozenset[str]  # names of required parameters
    headers: frozenset[str]  # names of required headers
    is_deprecated: bool  # its successor may have the same address

    def has_fixed_query(self, query: Mapping[str, list[str]]) -> bool:
        """Return whether a query contains this route's parameters with fixed values."""
        return all(query.get(key, [None])[0] == value for key, value in self.query.items())

    def has_address(self, method: str, path: str) -> bool:
        """Return whether this route has a method and a path."""
        return method == self.method and self.path.fullmatch(path) is not None

    @property
    def specificity(self) -> tuple[int, bool]:
        """The number of requirements: of several matching routes, the most specific one is used."""
        return len(self.query) + len(self.parameters) + len(self.headers), not self.is_deprecated


def operation(
    service: str, method: str, path: str, query: Mapping[str, list[str]], headers: frozenset[str]
) -> str | None:
    """Return the name of the operation of a request to `service`, None if AWS's model has no such request.

    `query` contains blank values, `headers` names in lower case. The model is botocore's.
    """
    candidates = [
        route
        for route in _routes(service)
        if route.has_address(method, path) and route.has_fixed_query(query)
    ]
    matches = [route for route in candidates if route.parameters <= query.keys() and route.headers <= headers]
    if len(candidates) == 1:  # the only possibility, even if a required part is missing
        matches = candidates
    return max(matches, key=lambda route: route.specificity).operation if matches else None


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        models = [
            Loader().load_service_model(name, "service-2")
            for name in (service, *_MORE_MODELS.get(service, ()))
        ]
    except UnknownServiceError:
        return ()
    return tuple(
        _route(name, each, model["shapes"]) for model in models for name, each in model["operations"].items()
    )


def _route(name: str, model: Mapping[str, Any], shapes: Mapping[str, Any]) -> _Route:
    uri = urlsplit(model["http"]["requestUri"])
    query = {key: values[0] for key, values in parse_qs(uri.query, keep_blank_values=True).items()}
    members = dict(_required_members(model, shapes))
    return _Route(
        operation=name,
        method=model["http"]["method"],
        path=re.compile("".join(_pattern(uri.path)) + "/?"),
        query=query,
        parameters=frozenset(member for member, location in members.items() if location == "querystring"),
        headers=frozenset(member.lower() for member, location in members.items() if location == "header"),
        is_deprecated=bool(model.get("deprecated")),
    )


def _required_members(model: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the serialized name of each required member, and its location in the request."""
    shape = shapes[model["input"]["shape"]] if "input" in model else {}
    for name in shape.get("required", ()):
        member = shape["members"][name]
        yield member.get("locationName", name), member.get("location", "body")


def _pattern(path: str) -> Iterator[str]:
    """Yield the regular expression of a path with {Labels}; a label with a plus spans slashes."""
    for part in re.split(r"(\{[\w-]+\+?\})", path):
        if part.endswith("+}"):
            yield ".+"
        else:
            yield "[^/]+" if part.startswith("{") else re.escape(part)
