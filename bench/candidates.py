"""The implementations that a run compares, each in its own process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
_SCENARIO = HERE / "scenario"
_PACKAGES = ("package.json", "package-lock.json", "baseline.mjs")


class Candidate:
    """One implementation of the cached read, in its own process."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Candidate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def pin(self, processors: set[int]) -> None:
        """Pin its main thread to these processors."""
        os.sched_setaffinity(self._process.pid, processors)

    def pause(self) -> None:
        """Stop the process, so that it collects no garbage in the turn of another one."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def resume(self) -> None:
        """Continue the process after `pause`."""
        self._process.send_signal(signal.SIGCONT)

    def execute(self, **order: Any) -> list[float]:
        """Send an order and return the durations, in µs."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} died; its output is above")
        times: list[float] = json.loads(line)
        return times


def python(function: str, settings: dict[str, Any]) -> Candidate:
    """Start a worker.py process with one of its functions."""
    return Candidate([sys.executable, str(HERE / "worker.py"), function, json.dumps(settings)])


def javascript(settings: dict[str, Any], work: Path) -> Candidate:
    """Start the source scenario's handler with Node.js; install its packages in `work` first."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise RuntimeError("the baseline requires Node.js: install nodejs and npm")
    work.mkdir(parents=True, exist_ok=True)
    for name in _PACKAGES:
        shutil.copy(_SCENARIO / name, work)
    installed = work / "node_modules" / ".package-lock.json"
    if (
        not installed.exists()
        or installed.stat().st_mtime < (_SCENARIO / "package-lock.json").stat().st_mtime
    ):
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=work,
            stdout=sys.stderr,
            check=True,
        )
    address = f"127.0.0.1:{settings['nodes'][0]}"
    return Candidate([node, str(work / "baseline.mjs"), address, settings["origin"]])
