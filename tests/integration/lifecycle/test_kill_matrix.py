"""Apply or destroy killed at any time: the next destroy or sweep removes every resource."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.commands import Commands
from tests.support.small_project import apply_small_stack, make_small_project
from vpcache.stack import journal, lock
from vpcache.stack.leftovers import leftovers
from vpcache.stack.state import read_state, state_location

pytestmark = pytest.mark.lab

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
VICTIMS = ("inv", "group", "terraform")
# completed resources of 17 at the time of the signal; -1: immediately after Terraform's start
MOMENTS = {"apply": (-1, 2, 7, 8, 12), "destroy": (-1, 0, 3, 8, 12)}


@dataclass(frozen=True)
class Case:
    """The signal `number` is sent to `victim` after `done` completed resources; then `remedy` cleans up."""

    task: str
    done: int
    victim: str
    number: signal.Signals

    @property
    def remedy(self) -> tuple[str, ...]:
        """The task that cleans up."""
        return ("sweep",) if self.victim == "terraform" else ("destroy", "--env", "small")

    def __str__(self) -> str:
        return f"{self.task}-{self.done}-{self.victim}-{self.number.name}"


SAMPLE = {
    Case("apply", 2, "inv", signal.SIGKILL),
    Case("apply", 7, "inv", signal.SIGINT),
    Case("apply", 8, "terraform", signal.SIGKILL),
    Case("destroy", 3, "group", signal.SIGTERM),
    Case("destroy", 8, "terraform", signal.SIGKILL),
    Case("destroy", -1, "group", signal.SIGKILL),
}


def _cases() -> Iterator[object]:
    for task, moments in MOMENTS.items():
        for case in itertools.starmap(Case, itertools.product([task], moments, VICTIMS, SIGNALS)):
            yield pytest.param(case, id=str(case), marks=() if case in SAMPLE else pytest.mark.long)


@pytest.fixture
def small(tmp_path, lab, monkeypatch) -> Iterator[Commands]:
    with tempfile.TemporaryDirectory() as sockets:  # of provider processes that outlive a killed Terraform
        monkeypatch.setenv("TMPDIR", sockets)
        yield Commands(lab.port, make_small_project(tmp_path / "project"))


@pytest.mark.parametrize("case", list(_cases()))
def test_killed_task_is_cleaned_up_completely(case, small, target):
    stack = f"kill-{secrets.token_hex(3)}"
    location = state_location(target, target.account(), stack)
    if case.task == "destroy":
        apply_small_stack(small.root, target, stack)
    with small.start(case.task, "--env", "small", "--name", stack) as process:
        done = _wait_for(process, case)
        _kill(process, case)
        out, err = process.communicate(timeout=120)
    done += _done(out)
    assert process.returncode != 0, "it ended before the signal"
    assert "Traceback" not in err
    if case.task == "apply" and case.number != signal.SIGKILL:
        assert set(done) <= _addresses(read_state(target, location)), "the state lost resources"

    output = small.succeed(*case.remedy, "--name", stack)
    assert f"nothing is left of {stack}" in output or "no resources of" in output
    assert leftovers(target, stack) == []
    assert lock.holder(target, location) is None
    assert journal.read(target, location) is None
    assert _addresses(read_state(target, location)) == set()


def _wait_for(process: subprocess.Popen[str], case: Case) -> list[str]:
    """Wait until `case.done` resources are completed; return their addresses."""
    assert process.stdout is not None
    header = process.stdout.readline()
    assert header.startswith(case.task)
    _terraform(process, case.task)
    lines = list(itertools.islice(process.stdout, max(case.done, 0)))
    assert len(lines) == max(case.done, 0), f"it ended early: {lines}"
    return _done("".join(lines))


def _kill(process: subprocess.Popen[str], case: Case) -> None:
    if case.victim == "inv":
        process.send_signal(case.number)
    elif case.victim == "group":
        os.killpg(process.pid, case.number)
    else:
        os.kill(_terraform(process, case.task), case.number)


def _terraform(process: subprocess.Popen[str], task: str) -> int:
    """Wait until Invoke has started Terraform with the task, and return its process ID."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None:
        for child in children.read_text().split():
            with suppress(FileNotFoundError, ProcessLookupError):  # an earlier child has ended
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"terraform") and words[1] == task.encode():
                    return int(child)
        time.sleep(0.005)
    raise AssertionError("it ended before Terraform began")


def _done(out: str) -> list[str]:
    return re.findall(r"^ *\d+/\d+ (?:created|gone) (\S+)", out, re.MULTILINE)


def _addresses(state: str) -> set[str]:
    """Return the addresses of a state's managed resources in Terraform's format."""
    resources = json.loads(state)["resources"] if state else []
    return {
        ".".join(filter(None, [resource.get("module"), resource["type"], resource["name"]]))
        + (f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else "")
        for resource in resources
        if resource["mode"] == "managed"
        for instance in resource["instances"]
    }
