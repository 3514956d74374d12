"""A project whose test runs keep their stack, with its own records."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.small_project import ROOT_MODULE, STACK_OF_MARKS
from vpcache.testing.kept.record import KeptStack, Records
from vpcache.testing.kept.removal import remove

SECONDS = 300
_HOLDING_TEST = """
import time
from pathlib import Path

def test_holds(stack):
    Path("held").touch()
    while not Path("release").exists():
        time.sleep(0.05)
"""


@dataclass(frozen=True)
class KeptProject:
    """A project in `root`, and the records of the stacks that its runs keep."""

    root: Path
    records: Records

    def run(self, *words: str, status: int = 0, **changes: str) -> str:
        """Run pytest in a new process to its end, check its exit status, and return its output."""
        with self.started(*words, **changes) as process:
            output, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == status, output
        return output

    @contextmanager
    def started(self, *words: str, **changes: str) -> Iterator[subprocess.Popen[str]]:
        """Start pytest, and end it at the end of the `with` block if it still runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=self.root,
            env=self._environment(changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(SECONDS)
            assert process.stdout is not None
            process.stdout.close()

    @contextmanager
    def holding(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run pytest with a test that uses the stack until the end of the `with` block."""
        folder = self.root / "holding"
        folder.mkdir(exist_ok=True)
        for left in ("held", "release"):
            (self.root / left).unlink(missing_ok=True)
        (folder / "holds.py").write_text(_HOLDING_TEST)
        with self.started(*words, "holding/holds.py") as process:
            self.wait_for((self.root / "held").exists)
            yield process
            (self.root / "release").touch()
            process.wait(SECONDS)

    def wait_for(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait until a condition holds. Raises AssertionError after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.05)

    def vpcache(self, *words: str, status: int = 0, **changes: str) -> str:
        """Run a task of the console script, check its exit status, and return its output."""
        done = subprocess.run(
            [Path(sys.executable).with_name("vpcache"), *words],
            cwd=self.root,
            env=self._environment({"VPCACHE_LAB_PORT": "1", **changes}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    @property
    def suite(self) -> Path:
        """The file with the tests."""
        return self.root / "test_suite.py"

    def edit(self, old: str, new: str) -> None:
        """Replace a text in the root module."""
        file = self.root / "infra/main.tf"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def marks(self) -> list[str]:
        """Return what the stack's resource wrote when it was created and destroyed."""
        marks = next(self.root.glob("*/marks"), None)
        return marks.read_text().split() if marks else []

    def record(self) -> KeptStack:
        """Return the only record."""
        (record,) = self.records.all().values()
        return record

    def change_record(self, **values: str) -> None:
        """Change values in the file of the only record."""
        (key,) = self.records.all()
        file = self.records.folder / f"{key}.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    def living_labs(self) -> set[int]:
        """Return the ports of the labs that runs of this project started."""
        folder = f"TMPDIR={os.environ['TMPDIR']}".encode()
        found = set()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                if b"vpcache.lab.daemon.server" in words and folder in (process / "environ").read_bytes():
                    found.add(int(words[words.index(b"--port") + 1]))
            except OSError:
                continue  # it has ended, or is another user's
        return found

    def path_without_terraform(self) -> str:
        """Return a PATH with a Terraform that fails."""
        program = self.root / "bin/terraform"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
        return f"{program.parent}:{os.environ['PATH']}"

    def remove_all(self) -> None:
        """Stop the kept labs."""
        for key, record in self.records.all().items():
            remove(self.records, key, record)

    def _environment(self, changes: dict[str, str]) -> dict[str, str]:
        ignored = ("PYTEST_", "VPCACHE_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ignored)}
        return kept | changes


def new_project(folder: Path, monkeypatch: pytest.MonkeyPatch, suite: str) -> KeptProject:
    """Create a project with a stack without AWS's provider, in an environment with its own records."""
    for name in ("tmp", "state", "project/infra"):
        (folder / name).mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    root = folder / "project"
    (root / "infra/main.tf").write_text(ROOT_MODULE + STACK_OF_MARKS)
    (root / "pytest.ini").write_text("[pytest]\nvpcache_env_dir = infra\n")
    (root / "test_suite.py").write_text(suite)
    return KeptProject(root, Records(folder / "state/vpcache/kept"))
