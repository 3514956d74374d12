"""Endpoints that no AWS answers: what the error of the first request says."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from vpcache.errors import VpcacheError
from vpcache.stack.target import aws_target, lab_target
from vpcache.testing.run import free_port

KEYS = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_REGION": "us-east-1",
}
ERROR = """<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>
</ErrorResponse>"""


@pytest.fixture
def rejecting() -> Iterator[str]:
    """An endpoint that answers POST /CODE/STATUS with an error of AWS's query protocol."""

    class Rejecting(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            code, status = self.path.strip("/").split("/")
            body = ERROR.format(code=code).encode()
            self.send_response(int(status))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rejecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def error_of(endpoint: str, variable: str = "AWS_ENDPOINT_URL") -> str:
    with pytest.raises(VpcacheError) as raised:
        aws_target({**KEYS, variable: endpoint}).account()
    return str(raised.value)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
@pytest.mark.parametrize("url", ["notaurl", "ftp://127.0.0.1", "http://", "127.0.0.1:4600", "http://[::1"])
def test_invalid_endpoint_names_variable_and_value(url: str, variable: str) -> None:
    assert error_of(url, variable).startswith(f"{variable} is '{url}': must be a URL such as https://")


def test_empty_endpoint_is_none() -> None:
    target = aws_target({**KEYS, "AWS_ENDPOINT_URL": ""})
    assert target.client("sts").meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"


def test_silent_endpoint_names_the_variable_and_not_the_credentials() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    message = error_of(url)
    assert f"no response from {url}" in message and "credentials" not in message
    assert message.endswith("start the server that AWS_ENDPOINT_URL names, or unset AWS_ENDPOINT_URL")


def test_ended_lab_names_the_command_that_starts_one() -> None:
    with pytest.raises(VpcacheError, match=r"the lab has ended, and its stacks with it: run `.* lab.start`"):
        lab_target(f"http://127.0.0.1:{free_port()}", {}).account()


@pytest.mark.parametrize(
    ("code", "status", "is_about_credentials"),
    [
        ("ExpiredToken", 400, True),
        ("SignatureDoesNotMatch", 403, True),
        ("InvalidAction", 400, False),
    ],
)
def test_only_rejected_credentials_are_blamed(
    rejecting: str, code: str, status: int, is_about_credentials: bool
) -> None:
    message = error_of(f"{rejecting}/{code}/{status}")
    assert ("AWS rejects these credentials" in message) is is_about_credentials, message
    assert code in message
