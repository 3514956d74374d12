"""Stacks of the same name in two regions of an account, and conflicts of regions and accounts."""

from __future__ import annotations

import json
import os
import secrets

import pytest

from tests.support.commands import Commands, lab_as_aws
from tests.support.served.functions import eventually
from tests.support.small_project import make_small_project
from vpcache.stack import journal
from vpcache.stack.leftovers import leftovers
from vpcache.stack.state import s3_client, state_location
from vpcache.stack.target import Target, aws_target
from vpcache.testing.run import free_port

pytestmark = pytest.mark.lab

HERE, THERE = "us-east-1", "eu-west-1"
ROLE = """
resource "aws_iam_role" "this" {
  name = "${var.name}-${var.region}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}
"""


@pytest.fixture
def aws(tmp_path, monkeypatch, vpcache_run):
    """Commands with --target aws and the endpoint of a dedicated lab."""
    with lab_as_aws(vpcache_run, monkeypatch, region=None):
        monkeypatch.setenv("VPCACHE_TARGET", "aws")
        project = make_small_project(tmp_path / "project")
        (project / "envs/small/role.tf").write_text(ROLE)
        yield Commands(free_port(), project)


@pytest.fixture
def name():
    return f"vpcache-{secrets.token_hex(3)}"


def region(name: str) -> Target:
    return aws_target(os.environ, region=name)


def role_names(target: Target) -> list[str]:
    return [role["RoleName"] for role in target.client("iam").list_roles()["Roles"]]


def zones(target: Target) -> set[str]:
    return {subnet["AvailabilityZone"] for subnet in target.client("ec2").describe_subnets()["Subnets"]}


def test_region_variable_applies_to_the_whole_stack(aws, name):
    stack = ("--env", "small", "--name", name)
    finished = aws.run("apply", *stack, "--yes", AWS_REGION=THERE)
    assert finished.returncode == 0, finished.stderr
    assert f"apply small on aws as {name}, account 123456789012, {THERE}" in finished.stdout
    assert zones(region(THERE)) == {f"{THERE}a"}
    assert leftovers(region(HERE), name) == []
    assert "use --region eu-west-1" in aws.refuse("outputs", *stack, AWS_REGION=HERE)

    finished = aws.run("destroy", *stack, "--yes", AWS_REGION=THERE)
    assert f"nothing is left of {name} in account 123456789012, {THERE}" in finished.stdout
    assert leftovers(region(THERE), name) == []


def test_same_name_in_two_regions_is_independent(aws, name):
    stack = ("--env", "small", "--name", name, "--yes")
    aws.succeed("apply", *stack, "--region", HERE)
    aws.succeed("apply", *stack, "--region", THERE)

    # an interrupted run in one region: the roles of the other region are in no state of this one, and remain
    there = region(THERE)
    location = state_location(there, there.account(), name)
    entry = journal.read(there, location)
    journal.write(there, location, journal.new_entry(name, "small", journal.APPLYING, temporary=False))
    assert entry is not None
    plan = json.loads(aws.succeed("plan", *stack[:-1], "--region", THERE, "--json"))
    assert plan["leftovers"] == []
    aws.succeed("apply", *stack, "--region", THERE)
    assert {f"{name}-{HERE}", f"{name}-{THERE}"} <= set(role_names(there))

    output = aws.succeed("destroy", *stack, "--region", THERE)
    assert f"nothing is left of {name}" in output
    eventually(lambda: f"{name}-{THERE}" not in role_names(there))  # ListRoles lags behind deletions
    assert f"{name}-{HERE}" in role_names(there)
    assert "no changes" in aws.succeed("plan", *stack[:-1], "--region", HERE)
    aws.succeed("destroy", *stack, "--region", HERE)
    assert leftovers(region(HERE), name) == []


def test_sweep_finds_elastic_ips_in_its_region_only(aws, name):
    addresses = {}
    for region_name in (HERE, THERE):
        tags = [{"ResourceType": "elastic-ip", "Tags": [{"Key": "Stack", "Value": name}]}]
        ec2 = region(region_name).client("ec2")
        addresses[region_name] = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    output = aws.succeed("sweep", "--name", name, "--region", THERE, "--yes")
    assert addresses[THERE] in output
    assert addresses[HERE] not in output
    assert [item.id for item in leftovers(region(HERE), name)] == [addresses[HERE]]
    aws.succeed("sweep", "--name", name, "--region", HERE, "--yes")


def test_pinned_region_refuses_another(aws, name):
    (aws.root / "envs/small/terraform.tfvars").write_text(f'region = "{HERE}"\n')
    stack = ("--env", "small", "--name", name)
    line = aws.refuse("plan", *stack, AWS_REGION=THERE)
    assert f"AWS_REGION is {THERE}" in line
    assert f'sets region = "{HERE}"' in line
    assert f"--region is {THERE}" in aws.refuse("plan", *stack, "--region", THERE)


def test_hard_coded_provider_region_must_match(aws, name):
    main = aws.root / "envs/small/main.tf"
    main.write_text(main.read_text().replace("region = var.region", f'region = "{HERE}"', 1))
    line = aws.refuse("plan", "--env", "small", "--name", name, "--region", THERE)
    assert f'sets region = "{HERE}" in its AWS provider, but the target is {THERE}' in line
    assert region(THERE).client("s3").list_buckets()["Buckets"] == []


def test_unexpected_account_is_refused(aws, name):
    (aws.root / "envs/small/account.tf").write_text('variable "account_id" {\n  type = string\n}\n')
    (aws.root / "envs/small/terraform.tfvars").write_text('account_id = "111122223333"\n')
    line = aws.refuse("plan", "--env", "small", "--name", name, "--region", HERE)
    assert 'sets account_id = "111122223333", but the credentials belong to account 123456789012' in line


def test_state_bucket_of_another_account_is_refused(aws, name):
    here = region(HERE)
    bucket = state_location(here, here.account(), name).bucket
    other_account = aws_target({**os.environ, "AWS_ACCESS_KEY_ID": "210987654321"}, region=HERE)
    s3_client(other_account).create_bucket(Bucket=bucket)
    line = aws.refuse("plan", "--env", "small", "--name", name, "--region", HERE)
    assert f"state bucket {bucket} belongs to another account" in line


def test_unknown_region_is_one_line(aws, name):
    stack = ("--env", "small", "--name", name)
    assert "region 'moon' is not the name of an AWS region" in aws.refuse("plan", *stack, "--region", "moon")
    assert "us-moon-1" in aws.refuse("plan", *stack, "--region", "us-moon-1")


def test_unknown_profile_is_one_line(aws, name):
    stack = ("--env", "small", "--name", name)
    line = aws.refuse("plan", *stack, AWS_PROFILE="absent", AWS_ACCESS_KEY_ID=None)
    assert "The config profile (absent) could not be found" in line
