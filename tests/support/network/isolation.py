"""Decorator that runs a test's body in new network, mount and PID namespaces, as the lab's daemon runs."""

from __future__ import annotations

import functools
import subprocess
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import pytest

from vpcache.lab.network.isolation import capture_isolated

_TIMEOUT = 60.0  # seconds for one body


def isolated(body: Callable[..., None]) -> Callable[..., None]:
    """Decorate a test so that its body runs in a child where /run is empty and only `lo` exists.

    All processes, namespaces and mounts that the body creates end with it. A failure in the child fails the
    test with the child's traceback; so does a body that takes more than a minute.
    """

    @functools.wraps(body)
    def test(*args: Any, **kwargs: Any) -> None:
        def run(stream: TextIO) -> None:
            stream.write(_outcome(lambda: body(*args, **kwargs)))

        try:
            outcome = capture_isolated(run, _TIMEOUT)
        except TimeoutError as error:
            pytest.fail(str(error))
        if outcome != "passed":
            pytest.fail(f"in the isolated child:\n{outcome}", pytrace=False)

    return test


def add_namespace(name: str, *addresses: str) -> None:
    """Create the empty namespace `name` with `lo` up, and with `addresses` on `lo`."""
    commands = [
        ["netns", "add", name],
        ["-n", name, "link", "set", "lo", "up"],
        *(["-n", name, "address", "add", f"{address}/32", "dev", "lo"] for address in addresses),
    ]
    for command in commands:
        subprocess.run(["ip", *command], check=True)


def command_lines() -> dict[int, bytes]:
    """Return the command lines of the running processes of this PID namespace; NUL ends each argument."""
    lines = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):  # the process has already ended
                lines[int(folder.name)] = (folder / "cmdline").read_bytes()
    return lines


def _outcome(body: Callable[[], None]) -> str:
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        body()
    except BaseException:
        return traceback.format_exc()
    return "passed"
