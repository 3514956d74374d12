"""Which operations were asked of the region's API: what a role needs that is to do the same on AWS."""

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

_MANY = 10_000


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request whose operation only its method, path and query tell (S3, Lambda)."""

    service: str  # its signing name
    method: str
    path: str
    query: str
    headers: frozenset[str]  # names of Amazon's own, in lower case

    @classmethod
    def of(cls, service: str, environ: WSGIEnvironment) -> RestRequest:
        """Read a request."""
        return cls(
            service=service,
            method=environ["REQUEST_METHOD"],
            path=str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0],  # a slash may be quoted
            query=environ.get("QUERY_STRING", ""),
            headers=frozenset(
                key.removeprefix("HTTP_").replace("_", "-").lower()
                for key in environ
                if key.startswith("HTTP_X_AMZ_")
            ),
        )

    @property
    def operation(self) -> str | None:
        """The API's name of it, None if AWS's model has no such request."""
        query = parse_qs(self.query, keep_blank_values=True)
        return operation(self.service, self.method, self.path, query, self.headers)

    def __str__(self) -> str:
        return f"{self.service}:{self.operation or f'{self.method} {self.path}'}"


class Calls:
    """Counts calls by signing name and operation, as in `ec2:CreateVpc`.

    What method and path tell is looked up in AWS's models when somebody asks: these take a second to load.
    """

    def __init__(self) -> None:
        self._known: Counter[str] = Counter()
        self._unread: Counter[RestRequest] = Counter()
        self._lock = threading.Lock()

    def note(self, call: str | RestRequest) -> None:
        """Count one more."""
        with self._lock:
            if isinstance(call, str):
                self._known[call] += 1
                return
            self._unread[call] += 1
            if len(self._unread) > _MANY:
                self._read()

    def counts(self) -> dict[str, int]:
        """Return how often each was called since the lab began, whatever the answer."""
        with self._lock:
            self._read()
            return dict(sorted(self._known.items()))

    def _read(self) -> None:
        for asked, count in self._unread.items():
            self._known[str(asked)] += count
        self._unread.clear()


@dataclass(frozen=True, slots=True)
class _Route:
    """How an operation is asked for: its path, and what it needs in the query and the headers."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    names: frozenset[str]
    headers: frozenset[str]

    def is_among(self, query: Mapping[str, list[str]]) -> bool:
        """Tell whether a query has what is fixed in this one's."""
        return all(query.get(key, [None])[0] == value for key, value in self.query.items())

    def is_at(self, method: str, path: str) -> bool:
        return method == self.method and self.path.fullmatch(path) is not None

    @property
    def weight(self) -> int:
        """How much it asks for: of several that fit, the most particular one is meant."""
        return len(self.query) + len(self.names) + len(self.headers)


def operation(
    service: str, method: str, path: str, query: Mapping[str, list[str]], headers: frozenset[str]
) -> str | None:
    """Return the API's name of what a request asks of `service`, None if AWS's model has no such request.

    `query` holds blank values too; `headers` are their names in lower case. The model is botocore's.
    """
    there = [route for route in _routes(service) if route.is_at(method, path) and route.is_among(query)]
    fitting = [route for route in there if route.names <= query.keys() and route.headers <= headers]
    if len(there) == 1:  # whatever it lacks
        fitting = there
    return max(fitting, key=lambda route: route.weight).operation if fitting else None


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        model = Loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return ()
    return tuple(_route(name, each, model["shapes"]) for name, each in model["operations"].items())


def _route(name: str, model: Mapping[str, Any], shapes: Mapping[str, Any]) -> _Route:
    uri = urlsplit(model["http"]["requestUri"])
    query = {key: values[0] for key, values in parse_qs(uri.query, keep_blank_values=True).items()}
    members = dict(_required(model, shapes))
    return _Route(
        operation=name,
        method=model["http"]["method"],
        path=re.compile("".join(_pattern(uri.path)) + "/?"),
        query=query,
        names=frozenset(place for place, where in members.items() if where == "querystring"),
        headers=frozenset(place.lower() for place, where in members.items() if where == "header"),
    )


def _required(model: Mapping[str, Any], shapes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name on the wire of each required member, and its place."""
    shape = shapes[model["input"]["shape"]] if "input" in model else {}
    for member in shape.get("required", ()):
        told = shape["members"][member]
        yield told.get("locationName", member), told.get("location", "body")


def _pattern(path: str) -> Iterator[str]:
    """Yield the regular expression of a path with {Labels}; one with a plus spans slashes."""
    for part in re.split(r"(\{\w+\+?\})", path):
        if part.endswith("+}"):
            yield ".+"
        else:
            yield "[^/]+" if part.startswith("{") else re.escape(part)
