"""`--target aws` against an endpoint that no task starts: a lab by hand, known by its address alone."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.commands import Commands, own_lab
from tests.support.small_project import make_small_project
from vpcache.lab.client import Lab
from vpcache.stack import journal
from vpcache.stack.leftovers import leftovers
from vpcache.stack.state import s3_client, state_exists, state_location
from vpcache.stack.target import Target, aws_target
from vpcache.testing.run import free_port

pytestmark = pytest.mark.lab

HOUR = timedelta(hours=1)
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


def test_bare_sweep_takes_dead_test_runs_only(by_hand, name):
    """Whatever else did not end well is shown with what would end it."""
    aws = aws_target(os.environ)
    stacks = {
        f"{name}-a": ("prod", journal.FAILED, False, 30 * HOUR),
        f"{name}-b": ("dev", journal.FAILED, False, HOUR),
        f"{name}-c": ("dev", journal.APPLYING, False, 30 * HOUR),
        f"{name}-d": ("dev", journal.APPLIED, False, 999 * HOUR),
        f"{name}-live": ("elsewhere", journal.APPLIED, True, HOUR),
        f"{name}-new": ("elsewhere", journal.APPLYING, True, HOUR / 60),
        f"{name}-dead": ("elsewhere", journal.APPLIED, True, 7 * HOUR),
    }
    location = state_location(aws, aws.account(), name)
    s3_client(aws).create_bucket(Bucket=location.bucket)
    groups = {}
    for stack, (environment, phase, temporary, age) in stacks.items():
        when = (datetime.now(UTC) - age).isoformat()
        entry = journal.new_entry(stack, environment, phase, temporary=temporary)
        entry = replace(entry, since=when, updated=when)
        journal.write(aws, state_location(aws, aws.account(), stack), entry)
        groups[stack] = _tagged_log_group(aws, stack, "probe")

    said = by_hand.run("sweep", *YES)
    assert said.returncode == 0, said.stderr
    assert f"nothing is left of {name}-dead in account" in said.stdout
    assert f"{name}-dead (applied 7 h ago by " in said.stdout
    assert f"  log group {groups[f'{name}-dead']}" in said.stdout
    assert f"note: kept {name}-a (failed 30 h ago by " in said.stderr
    assert f"./inv sweep --name {name}-a --target aws" in said.stderr
    left = {stack: [item.id for item in leftovers(aws, stack)] for stack in stacks}
    assert left == {stack: [group] * (stack != f"{name}-dead") for stack, group in groups.items()}

    assert f"nothing is left of {name}-live, {name}-new" in by_hand.succeed("sweep", "--tests", *YES)
    assert leftovers(aws, f"{name}-d") != []


def test_leftovers_of_an_interruption_are_part_of_the_question(by_hand, name):
    """Without a state too, which an apply that was killed at its first instant never wrote."""
    aws = aws_target(os.environ)
    location = state_location(aws, aws.account(), name)
    s3_client(aws).create_bucket(Bucket=location.bucket)
    entry = journal.new_entry(name, "small", journal.APPLYING, temporary=False, existing=())
    journal.write(aws, location, entry)
    group = _tagged_log_group(aws, name, "orphan")

    asked = by_hand.run("destroy", "--env", "small", "--name", name, "--target", "aws")
    assert asked.returncode == 1
    assert f"will be deleted:\n  log group {group}\n" in asked.stdout
    assert "1 outside the state to delete on aws: this needs a yes" in asked.stderr
    assert [item.id for item in leftovers(aws, name)] == [group]
    assert f"nothing is left of {name}" in by_hand.succeed("destroy", "--env", "small", "--name", name, *YES)
    assert leftovers(aws, name) == []


def test_stack_of_another_region_is_named(by_hand, name):
    elsewhere = Target("aws", "eu-west-1", {**os.environ, "AWS_REGION": "eu-west-1"})
    location = state_location(elsewhere, elsewhere.account(), name)
    s3_client(elsewhere).create_bucket(
        Bucket=location.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3_client(elsewhere).put_object(**location.request(), Body=b"{}")
    for task in ("destroy", "outputs"):
        line = by_hand.refuse(task, "--env", "small", "--name", name, "--target", "aws")
        assert f"stack {name} is not applied in us-east-1, but in eu-west-1: add --region eu-west-1" in line


def _tagged_log_group(aws, stack, function):
    group = f"/aws/lambda/{stack}-{function}"
    aws.client("logs").create_log_group(logGroupName=group, tags={"Stack": stack})
    return group
