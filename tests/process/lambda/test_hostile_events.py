"""Hostile events: they are refused, and no host but the origin receives a request."""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import string

import pytest

from bench.rig import Memcached, Origin

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
ALLOWED = re.compile(r"/api(/[\w~-][\w.~-]*)+", re.ASCII)


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
    variables = {"CACHE_ENDPOINT": f"127.0.0.1:{node.port}", "ORIGIN_URL": f"{origin.url}/api"}
    handler = cached_api.handler.Handler(variables)
    yield lambda event: json.loads(handler(event, None))["statusCode"]
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
