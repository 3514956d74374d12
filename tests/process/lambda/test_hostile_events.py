"""Hostile events: they are refused, and no host but the origin receives a request."""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import string
from urllib.parse import quote

import pytest

from bench.rig import Memcached, Origin
from tests.support.cached_api.http_events import event_v1, event_v2, load_balancer_event

HOSTS = ("evil.example", "169.254.169.254", "localhost:11211", "[::1]", "0x7f.1", "127.0.0.1")
SCHEMES = ("http://", "https://", "//", "///", "file:///", "gopher://", "ftp://", "\\\\", "/\\", "/@", "/:@")
INJECTIONS = (
    "\r\nX-Evil: 1",
    "\nset k 0 0 1\r\nx",
    "\r\n\r\nGET /admin HTTP/1.1",
    " HTTP/1.1\r\nHost: evil",
    "\0",
    "\t",
    " ",
    "\u2028",
    "\x85",
    "\ud800",
    "%0d%0aX:1",
    "%00",
    "%2e%2e",
    "%252e",
    "?a=b",
    "#x",
    ";x",
    "@evil.example",
    ":80",
    "//",
    "/",
    "/..",
    "/.",
    "/.git",
    "\\..",
    "{x}",
    "<x>",
    "'",
    '"',
    "`id`",
    "$(id)",
    "|id",
    "\u0131",
    "/\uff41",
    "é",
    "\u202e",
    "*",
    "&",
    "=",
    "+",
    ",",
    "!",
    "^",
    "[x]",
)
CRAFTED = [
    *({"path": scheme + host + tail} for scheme, host, tail in itertools.product(SCHEMES, HOSTS, ("", "/x"))),
    *({"path": f"/employees{tail}"} for tail in INJECTIONS),
    *({"path": f"/a{tail}/b"} for tail in INJECTIONS if tail != "/.git"),
    *(
        {"path": value}
        for value in (None, 7, 1.5, True, b"/a", ["/a"], {"path": "/a"}, ("/a",), "", "/", "a")
    ),
    *({"path": text} for text in ("/" + "a" * 1024, "/a" * 600, ".", "..", "/..", "../a", "~", "/a/../../b")),
    *(None, [], "", "/employees", 7, True, ["path", "/a"], b"{}", 1.5, [{"path": "/a"}]),
]
ALLOWED = re.compile(r"/api(/[\w~-][\w.~-]*)+(\?(page|q)=[\w.~%=&-]*)?", re.ASCII)
PATHS = sorted({str(event["path"]) for event in CRAFTED if type(event) is dict})
QUERIES = (
    "page=1",
    "q=%0d%0aX-Evil:1",
    "q=\r\nX: 1",
    "q=%00",
    "q=%ff",
    "evil=1",
    "page",
    "&&&",
    "q=" + "x" * 9000,
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept-Encoding": "gzip;q=1;q=0, " * 5000},
    {"Accept-Encoding": ",;=*\0\ud800"},
    {"If-None-Match": '"' * 9000},
    {"If-None-Match": "W/" * 5000},
    {"If-None-Match": "\r\nX-Evil: 1"},
    {"X-Large": "x" * 1_000_000},
    {"Authorization": "Bearer " + "x" * 9000},
    {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-HTTP-Method-Override": "DELETE"},
)
MEMBER_VALUES: tuple[object, ...] = (
    None,
    7,
    True,
    "",
    "x",
    [],
    ["x"],
    {},
    {"x": "y"},
    {"http": {}},
    {"a": ["b", 7]},
    "\ud800",
)


@pytest.fixture
def origin():
    """An origin under /api; checks that only allowed paths were requested."""
    origin = Origin()
    yield origin
    assert all(ALLOWED.fullmatch(path) for path in origin.calls)
    origin.close()


@pytest.fixture
def status_of(cached_api, origin):
    """Invoke the handler with a real node and a real origin; return the status code of the response."""
    node = Memcached()
    variables = {
        "CACHE_ENDPOINT": f"127.0.0.1:{node.port}",
        "ORIGIN_URL": f"{origin.url}/api",
        "QUERY_PARAMETERS": "page q",
        "PURGE_TOKEN_SHA256": "0" * 64,
        "PURGE_PREFIXES": "/",
    }
    handler = cached_api.handler.Handler(variables)

    def status(event):
        response = json.loads(handler(event, None))
        headers = response["headers"]
        assert all(value.isprintable() for pair in headers.items() for value in pair), headers
        return response["statusCode"]

    yield status
    node.kill()


def test_crafted_events_are_refused_without_a_fetch(status_of, origin):
    assert len(CRAFTED) >= 200
    assert {repr(event): status_of(event) for event in CRAFTED if status_of(event) != 400} == {}
    assert not origin.calls


def test_random_events_fetch_allowed_paths_or_nothing(status_of, origin):
    chance = random.Random(4)
    statuses = [status_of(random_event(chance)) for _ in range(10_000)]
    assert set(statuses) <= {200, 400}
    assert statuses.count(400) > 9_000
    assert origin.calls.total() <= statuses.count(200)


@pytest.mark.parametrize("make", [event_v2, event_v1, load_balancer_event])
def test_crafted_requests_are_refused_without_a_fetch(status_of, origin, make):
    accepted = [path for path in PATHS if status_of(make(path=path)) != 400]
    assert accepted == ["/a%2e%2e/b", "/employees%2e%2e"]  # the names `a..` and `employees..`, escaped
    assert set(origin.calls) == {"/api/a../b", "/api/employees.."}
    escaped = [quote(path.encode(errors="replace"), safe="/") for path in PATHS]
    assert {status_of(make(path=path)) for path in escaped if "%" in path} == {400}


def test_crafted_queries_and_headers_are_answered(status_of, origin):
    statuses = [
        status_of(event_v2(method, query=query, headers=headers))
        for method, query, headers in itertools.product(("GET", "HEAD"), QUERIES, HEADERS)
    ]
    assert set(statuses) == {200, 400}
    assert set(origin.calls) == {"/api/employees?page=1", "/api/employees?page=", "/api/employees"}
    orders = [status_of(event_v2("POST", "/_purge", headers=headers, body="{")) for headers in HEADERS]
    assert set(orders) == {401}


def test_events_with_members_of_any_type_are_answered(status_of, origin):
    for make in (event_v2, event_v1, load_balancer_event):
        event = make("POST", "/_purge", "page=1", body="{}")
        changed = [event | {name: value} for name in event for value in MEMBER_VALUES]
        context = event["requestContext"]
        changed += [
            event | {"requestContext": context | {name: value}}
            for name in (*context, "authorizer", "identity", "elb", "stage")
            for value in MEMBER_VALUES
        ]
        assert {status_of(each) for each in changed} <= {200, 400, 401, 405}


def test_random_requests_fetch_allowed_paths_or_nothing(status_of, origin):
    chance = random.Random(5)
    for _ in range(4000):
        path, query = (random_event(chance) for _ in range(2))
        texts = [
            str(each["path"]) if type(each) is dict and "path" in each else "/a" for each in (path, query)
        ]
        method = chance.choice(("GET", "GET", "HEAD", "OPTIONS", "POST", "DELETE", texts[1]))
        headers = dict.fromkeys(("Accept-Encoding", "If-None-Match", "Authorization"), texts[0])
        event = event_v2(method, texts[0], texts[1], headers, texts[1], caller=texts[0])
        assert status_of(event) in {200, 204, 304, 400, 401, 403, 405, 406}, event


def random_event(chance):
    """Return a value similar to an event: mutated paths and URLs, and values of any JSON type."""
    alphabet = chance.choice((string.printable, string.ascii_letters + "/.:@%?#\\", "/.", "aä\r\n\0 \ud800/"))
    text = "".join(chance.choices(alphabet, k=chance.randrange(40)))
    seed = chance.choice(("", "/", "/employees", "/employee/1", "//", "http://", "/a/"))
    cut = chance.randrange(len(seed) + 1)
    path = chance.choice(
        (seed[:cut] + text + seed[cut:], seed + text, text, text.encode(errors="replace"), [text], len(text))
    )
    if chance.random() < 0.05:
        return chance.choice((path, None, [path], {"Path": path, "path": None}, {"path": {"path": path}}))
    extra = {
        "httpMethod": "DELETE",
        "headers": {"Host": "evil.example"},
        "body": base64.b64encode(b"x").decode(),
    }
    return {"path": path} | (extra if chance.random() < 0.3 else {})
