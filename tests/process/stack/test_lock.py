"""The lock that allows one run at a time on a stack on this machine."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.served.region import Region
from vpcache.errors import VpcacheError
from vpcache.stack import lock
from vpcache.stack.stack import Stack
from vpcache.stack.state import StateLocation
from vpcache.stack.target import Target, TargetName

LOCATION = StateLocation("states", "one.tfstate", "us-east-1", "123456789012", use_path_style=True)


@pytest.fixture
def target(region: Region, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Target:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return Target(TargetName.AWS, "us-east-1", {"AWS_ENDPOINT_URL": region.url, **keys})


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_successful_run_leaves_no_lock_file(target, tmp_path):
    with lock.exclusive_lock(target, LOCATION, "one", print):
        assert files(tmp_path)
    assert files(tmp_path) == []


def test_failed_run_leaves_its_lock_file(target, tmp_path):
    with pytest.raises(VpcacheError), lock.exclusive_lock(target, LOCATION, "one", print):
        raise VpcacheError("Terraform died")
    assert [path.read_text() for path in files(tmp_path)] == ["in progress"]


def test_runs_exclude_each_other_despite_removed_files(target):
    in_progress = threading.Lock()
    overlaps = []

    def run(_: int) -> None:
        with lock.exclusive_lock(target, LOCATION, "one", lambda _: None):
            overlaps.append(not in_progress.acquire(blocking=False))
            time.sleep(0.002)  # long enough for another run to overlap, if the lock failed
            if not overlaps[-1]:
                in_progress.release()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(24)))
    assert overlaps == [False] * 24


def test_stack_with_variables_shares_the_held_lock(target, tmp_path):
    def fail(text: str) -> None:
        raise AssertionError(text)

    stack = Stack(
        name="one",
        environment_dir=ROOT / "envs/dev",
        target=target,
        work_dir=tmp_path / "work",
        variables={},
        notice=fail,
    )
    with stack.exclusive_lock():
        with stack.with_variables(zones={}).exclusive_lock():
            pass
        assert files(tmp_path), "the outer lock must still be held"
    assert files(tmp_path) == []
