"""A proxy in front of a lab that answers some requests itself, as AWS does and the lab does not."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Answer:
    """A refusal: an HTTP status and a body."""

    status: int
    body: bytes


def query_error(code: str, message: str, status: int = 404) -> Answer:
    """Return an error as services of the query protocol answer."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode())


@contextmanager
def proxy(endpoint: str, refuse: Callable[[dict[str, str]], Answer | None]) -> Iterator[str]:
    """Yield the URL of a proxy to `endpoint`; `refuse` gets the parameters of each request of the query
    protocol, and returns an answer instead of the lab's, or None.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            words = {key: values[0] for key, values in parse_qs(body.decode(errors="replace")).items()}
            answer = refuse(words) if self.command == "POST" else None
            if answer is None:
                answer = self._ask(body)
            self.send_response(answer.status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _ask(self, body: bytes) -> Answer:
            request = urllib.request.Request(
                endpoint + self.path,
                data=body or None,
                headers={key: value for key, value in self.headers.items() if key != "Content-Length"},
                method=self.command,
            )
            try:
                with urllib.request.urlopen(request) as response:
                    return Answer(response.status, response.read())
            except urllib.error.HTTPError as error:
                return Answer(error.code, error.read())

        do_GET = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
