"""The processes that a run compares, and how they are given orders."""

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
_PACKAGES = ("package.json", "package-lock.json", "baseline.mjs")


class Contestant:
    """One way to answer, in a process of its own."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Contestant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def pin(self, processors: set[int]) -> None:
        """Let its main thread run on these processors only."""
        os.sched_setaffinity(self._process.pid, processors)

    def pause(self) -> None:
        """Stop it, so that it does not collect its garbage in another's turn; returns when it has stopped."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._process.send_signal(signal.SIGCONT)

    def ask(self, **order: Any) -> list[float]:
        """Give an order and return the times, in µs."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} died; its last words are above")
        times: list[float] = json.loads(line)
        return times


def python(way: str, settings: dict[str, Any]) -> Contestant:
    """Start a function of worker.py."""
    return Contestant([sys.executable, str(HERE / "worker.py"), way, json.dumps(settings)])


def javascript(settings: dict[str, Any], work: Path) -> Contestant:
    """Start the source scenario's handler under Node.js, its packages installed in `work` once."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise RuntimeError("the baseline needs Node.js: install nodejs and npm")
    work.mkdir(parents=True, exist_ok=True)
    for name in _PACKAGES:
        shutil.copy(HERE / name, work)
    installed = work / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
            cwd=work,
            stdout=sys.stderr,
            check=True,
        )
    address = f"127.0.0.1:{settings['nodes'][0]}"
    return Contestant([node, str(work / "baseline.mjs"), address, settings["origin"]])
