"""`--target aws` against an endpoint that no task starts: a lab by hand, known by its address alone."""

from __future__ import annotations

import os
import secrets

import pytest
from commands import Commands, own_lab
from small_project import make_small_project

from vpcache import journal
from vpcache.lab.client import Lab
from vpcache.leftovers import leftovers
from vpcache.run import free_port
from vpcache.state import state_exists, state_location
from vpcache.target import aws_target

pytestmark = pytest.mark.lab

YES = ("--target", "aws", "--yes")


@pytest.fixture
def by_hand(tmp_path, monkeypatch, vpcache_run):
    """Commands that know no lab: only AWS_ENDPOINT_URL leads to the one that runs."""
    with own_lab(vpcache_run) as lab:
        lab.succeed("lab.start")
        monkeypatch.setenv("AWS_ENDPOINT_URL", Lab(lab.port).endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "by-hand")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "by-hand")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        yield Commands(free_port(), make_small_project(tmp_path / "project"))


@pytest.fixture
def name():
    return f"vpcache-hand-{secrets.token_hex(3)}"


def test_from_apply_to_a_sweep_that_takes_what_no_state_knows(by_hand, name):
    stack = ("--env", "small", "--name", name)
    assert "needs a yes" in by_hand.refuse("apply", *stack, "--target", "aws")

    assert f"on aws as {name}" in by_hand.succeed("apply", *stack, *YES)
    assert "no changes" in by_hand.succeed("plan", *stack, "--target", "aws")
    aws = aws_target(os.environ)
    location = state_location(aws, aws.account(), name)
    assert state_exists(aws, location)
    orphan = _tagged_log_group(aws, name, "orphan")

    said = by_hand.run("sweep", "--name", name, *YES)
    assert said.returncode == 0, said.stderr
    assert f"removed log group {orphan}" in said.stderr
    assert f"nothing is left of {name}" in said.stdout
    assert leftovers(aws, name) == []
    assert not state_exists(aws, location)


def test_a_test_runs_stack_is_swept_when_no_test_runs(by_hand, name):
    aws = aws_target(os.environ)
    location = state_location(aws, aws.account(), name)
    aws.client("s3", s3={"addressing_style": "path"}).create_bucket(Bucket=location.bucket)
    entry = journal.new_entry(name, "elsewhere", journal.APPLIED, temporary=True)
    journal.write(aws, location, entry)
    _tagged_log_group(aws, name, "probe")

    assert "no run left anything" in by_hand.succeed("sweep", *YES)
    assert len(leftovers(aws, name)) == 1
    assert f"nothing is left of {name}" in by_hand.succeed("sweep", "--tests", *YES)
    assert leftovers(aws, name) == []


def _tagged_log_group(aws, stack, function):
    group = f"/aws/lambda/{stack}-{function}"
    aws.client("logs").create_log_group(logGroupName=group, tags={"Stack": stack})
    return group
