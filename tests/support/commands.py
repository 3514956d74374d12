"""The project's tasks, run as a user runs them, on a dedicated lab."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.lab.client import Lab
from vpcache.testing.run import PytestRun

SECONDS = 300


@dataclass(frozen=True)
class Commands:
    """Runs the Invoke tasks of the project in `root` with the lab on `port`."""

    port: int
    root: Path = ROOT

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, with the lab's port and without forced colours."""
        return {**os.environ, "VPCACHE_LAB_PORT": str(self.port), "FORCE_COLOR": ""}

    def start(self, *words: str, **changes: str | None) -> subprocess.Popen[str]:
        """Start a task with `changes` of the environment; None removes a variable."""
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
        """Run a task to its end. Raises AssertionError if it prints escape codes, as there is no terminal."""
        with self.start(*words, **changes) as process:
            out, err = process.communicate(timeout=SECONDS)
        assert "\x1b" not in out + err, f"{words}: escape codes without a terminal: {out}{err}"
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def succeed(self, *words: str) -> str:
        """Run a task, check that it succeeds, and return its output."""
        finished = self.run(*words)
        assert finished.returncode == 0, f"{words}: {finished.stdout}{finished.stderr}"
        return finished.stdout

    def refuse(self, *words: str, **changes: str | None) -> str:
        """Run a task, check that it fails with a single line on stderr, and return that line."""
        finished = self.run(*words, **changes)
        assert finished.returncode != 0, f"{words} succeeded: {finished.stdout}"
        lines = [line for line in finished.stderr.splitlines() if line.strip()]
        assert len(lines) == 1, f"{words}: {finished.stderr}"
        return lines[0]

    def lab_pid(self) -> int | None:
        """Return the process ID of the lab's daemon, None if it is not running."""
        pid: int | None = json.loads(self.succeed("lab.status", "--json"))["pid"]
        return pid


@contextmanager
def own_lab(run: PytestRun) -> Iterator[Commands]:
    """Return commands for a dedicated lab that is stopped at the end of the `with` block."""
    with run.own_lab() as lab:
        yield Commands(lab.port)


@contextmanager
def lab_as_aws(
    run: PytestRun, monkeypatch: pytest.MonkeyPatch, region: str | None = "us-east-1"
) -> Iterator[Lab]:
    """Start a dedicated lab with default settings, to which --target aws leads in the `with` block."""
    with own_lab(run) as commands:
        commands.succeed("lab.start")
        lab = Lab(commands.port)
        monkeypatch.setenv("AWS_ENDPOINT_URL", lab.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "by-hand")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "by-hand")
        if region:
            monkeypatch.setenv("AWS_REGION", region)
        yield lab


def host_state() -> dict[str, list[str]]:
    """Return the namespaces, links and mounts of the host, where a lab could leave something."""
    views = {
        "namespaces": ["ip", "netns"],
        "links": ["ip", "-brief", "link"],
        "mounts": ["cat", "/proc/mounts"],
    }
    return {
        name: subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        for name, command in views.items()
    }


def namespace_processes(pid: int) -> set[int]:
    """Return the processes in the PID namespace of `pid`."""
    namespace = Path(f"/proc/{pid}/ns/pid").readlink()
    return {
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _is_in_namespace(entry, namespace)
    }


def wait_until_gone(pids: set[int], seconds: float = 10) -> None:
    """Wait for the end of processes. Raises AssertionError if some still run after `seconds`."""
    deadline = time.monotonic() + seconds
    while running := {pid for pid in pids if Path(f"/proc/{pid}").exists()}:
        assert time.monotonic() < deadline, f"still running: {running}"
        time.sleep(0.01)


def kill_lab(lab: Lab) -> None:
    """End a lab by SIGKILL, and wait until it has ended."""
    pid = lab.status().pid
    assert pid
    process = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        select.select([process], [], [])
    finally:
        os.close(process)


def interrupt_when(process: subprocess.Popen[str], line: str) -> tuple[str, str]:
    """Send SIGINT to a task when it prints `line`; return its output from that line on, and stderr."""
    assert process.stdout is not None
    first = next(text for text in process.stdout if line in text)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    return first + out, err


def _is_in_namespace(entry: Path, namespace: Path) -> bool:
    try:
        return (entry / "ns/pid").readlink() == namespace
    except OSError:
        return False
