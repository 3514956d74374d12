from __future__ import annotations

import json

import pytest

from vpcache.lab.aws.awslambda.urls.events import event_of
from vpcache.lab.functions.spec import Event
from vpcache.lab.services.http_host import HttpRequest

CALLER = "203.0.113.9"
JSON = "application/json"


@pytest.fixture
def get(function_module):
    handler = function_module("origin", "handler").handler

    def call(path, method="GET"):
        event = event_of(
            HttpRequest(method, path, CALLER), "abc.lambda-url.us-east-1.on.aws", Event(b"", "a")
        )
        return handler(event, None)

    return call


@pytest.mark.parametrize(
    ("path", "min_size", "max_size"),
    [("/employees", 1_800, 2_200), ("/employees/archive", 95_000, 105_000), ("/employee/me-1", 80, 200)],
)
def test_resource_is_the_same_json_each_time(get, path, min_size, max_size):
    first, second = get(path), get(path)
    assert first == second and first["statusCode"] == 200
    assert json.loads(first["body"])["status"] == "success"
    assert min_size < len(first["body"]) < max_size
    assert first["headers"]["content-type"] == JSON
    assert first["headers"]["cache-control"] == "max-age=300"


def test_resources_and_their_etags_differ(get):
    answers = [get(path) for path in ("/employees", "/employee/1", "/employee/2")]
    assert (
        len({answer["body"] for answer in answers})
        == len({answer["headers"]["etag"] for answer in answers})
        == 3
    )


@pytest.mark.parametrize("path", ["/", "/nothing", "/employee/", "/employees/1/2", "/whoami"])
def test_unknown_path_is_not_found(get, path):
    answer = get(path)
    assert answer["statusCode"] == 404
    assert path in json.loads(answer["body"])["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_methods_other_than_get_and_head_are_refused(get, method):
    answer = get("/employees", method)
    assert (answer["statusCode"], answer["headers"]["allow"]) == (405, "GET, HEAD")


def test_whoami_returns_the_callers_address(get):
    assert json.loads(get("/whoami/1")["body"])["data"] == {"address": CALLER}


@pytest.mark.parametrize(
    ("allowed", "status"),
    [("", 200), (CALLER, 200), (f"203.0.113.1,{CALLER}", 200), ("203.0.113.1", 403), ("203.0.113.99", 403)],
)
def test_other_addresses_are_refused(get, monkeypatch, allowed, status):
    monkeypatch.setenv("ALLOWED_ADDRESSES", allowed)
    answer = get("/employees")
    assert answer["statusCode"] == status
    assert ("data" in json.loads(answer["body"])) == (status == 200)
