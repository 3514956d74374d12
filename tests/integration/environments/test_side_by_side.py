"""Concurrent runs: of one stack, which are serialized, and of several stacks, which are independent."""

import json
import secrets
from datetime import UTC, datetime

import pytest

from tests.support.commands import Commands
from tests.support.small_project import make_small_project
from vpcache.stack.leftovers import leftovers
from vpcache.stack.state import s3_client, state_location

pytestmark = pytest.mark.lab


@pytest.fixture
def small(tmp_path, lab):
    return Commands(lab.port, make_small_project(tmp_path / "project"))


@pytest.fixture
def name():
    return f"side-{secrets.token_hex(3)}"


def test_second_apply_of_a_stack_waits_for_the_first(small, name):
    apply = ("apply", "--env", "small", "--name", name)
    with small.start(*apply) as first:
        assert "created" in next(line for line in first.stdout if "created" in line)
        second = small.run(*apply)
        first.communicate()
    assert first.returncode == second.returncode == 0, second.stderr
    assert f"waiting: another run holds the lock on {name}" in second.stderr
    assert "created" not in second.stdout
    assert f"nothing is left of {name}" in small.succeed("destroy", "--env", "small", "--name", name)


def test_lock_of_another_machine_is_named_and_removable(small, name, target):
    location = state_location(target, target.account(), name)
    lock = {
        "ID": "2f1c",
        "Who": "ada@elsewhere",
        "Operation": "OperationTypeApply",
        "Created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).isoformat(),
    }
    small.succeed("plan", "--env", "small", "--name", name)  # creates the bucket
    s3_client(target).put_object(
        Bucket=location.bucket, Key=f"{location.key}.tflock", Body=json.dumps(lock).encode()
    )
    line = small.refuse("apply", "--env", "small", "--name", name)
    assert f"the state of {name} is locked by ada@elsewhere since 2026-01-02T03:04:05+00:00" in line
    assert f"`./inv unlock --name {name}`" in line
    assert leftovers(target, name) == []
    assert "unlocked" in small.succeed("unlock", "--name", name)
    assert "not locked" in small.succeed("unlock", "--name", name)
    assert "17 to add" in small.succeed("plan", "--env", "small", "--name", name)


@pytest.mark.long
def test_ten_stacks_concurrently(small, name, target):
    names = [f"{name}-{number}" for number in range(10)]
    for task, message in (("apply", "17/17 created"), ("destroy", "nothing is left")):
        runs = [small.start(task, "--env", "small", "--name", each) for each in names]
        for run in runs:
            out, err = run.communicate(timeout=900)
            assert run.returncode == 0, out + err
            assert message in out
    assert [item for each in names for item in leftovers(target, each)] == []
