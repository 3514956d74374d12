"""The page of a lab as a browser uses it: its document, its events, its actions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

from vpcache.lab.client import Lab

_SECONDS = 20.0


class LivePage:
    """An open page: its token and its events, until `close`."""

    def __init__(self, lab: Lab) -> None:
        self.port = lab.port
        status, document = request(lab.port, "GET", "/", headers={"Accept": "text/html,*/*"})
        found = re.search(r'name="lab-token" content="([^"]+)"', document)
        assert status == 200 and found, document
        self.token = found[1]
        self._connection = HTTPConnection("127.0.0.1", lab.port, timeout=_SECONDS)
        self._connection.request("GET", "/_lab/live", headers={"Accept": "text/event-stream"})
        self._response = self._connection.getresponse()
        self.shown: dict[str, Any] = {}
        kind, self.shown = self.next()
        assert kind == "snapshot"

    def __enter__(self) -> LivePage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection of the events."""
        self._response.close()
        self._connection.close()

    def next(self) -> tuple[str, dict[str, Any]]:
        """Return the next event. Raises EOFError at the end of the stream."""
        kind = ""
        while line := self._response.readline().decode():
            name, _, value = line.strip().partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                return kind, json.loads(value)
        raise EOFError

    def until(self, holds: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Apply changes as the page does until `holds` is true of what it shows, and return that."""
        deadline = time.monotonic() + _SECONDS
        while not holds(self.shown):
            assert time.monotonic() < deadline, self.shown
            _, changed = self.next()
            logs = self.shown["logs"] + changed.get("logs", [])
            self.shown = self.shown | changed | {"logs": logs}
        return self.shown

    def act(self, action: str, **body: Any) -> Any:
        """Post an action and return its answer."""
        headers = {"Content-Type": "application/json", "X-Lab-Token": self.token}
        status, answer = request(self.port, "POST", f"/_lab/live/{action}", json.dumps(body), headers)
        assert status == 200, answer
        return json.loads(answer)


def request(
    port: int, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Return the status and the body of a response from 127.0.0.1."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
