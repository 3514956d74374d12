"""Recovery from failed and interrupted runs: what the next command lists and deletes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.small_project import HEAD
from vpcache.stack import journal
from vpcache.stack.leftovers import leftovers
from vpcache.stack.outside import mark
from vpcache.stack.stack import Stack
from vpcache.stack.state import read_state, s3_client, state_location
from vpcache.terraform.runner import TerraformError

pytestmark = pytest.mark.lab

HOUR = timedelta(hours=1)
REFUSED = """
resource "aws_subnet" "refused" {
  vpc_id     = "vpc-0123456789abcdef0"
  cidr_block = "10.0.0.0/24"
}
"""


def interrupt(target, name: str, since: datetime | None = None) -> None:
    """Write a journal entry of an interrupted run that began at `since`, now by default."""
    location = state_location(target, target.account(), name)
    existing = tuple(mark(item) for item in leftovers(target, name) if item.is_tagged)
    entry = journal.new_entry(name, "small", journal.APPLYING, temporary=False, existing=existing)
    if since:
        entry = journal.JournalEntry(**(vars(entry) | {"since": since.isoformat(), "existing": ()}))
    journal.write(target, location, entry)


def new_role(target, name: str, suffix: str, **tags: str) -> str:
    role = f"{name}-{suffix}"
    target.client("iam").create_role(
        RoleName=role,
        AssumeRolePolicyDocument=TRUST_POLICY,
        Tags=[{"Key": key, "Value": value} for key, value in {"Stack": name, **tags}.items()],
    )
    return role


def new_cluster(target, name: str) -> None:
    """Create a cluster like an interrupted apply: in the stack's subnet, with the stack's name."""
    tags = [{"Key": "Stack", "Value": name}]
    ec2, cache = target.client("ec2"), target.client("elasticache")
    subnets = ec2.describe_subnets(Filters=[{"Name": "tag:Stack", "Values": [name]}])["Subnets"]
    cache.create_cache_subnet_group(
        CacheSubnetGroupName=name,
        CacheSubnetGroupDescription=name,
        SubnetIds=[subnets[0]["SubnetId"]],
        Tags=tags,
    )
    cache.create_cache_cluster(
        CacheClusterId=name,
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=1,
        CacheSubnetGroupName=name,
        Tags=tags,
    )


def role_exists(target, role: str) -> bool:
    try:
        target.client("iam").get_role(RoleName=role)
    except target.client("iam").exceptions.NoSuchEntityException:
        return False
    return True


def leftover_kinds(target, name: str) -> set[str]:
    return {item.kind for item in leftovers(target, name)}


def test_leftovers_are_planned_and_removed_by_apply(small, name, stack, target):
    """The cluster's ID is the stack's name, which occurs in every tag in the state."""
    group = f"/aws/lambda/{name}-foreign"
    target.client("logs").create_log_group(logGroupName=group, tags={"Stack": name})
    interrupt(target, name)
    new_cluster(target, name)

    planned = json.loads(small.succeed("plan", *stack, "--json"))
    assert {(item["type"], item["id"], item["action"]) for item in planned["leftovers"]} == {
        ("cache cluster", name, "delete"),
        ("cache subnet group", name, "delete"),
        ("log group", group, "keep"),
    }
    output = small.succeed("plan", *stack)
    assert f"will be deleted:\n  cache cluster {name}\n" in output
    assert f"log group {group}: existed before the interrupted run" in output
    assert {"cache cluster", "cache subnet group"} <= leftover_kinds(target, name)

    applied = small.run("apply", *stack)
    assert applied.returncode == 0, applied.stderr
    assert f"removed cache cluster {name}" in applied.stderr
    assert not {"cache cluster", "cache subnet group"} & leftover_kinds(target, name)
    assert group in {item.id for item in leftovers(target, name)}
    assert json.loads(small.succeed("plan", *stack, "--json"))["leftovers"] == []


def test_resource_removed_from_the_state_is_kept(small, name, stack, target):
    interrupt(target, name, since=datetime.now(UTC) - HOUR)
    group = f"/aws/lambda/{name}-3"
    _remove_from_state(target, name, "aws_cloudwatch_log_group", group)

    assert f"log group {group}: was removed from the state" in small.succeed("plan", *stack)
    assert f"log group {group}" in small.run("destroy", *stack).stderr
    assert [item.id for item in leftovers(target, name)] == [group]


def test_roles_belong_to_a_stack_and_a_region(small, name, stack, target):
    """IAM is global: roles of a stack of the same name in another region have the same tag."""
    interrupt(target, name)
    other = new_role(target, name, "other", Region="eu-west-1")
    here = new_role(target, name, "here", Region=target.region)
    without_region = new_role(target, name, "since")
    try:
        planned = json.loads(small.succeed("plan", *stack, "--json"))
        assert {item["id"] for item in planned["leftovers"]} == {here, without_region}
        assert f"nothing is left of {name}" in small.succeed("destroy", *stack)
        assert f"no resources of {name} exist" in small.succeed("sweep", "--name", name)
        assert role_exists(target, other)
        assert not role_exists(target, here)
        assert not role_exists(target, without_region)
    finally:
        target.client("iam").delete_role(RoleName=other)


def test_failed_apply_deletes_nothing(small, name, stack, target):
    """Terraform was not interrupted: its state lists what it created, and other resources are third-party."""
    (small.root / "envs/small/wrong.tf").write_text(REFUSED)
    assert "InvalidVpcID.NotFound" in small.refuse("apply", *stack)
    entry = journal.read(target, state_location(target, target.account(), name))
    assert entry is not None and entry.phase == journal.FAILED

    new_cluster(target, name)
    assert json.loads(small.succeed("plan", *stack, "--json"))["leftovers"] == []
    small.refuse("apply", *stack)
    assert "cache cluster" in leftover_kinds(target, name)
    # Terraform alone would wait for the deletion of the subnet, which contains the cluster
    assert f"nothing is left of {name}" in small.succeed("sweep", "--name", name)


def test_failed_apply_keeps_an_earlier_interruption(tmp_path, name, target):
    """The next run still distinguishes resources of the interrupted run from older ones."""
    folder = tmp_path / "env"
    folder.mkdir()
    (folder / "main.tf").write_text(HEAD + REFUSED)
    stack = Stack(name=name, environment_dir=folder, target=target, work_dir=tmp_path / "work", variables={})
    stack.init()
    group = f"/aws/lambda/{name}-foreign"
    target.client("logs").create_log_group(logGroupName=group, tags={"Stack": name})
    interrupt(target, name)
    interrupted = journal.read(target, stack.state)
    try:
        with pytest.raises(TerraformError, match=r"InvalidVpcID\.NotFound"):
            stack.apply()
        after = journal.read(target, stack.state)
        assert after is not None and interrupted is not None
        assert (after.phase, after.since) == (journal.APPLYING, interrupted.since)
        assert after.existing == interrupted.existing != ()
    finally:
        target.client("logs").delete_log_group(logGroupName=group)
    with pytest.raises(TerraformError):
        stack.apply()
    failed = journal.read(target, stack.state)
    assert failed is not None and failed.phase == journal.FAILED
    assert stack.destroy() == []


def _remove_from_state(target, name: str, type: str, id: str) -> None:
    """Remove a resource from the state like `terraform state rm`."""
    location = state_location(target, target.account(), name)
    state = json.loads(read_state(target, location))
    for resource in state["resources"]:
        if resource["type"] == type:
            resource["instances"] = [
                instance for instance in resource["instances"] if instance["attributes"]["id"] != id
            ]
    state["serial"] += 1
    s3_client(target).put_object(Bucket=location.bucket, Key=location.key, Body=json.dumps(state).encode())
