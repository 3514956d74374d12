"""The page's routes: who is answered, with what, and what is passed on to AWS's API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from vpcache.lab.daemon.live.feed import Feed
from vpcache.lab.daemon.live.page import PageMiddleware
from vpcache.lab.errors import LabError

OWN = "http://127.0.0.1:4600"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = "the-token"


class Readings:
    def open(self) -> None: ...

    def close(self) -> None: ...

    def snapshot(self) -> dict[str, Any]:
        return {"stacks": []}

    def changes(self) -> dict[str, Any]:
        return {}


def aws(_: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/xml")])
    return [b"AWS"]


def act(body: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in body:
        raise LabError("unknown zone 'moon'; choose from us-east-1a")
    return {"did": body["what"]}


def refuse(_: Mapping[str, Any]) -> dict[str, Any]:
    raise NotImplementedError("The lab cannot run python3.99.")


@pytest.fixture
def feed() -> Feed:
    return Feed(Readings())


@pytest.fixture
def client(tmp_path: Path, feed: Feed) -> Client:
    files = tmp_path / "page"
    files.mkdir()
    (files / "index.html").write_text('<meta name="lab-token" content="{{token}}">')
    (files / "page.js").write_text("const token = '{{token}}'")
    (files / "notes.md").write_text("not served")
    (tmp_path / "secret.js").write_text("not served")
    actions = {"fault": act, "invoke": refuse}
    return Client(PageMiddleware(aws, feed, actions, files=files, token=TOKEN))


def get(client: Client, path: str, **headers: str) -> TestResponse:
    return client.get(
        path, base_url=OWN, headers={key.replace("_", "-"): each for key, each in headers.items()}
    )


def error(response: TestResponse) -> str:
    content: Any = response.json
    return str(content["error"])


def post(client: Client, path: str, body: Any, **headers: str) -> TestResponse:
    named = {"X-Lab-Token": TOKEN} | {key.replace("_", "-"): each for key, each in headers.items()}
    return client.post(path, base_url=OWN, json=body, headers=named)


def test_browser_gets_the_page_with_its_token(client: Client) -> None:
    response = get(client, "/", **BROWSER)
    assert response.mimetype == "text/html"
    assert f'content="{TOKEN}"' in response.text
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/", {"Accept": "*/*"}),
        (
            "/",
            BROWSER | {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request"},
        ),
        ("/?Action=DescribeVpcs", BROWSER),
        ("/bucket/key", BROWSER),
        ("/_lab/status", BROWSER),
        ("/_lab/lively", BROWSER),
    ],
)
def test_other_requests_are_passed_on(client: Client, path: str, headers: dict[str, str]) -> None:
    assert get(client, path, **headers).text == "AWS"


def test_only_the_pages_own_files_are_served(client: Client) -> None:
    assert get(client, "/_lab/page/page.js").mimetype == "text/javascript"
    for name in ("missing.js", "notes.md", "../secret.js", "..%2Fsecret.js", ""):
        assert get(client, f"/_lab/page/{name}").status_code == 404, name


def test_scripts_do_not_get_the_token(client: Client) -> None:
    assert TOKEN not in get(client, "/_lab/page/page.js").text


def test_responses_forbid_other_sites(client: Client) -> None:
    for response in (
        get(client, "/", **BROWSER),
        get(client, "/_lab/page/page.js"),
        post(client, "/_lab/live/x", {}),
    ):
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self';") and "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert not any(name.startswith("Access-Control") for name in dict(response.headers))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/_lab/live", "/_lab/page/page.js", "/"])
def test_requests_of_other_sites_are_refused(client: Client, path: str, site: str) -> None:
    response = get(
        client, path, **BROWSER, Sec_Fetch_Site=site, Sec_Fetch_Mode="cors", Sec_Fetch_Dest="empty"
    )
    assert response.status_code == 403
    assert f"invalid Sec-Fetch-Site header '{site}'" in error(response)


def test_link_of_another_site_leads_to_the_page_only(client: Client) -> None:
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert get(client, "/", **BROWSER, **link).status_code == 200
    assert get(client, "/_lab/live", **link).status_code == 403
    assert get(client, "/", **BROWSER, **link | {"Sec_Fetch_Dest": "iframe"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_actions_of_other_sites_are_refused(client: Client, headers: dict[str, str]) -> None:
    assert post(client, "/_lab/live/fault", {"what": "out"}, **headers).status_code == 403


@pytest.mark.parametrize("token", ["", "another", "tökén"])
def test_action_without_the_token_is_refused(client: Client, token: str) -> None:
    response = post(client, "/_lab/live/fault", {"what": "out"}, X_Lab_Token=token.encode().decode("latin-1"))
    assert response.status_code == 403
    assert "invalid X-Lab-Token header" in error(response)


def test_action_with_the_token_is_done(client: Client) -> None:
    response = post(client, "/_lab/live/fault", {"what": "out"}, Origin=OWN, Sec_Fetch_Site="same-origin")
    assert response.json == {"did": "out"}


@pytest.mark.parametrize(
    ("name", "body", "status", "message"),
    [
        ("fault", {"error": 1}, 400, "unknown zone 'moon'; choose from us-east-1a"),
        ("fault", [1], 400, "the body must be a JSON object"),
        ("invoke", {}, 501, "The lab cannot run python3.99."),
        ("fault", {}, 500, "'what'"),
        ("destroy", {}, 404, "unknown action 'destroy'; choose from fault, invoke"),
    ],
)
def test_failed_action_has_a_message(client: Client, name: str, body: Any, status: int, message: str) -> None:
    response = post(client, f"/_lab/live/{name}", body)
    assert (response.status_code, response.json) == (status, {"error": message})


def test_wrong_methods_and_types_are_refused(client: Client) -> None:
    assert get(client, "/_lab/live/fault").status_code == 405
    assert client.post("/_lab/live", base_url=OWN).status_code == 405
    form = client.post("/_lab/live/fault", base_url=OWN, data="{}", headers={"X-Lab-Token": TOKEN})
    assert (form.status_code, "must be application/json" in error(form)) == (400, True)


def test_events_begin_with_the_snapshot_and_end_with_the_client(client: Client, feed: Feed) -> None:
    response = client.get("/_lab/live", base_url=OWN, buffered=False)
    assert response.mimetype == "text/event-stream"
    assert next(response.response).endswith(b'event: snapshot\ndata: {"stacks":[]}\n\n')  # type: ignore[call-overload]
    assert feed.subscribers == 1
    response.close()
    assert feed.subscribers == 0


def test_too_many_pages_get_an_error(client: Client, feed: Feed) -> None:
    pages = [client.get("/_lab/live", base_url=OWN) for _ in range(8)]
    response = get(client, "/_lab/live")
    assert (response.status_code, "close one of them" in error(response)) == (503, True)
    for page in pages:
        page.close()


def test_head_of_the_events_does_not_subscribe(client: Client, feed: Feed) -> None:
    response = client.head("/_lab/live", base_url=OWN)
    assert (response.mimetype, feed.subscribers) == ("text/event-stream", 0)
