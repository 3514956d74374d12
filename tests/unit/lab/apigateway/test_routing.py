from __future__ import annotations

import pytest

from vpcache.lab.aws.apigateway.model import HttpApi, Route, Stage
from vpcache.lab.aws.apigateway.requests.routing import route_of, stage_of

DOCUMENTED = ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default")
"""The routes of AWS's example of the precedence."""


def selected(keys: tuple[str, ...], method: str, path: str) -> tuple[str, dict[str, str]] | None:
    match = route_of([Route(key) for key in reversed(keys)], method, path)
    return (match.route.key, dict(match.parameters)) if match else None


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/", "$default", {}),
    ],
)
def test_precedence_of_routes_is_that_of_the_guide(
    method: str, path: str, key: str, parameters: dict[str, str]
) -> None:
    assert selected(DOCUMENTED, method, path) == (key, parameters)


def test_method_precedes_any_on_the_same_path() -> None:
    keys = ("ANY /a", "GET /a")
    assert selected(keys, "GET", "/a") == ("GET /a", {})
    assert selected(keys, "PUT", "/a") == ("ANY /a", {})


def test_specific_path_precedes_the_method() -> None:
    assert selected(("ANY /a/b", "GET /a/{id}", "GET /{proxy+}"), "GET", "/a/b") == ("ANY /a/b", {})


@pytest.mark.parametrize("path", ["/a/b", "/", "/b", "/aa"])
def test_path_without_route_has_no_match(path: str) -> None:
    assert selected(("GET /a",), "GET", path) is None
    assert selected(("GET /a",), "HEAD", "/a") is None


@pytest.mark.parametrize(
    ("path", "name", "rest"),
    [
        ("/v1/a", "v1", "/a"),
        ("/v1", "v1", "/"),
        ("/a/v1", "$default", "/a/v1"),
        ("/$default/a", "$default", "/$default/a"),
    ],
)
def test_first_segment_selects_the_stage(path: str, name: str, rest: str) -> None:
    api = HttpApi("a", "123456789012", "us-east-1", stages={each: Stage(each) for each in ("$default", "v1")})
    found = stage_of(api, path)
    assert found is not None and (found[0].name, found[1]) == (name, rest)
    assert stage_of(HttpApi("a", "1", "us-east-1", stages={"v1": Stage("v1")}), "/a") is None
