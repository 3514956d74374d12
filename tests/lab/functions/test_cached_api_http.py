"""The cached API behind a function URL, called by its host name on the lab's loopback port."""

from __future__ import annotations

import gzip
import hashlib
import json
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.network.cached_api import new_cached_api
from tests.support.network.vpc_factory import ZONES, VpcFactory

ORIGIN = """
    import json

    def handler(event, context):
        found = event["rawPath"] != "/missing"
        body = {"path": event["rawPath"], "employees": ["Employee"] * 500 * found}
        return {"statusCode": 200 if found else 404, "body": json.dumps(body)}
"""
TOKEN = "a-token-of-this-test"
WEB = "https://web.example.com"
CORS = {"AllowOrigins": [WEB], "AllowMethods": ["GET"], "ExposeHeaders": ["x-cache", "age"], "MaxAge": 60}


@pytest.fixture
def online(vpc_factory: VpcFactory) -> VpcFactory:
    vpc_factory.attach_internet_gateway()
    vpc_factory.new_nat_gateway(ZONES[0])
    return vpc_factory


def new_url(online: VpcFactory, function: str, **options: Any) -> str:
    """Create a public URL of a function and return its host."""
    functions = online.client("lambda")
    for action, condition in (
        ("InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        functions.add_permission(
            FunctionName=function, StatementId=action, Action=f"lambda:{action}", Principal="*", **condition
        )
    url = functions.create_function_url_config(FunctionName=function, AuthType="NONE", **options)
    return str(urlsplit(url["FunctionUrl"]).hostname)


def serve_cached_api(online: VpcFactory, work: Path) -> str:
    """Create the cached API with a cluster and an origin; return the host of its URL."""
    origin = new_url(online, online.new_function("origin", code=ORIGIN))
    name, _ = new_cached_api(
        online,
        work,
        ZONES[0],
        ORIGIN_URL=f"https://{origin}",
        PATH_TTLS="/employees=60",
        QUERY_PARAMETERS="page",
        PURGE_TOKEN_SHA256=hashlib.sha256(TOKEN.encode()).hexdigest(),
        PURGE_PREFIXES="/employees",
        PURGE_CHECK_SECONDS="0",
    )
    return new_url(online, name, Cors=CORS)


def test_http_semantics_hold_through_a_function_url(online: VpcFactory, tmp_path: Path) -> None:
    host = serve_cached_api(online, tmp_path)

    def curl(target: str = "/employees", method: str = "GET", body: Any = None, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection(urlsplit(online.lab.endpoint).netloc, timeout=30)
        content = None if body is None else json.dumps(body)
        connection.request(method, target, content, {"Host": host} | names)
        answer = connection.getresponse()
        found = SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())
        found.cache = answer.headers["x-cache"]
        connection.close()
        return found

    miss, hit = curl(), curl()
    assert (miss.status, miss.cache, hit.status, hit.cache) == (200, "MISS", 200, "HIT")
    assert hit.body == miss.body and json.loads(hit.body)["path"] == "/employees"
    assert hit.headers["cache-control"] == "max-age=60"
    assert hit.headers.get_all("content-type") == ["application/json"]
    direct = online.invoke(f"{online.name}-cached-api", path="/employees")
    assert (direct["headers"]["x-cache"], direct["body"]) == ("HIT", hit.body.decode())

    etag = hit.headers["etag"]
    unchanged = curl(if_none_match=etag)
    assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
    head = curl(method="HEAD")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", etag)
    coded = curl(accept_encoding="gzip, br")
    assert (coded.cache, coded.headers["content-encoding"]) == ("HIT", "gzip")
    assert gzip.decompress(coded.body) == hit.body and len(coded.body) < len(hit.body) / 2
    assert curl("/employees?page=1").cache == "MISS"
    missing = [curl("/missing") for _ in range(2)]
    assert [(each.status, each.cache) for each in missing] == [(404, "MISS"), (404, "HIT")]

    options = curl(method="OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    preflight = curl(method="OPTIONS", origin=WEB, access_control_request_method="GET")
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, WEB)
    assert curl(origin=WEB).headers["access-control-expose-headers"] == "x-cache,age"
    refused = curl(method="PUT", body={})
    assert (refused.status, refused.headers["content-type"]) == (405, "application/problem+json")

    order = {"path": "/employees"}
    assert curl("/_purge", "POST", order).status == 401
    assert curl().cache == "HIT"
    for order in ({"path": "/employees"}, {"prefix": "/employees"}):
        purged = curl("/_purge", "POST", order, authorization=f"Bearer {TOKEN}")
        assert (purged.status, json.loads(purged.body)["nodes"]) == (200, 2)
        assert [curl().cache for _ in range(2)] == ["MISS", "HIT"]
    assert curl("/employees?page=1").cache == "MISS"  # the prefix was purged with all queries
