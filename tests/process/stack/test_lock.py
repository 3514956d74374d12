"""The lock that keeps two runs of this machine from one stack."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.served_region import Region
from vpcache.errors import VpcacheError
from vpcache.stack import lock
from vpcache.stack.state import StateLocation
from vpcache.stack.target import Target

LOCATION = StateLocation("states", "one.tfstate", "us-east-1", "123456789012", use_path_style=True)


@pytest.fixture
def target(region: Region, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Target:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return Target("aws", "us-east-1", {"AWS_ENDPOINT_URL": region.url, **keys})


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_run_that_ends_well_leaves_no_file(target, tmp_path):
    with lock.exclusive_lock(target, LOCATION, "one", print):
        assert files(tmp_path)
    assert files(tmp_path) == []


def test_after_an_error_the_file_says_who_may_have_left_terraforms_lock(target, tmp_path):
    with pytest.raises(VpcacheError), lock.exclusive_lock(target, LOCATION, "one", print):
        raise VpcacheError("Terraform died")
    assert [path.read_text() for path in files(tmp_path)] == ["at work"]


def test_one_at_a_time_though_each_removes_the_file(target):
    at_work = threading.Lock()
    met = []

    def run(_: int) -> None:
        with lock.exclusive_lock(target, LOCATION, "one", lambda _: None):
            met.append(not at_work.acquire(blocking=False))
            time.sleep(0.002)  # long enough for another to come in, if it may
            if not met[-1]:
                at_work.release()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(24)))
    assert met == [False] * 24
