"""Selects the stage and the route of a request. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vpcache.lab.aws.apigateway.model import DEFAULT, HttpApi, Route, Stage

_STATIC, _VARIABLE, _GREEDY = range(3)  # kinds of segments, the most specific one first


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The route of a request with the values of its path parameters."""

    route: Route
    parameters: Mapping[str, str] = field(default_factory=dict)


def stage_of(api: HttpApi, path: str) -> tuple[Stage, str] | None:
    """Return the stage of a decoded path and the path below it, None if there is no such stage.

    The stage that the first segment names precedes the default stage.
    """
    first, _, rest = path.removeprefix("/").partition("/")
    if first != DEFAULT and first in api.stages:
        return api.stages[first], f"/{rest}"
    return (api.stages[DEFAULT], path) if DEFAULT in api.stages else None


def route_of(routes: Iterable[Route], method: str, path: str) -> RouteMatch | None:
    """Return the most specific route for a method and a decoded path, None if there is none.

    A full match precedes one with path variables, this one with a greedy variable, and this the default
    route. Of routes with the same path, the one with the method precedes the one with ANY.
    """
    candidates = [
        (specificity, match)
        for route in routes
        if (found := _match(route, method, path)) is not None
        for specificity, match in [found]
    ]
    return min(candidates, key=lambda each: each[0])[1] if candidates else None


def _match(route: Route, method: str, path: str) -> tuple[tuple[object, ...], RouteMatch] | None:
    if route.key == DEFAULT:
        return (1, (), False), RouteMatch(route)
    wanted, _, template = route.key.partition(" ")
    if wanted not in ("ANY", method):
        return None
    expected, actual = _segments(template), _segments(path)
    parameters: dict[str, str] = {}
    kinds: list[int] = []
    for index, segment in enumerate(expected):
        if segment.endswith("+}"):
            rest = "/".join(actual[index:])
            if not rest:
                return None
            parameters[segment[1:-2]] = rest
            return (0, (*kinds, _GREEDY), wanted == "ANY"), RouteMatch(route, parameters)
        if index >= len(actual):
            return None
        if segment.startswith("{"):
            if not actual[index]:
                return None
            parameters[segment[1:-1]] = actual[index]
            kinds.append(_VARIABLE)
        elif segment == actual[index]:
            kinds.append(_STATIC)
        else:
            return None
    if len(actual) > len(expected):
        return None
    return (0, tuple(kinds), wanted == "ANY"), RouteMatch(route, parameters)


def _segments(path: str) -> list[str]:
    """Return the segments of a path; a slash at its end makes none."""
    return path.strip("/").split("/") if path.strip("/") else []
