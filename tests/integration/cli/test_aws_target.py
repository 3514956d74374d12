"""`--target aws` against an endpoint that no task starts: a lab by hand, known by its address alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.commands import Commands, lab_as_aws
from tests.support.small_project import make_small_project
from vpcache.stack import journal
from vpcache.stack.leftovers import leftovers
from vpcache.stack.state import s3_client, state_exists, state_location
from vpcache.stack.target import Target, TargetName, aws_target
from vpcache.testing.run import free_port

pytestmark = pytest.mark.lab

HOUR = timedelta(hours=1)
YES = ("--target", "aws", "--yes")


@pytest.fixture
def aws_commands(tmp_path, monkeypatch, vpcache_run):
    """Commands with --target aws and the endpoint of a dedicated lab."""
    with lab_as_aws(vpcache_run, monkeypatch):
        yield Commands(free_port(), make_small_project(tmp_path / "project"))


@pytest.fixture
def name():
    return f"vpcache-hand-{secrets.token_hex(3)}"


def test_sweep_removes_resources_outside_the_state(aws_commands, name):
    stack = ("--env", "small", "--name", name)
    assert "requires a confirmation" in aws_commands.refuse("apply", *stack, "--target", "aws")

    assert f"on aws as {name}" in aws_commands.succeed("apply", *stack, *YES)
    assert "no changes" in aws_commands.succeed("plan", *stack, "--target", "aws")
    aws = aws_target(os.environ)
    location = state_location(aws, aws.account(), name)
    assert state_exists(aws, location)
    assert _drift(aws_commands, name) == []
    group = f"/aws/lambda/{name}-3"
    aws.client("logs").put_retention_policy(logGroupName=group, retentionInDays=7)
    aws.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}-4")
    assert _drift(aws_commands, name) == [
        ("aws_cloudwatch_log_group.this[3]", "update"),
        ("aws_cloudwatch_log_group.this[4]", "delete"),
    ]
    leftover = _tagged_log_group(aws, name, "leftover")

    sweep = aws_commands.run("sweep", "--name", name, *YES)
    assert sweep.returncode == 0, sweep.stderr
    assert f"removed log group {leftover}" in sweep.stderr
    assert f"nothing is left of {name}" in sweep.stdout
    assert leftovers(aws, name) == []
    assert not state_exists(aws, location)


def test_sweep_without_name_removes_dead_test_runs_only(aws_commands, name):
    """Other interrupted stacks are listed with the command that removes them."""
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

    listed = {each["name"]: each for each in _listed(aws_commands)}
    assert {stack: each["state"] for stack, each in listed.items()} == {
        f"{name}-a": "failed",
        f"{name}-b": "failed",
        f"{name}-c": "interrupted",
        f"{name}-d": "applied",
        f"{name}-live": "applied",
        f"{name}-new": "interrupted",
        f"{name}-dead": "applied",
    }
    assert listed[f"{name}-d"]["age_seconds"] // 3600 == 999
    assert [each["name"] for each in _listed(aws_commands, "--name", f"{name}-c")] == [f"{name}-c"]

    sweep = aws_commands.run("sweep", *YES)
    assert sweep.returncode == 0, sweep.stderr
    assert f"nothing is left of {name}-dead in account" in sweep.stdout
    assert f"{name}-dead (applied 7 h ago by " in sweep.stdout
    assert f"  log group {groups[f'{name}-dead']}" in sweep.stdout
    assert f"note: kept {name}-a (failed 30 h ago by " in sweep.stderr
    assert f"./inv sweep --name {name}-a --target aws" in sweep.stderr
    remaining = {stack: [item.id for item in leftovers(aws, stack)] for stack in stacks}
    assert remaining == {stack: [group] * (stack != f"{name}-dead") for stack, group in groups.items()}

    assert f"nothing is left of {name}-live, {name}-new" in aws_commands.succeed("sweep", "--tests", *YES)
    assert leftovers(aws, f"{name}-d") != []


def test_leftovers_are_listed_before_confirmation(aws_commands, name):
    """Also without a state, which an apply that was killed early has not written."""
    aws = aws_target(os.environ)
    location = state_location(aws, aws.account(), name)
    s3_client(aws).create_bucket(Bucket=location.bucket)
    entry = journal.new_entry(name, "small", journal.APPLYING, temporary=False, existing=())
    journal.write(aws, location, entry)
    group = _tagged_log_group(aws, name, "leftover")

    declined = aws_commands.run("destroy", "--env", "small", "--name", name, "--target", "aws")
    assert declined.returncode == 1
    assert f"will be deleted:\n  log group {group}\n" in declined.stdout
    assert "1 outside the state to delete on aws: this requires a confirmation" in declined.stderr
    assert [item.id for item in leftovers(aws, name)] == [group]
    assert f"nothing is left of {name}" in aws_commands.succeed(
        "destroy", "--env", "small", "--name", name, *YES
    )
    assert leftovers(aws, name) == []


def test_stack_in_another_region_is_reported(aws_commands, name):
    elsewhere = Target(TargetName.AWS, "eu-west-1", {**os.environ, "AWS_REGION": "eu-west-1"})
    location = state_location(elsewhere, elsewhere.account(), name)
    s3_client(elsewhere).create_bucket(
        Bucket=location.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    s3_client(elsewhere).put_object(**location.request(), Body=b"{}")
    for task in ("destroy", "outputs"):
        line = aws_commands.refuse(task, "--env", "small", "--name", name, "--target", "aws")
        assert f"stack {name} is not applied in us-east-1, but in eu-west-1: use --region eu-west-1" in line


def _listed(commands, *words):
    document = json.loads(commands.succeed("status", "--target", "aws", "--json", *words))
    assert (document["target"], document["faults"]) == ("aws", None)
    return document["stacks"]


def _drift(commands, name):
    (stack,) = _listed(commands, "--name", name, "--drift")
    assert (stack["environment"], stack["region"], stack["state"]) == ("small", "us-east-1", "applied")
    return [(each["address"], each["action"]) for each in stack["drift"]]


def _tagged_log_group(aws, stack, function):
    group = f"/aws/lambda/{stack}-{function}"
    aws.client("logs").create_log_group(logGroupName=group, tags={"Stack": stack})
    return group
