"""The project's commands as a user types them, on a lab of the test's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from vpcache.testing.run import Run

SECONDS = 300


@dataclass(frozen=True)
class Commands:
    """Runs the Invoke tasks of the project at `root` against the lab on `port`."""

    port: int
    root: Path = ROOT

    @property
    def environment(self) -> dict[str, str]:
        """The user's environment, with this lab's port, and no wish for colour where there is no terminal."""
        return {**os.environ, "VPCACHE_LAB_PORT": str(self.port), "FORCE_COLOR": ""}

    def start(self, *words: str, **changes: str | None) -> subprocess.Popen[str]:
        """Start a task; `changes` of the environment that are None take a variable away."""
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", *words],
            cwd=self.root,
            env={key: value for key, value in (self.environment | changes).items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Run a task to its end. What it says must be plain, as there is no terminal."""
        with self.start(*words, **changes) as process:
            out, err = process.communicate(timeout=SECONDS)
        assert "\x1b" not in out + err, f"{words}: escape codes where there is no terminal: {out}{err}"
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def succeed(self, *words: str) -> str:
        """Run a task that must succeed, and return what it printed."""
        done = self.run(*words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def refuse(self, *words: str, **changes: str | None) -> str:
        """Run a task that must refuse in one line and no traceback, and return that line."""
        done = self.run(*words, **changes)
        assert done.returncode != 0, f"{words} succeeded: {done.stdout}"
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        assert len(lines) == 1, f"{words}: {done.stderr}"
        return lines[0]

    def lab_pid(self) -> int | None:
        """Return the lab's process id, if it runs."""
        answer: dict[str, Any] = json.loads(self.succeed("lab.status", "--json"))
        return answer["pid"]


@contextmanager
def own_lab(run: Run) -> Iterator[Commands]:
    """Give commands for a lab that ends with the test, however it ends."""
    with run.own_lab() as lab:
        yield Commands(lab.port)


def machine() -> dict[str, list[str]]:
    """Return what a lab could leave on the host: namespaces, links, mounts."""
    views = {
        "namespaces": ["ip", "netns"],
        "links": ["ip", "-brief", "link"],
        "mounts": ["cat", "/proc/mounts"],
    }
    return {
        name: subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        for name, command in views.items()
    }


def inhabitants(pid: int) -> set[int]:
    """Return the processes of the PID namespace that `pid` lives in."""
    home = Path(f"/proc/{pid}/ns/pid").readlink()
    return {
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _lives_in(entry, home)
    }


def wait_until_gone(pids: set[int], seconds: float = 10) -> None:
    """Wait for the end of processes. Raises AssertionError that names those still there."""
    deadline = time.monotonic() + seconds
    while left := {pid for pid in pids if Path(f"/proc/{pid}").exists()}:
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.01)


def interrupt_when(process: subprocess.Popen[str], line: str) -> tuple[str, str]:
    """Send SIGINT to a task as soon as it prints a line with these words; return the rest of what it says."""
    assert process.stdout is not None
    said = next(text for text in process.stdout if line in text)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    return said + out, err


def _lives_in(entry: Path, home: Path) -> bool:
    try:
        return (entry / "ns/pid").readlink() == home
    except OSError:
        return False
