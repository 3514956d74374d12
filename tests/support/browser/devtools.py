"""A headless Chromium, driven over the pipe of its DevTools protocol: no package and no driver program.

Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # root, in most containers, has no sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)
_SECONDS = 60.0  # for an answer: the machine of a test run is loaded
_CHUNK = 1 << 16


def browser_program() -> str | None:
    """Return the path of Chromium or Chrome, None if neither is installed."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class BrowserError(Exception):
    """The browser reported an error, did not answer in time, or ended."""


class DevTools:
    """The two pipes of a browser. Messages are JSON, each followed by a zero byte."""

    def __init__(self, writer: int, reader: int) -> None:
        self._writer, self._reader = writer, reader
        self._received = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Call a method and return its result; events that arrive before are added to `events`.

        Raises BrowserError for an error, and if no answer comes.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        _write(self._writer, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + _SECONDS
        while (answer := self._next(deadline, method)).get("id") != self._number:
            self.events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self, deadline: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._received:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not select.select([self._reader], [], [], remaining)[0]:
                raise BrowserError(f"{method}: no answer from the browser within {_SECONDS:g} s")
            chunk = os.read(self._reader, _CHUNK)
            if not chunk:
                raise BrowserError(f"{method}: the browser has ended")
            self._received += chunk
        line, _, self._received = self._received.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def devtools(program: str, profile: Path) -> Iterator[DevTools]:
    """Run a browser with an empty profile folder, and end it at the end of the `with` block."""
    command_reader, command_writer = os.pipe()
    answer_reader, answer_writer = os.pipe()
    # the browser reads commands from descriptor 3 and writes answers to 4
    shell = f'exec "$@" 3<&{command_reader} 4>&{answer_writer}'
    browser = subprocess.Popen(
        ["bash", "-c", shell, "bash", program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=[command_reader, answer_writer],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(command_reader)
    os.close(answer_writer)
    connection = DevTools(command_writer, answer_reader)
    try:
        yield connection
    finally:
        try:
            connection.call("Browser.close")
            browser.wait(_SECONDS)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            browser.kill()
            browser.wait()
        os.close(command_writer)
        os.close(answer_reader)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
