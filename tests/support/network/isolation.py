"""Running a test's body in network, mount and PID namespaces of its own, born as the lab's daemon is."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vpcache.lab.network.isolation import run_isolated

_PR_SET_PDEATHSIG = 1
_SECONDS = 60  # one body may take


def isolated(body: Callable[..., None]) -> Callable[..., None]:
    """Decorate a test so that its body runs in a child where /run is empty and only `lo` exists.

    Whatever the body makes (processes, namespaces, mounts) ends with it. A failure in the child is the test's
    failure, with the child's traceback; so is a body that takes more than a minute.
    """

    @functools.wraps(body)
    def test(*args: Any, **kwargs: Any) -> None:
        answer, ours = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            os.close(answer)
            _be_child(lambda: body(*args, **kwargs), ours)
        os.close(ours)
        try:
            _wait(child, answer)
        finally:
            os.close(answer)

    return test


def add_namespace(name: str, *addresses: str) -> None:
    """Make the bare namespace `name` with `lo` up, and with `addresses` on it."""
    commands = [
        ["netns", "add", name],
        ["-n", name, "link", "set", "lo", "up"],
        *(["-n", name, "address", "add", f"{address}/32", "dev", "lo"] for address in addresses),
    ]
    for command in commands:
        subprocess.run(["ip", *command], check=True)


def command_lines() -> dict[int, bytes]:
    """Return the command lines of the live processes of this PID namespace, words ended by NUL."""
    lines = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):  # it ended meanwhile
                lines[int(place.name)] = (place / "cmdline").read_bytes()
    return lines


def _be_child(body: Callable[[], None], answer: int) -> None:
    """Be the process outside the namespaces: start those inside, and end them when told to or orphaned."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        first = run_isolated(lambda _: _run(body, answer))
        signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGKILL))
        os.waitpid(first, 0)
    except BaseException:
        os.write(answer, traceback.format_exc().encode())
    finally:
        os._exit(0)


def _run(body: Callable[[], None], answer: int) -> None:
    try:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        body()
        outcome = "passed"
    except BaseException:
        outcome = traceback.format_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(answer, "w") as stream:
        stream.write(outcome)


def _wait(child: int, answer: int) -> None:
    watch = threading.Timer(_SECONDS, os.kill, (child, signal.SIGTERM))
    watch.start()
    text = b""
    while piece := os.read(answer, 65536):
        text += piece
    late = not watch.is_alive()
    watch.cancel()
    os.waitpid(child, 0)
    if late:
        pytest.fail(f"the isolated body took more than {_SECONDS} s")
    if text != b"passed":
        pytest.fail(f"in the isolated child:\n{text.decode(errors='replace')}", pytrace=False)
