"""A lab of another user on the port, and the end of a lab with stacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.support.commands import SECONDS, own_lab
from vpcache.lab.client import Lab
from vpcache.stack import journal
from vpcache.stack.state import s3_client, state_location
from vpcache.stack.target import lab_target

pytestmark = pytest.mark.lab


@pytest.fixture
def commands(vpcache_run):
    with own_lab(vpcache_run) as commands:
        commands.succeed("lab.start")
        yield commands


def as_another_user(commands, *words):
    """Run a task in a user namespace, in which the user has another ID than outside."""
    return subprocess.run(
        ["unshare", "--user", "--map-user=1234", sys.executable, "-m", "invoke", *words],
        cwd=commands.root,
        env=commands.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare (util-linux) is not installed")
def test_lab_of_another_user_is_named_and_not_changed(commands):
    before = commands.lab_pid()
    for words in (
        ("lab.stop", "--yes"),
        ("lab.shell", "internet", "--command", "true"),
        ("lab.fault", "zone", "us-east-1a"),
        ("call", "--env", "dev"),
        ("apply", "--env", "dev"),
    ):
        finished = as_another_user(commands, *words)
        assert finished.returncode == 1
        (line,) = finished.stderr.splitlines()
        assert line.startswith(f"error: the lab at {Lab(commands.port).endpoint} belongs to user "), words
        assert line.endswith("with VPCACHE_LAB_PORT")
    assert ", user " in as_another_user(commands, "lab.status").stdout
    assert commands.lab_pid() == before


def test_lab_with_stacks_is_stopped_after_a_confirmation(commands):
    target = lab_target(Lab(commands.port).endpoint, os.environ, region="eu-west-1")
    location = state_location(target, target.account(), "my-stack")
    s3_client(target).create_bucket(
        Bucket=location.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    entry = journal.new_entry("my-stack", "dev", journal.APPLIED, temporary=False)
    journal.write(target, location, entry)
    line = commands.refuse("lab.stop")
    assert "which deletes my-stack: this requires a confirmation" in line and "--yes" in line
    assert commands.lab_pid()
    assert "was stopped, and my-stack deleted" in commands.succeed("lab.stop", "--yes")
    assert commands.lab_pid() is None
