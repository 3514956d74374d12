"""Leftovers of a stack are found by their tag and removed; resources of other stacks are untouched."""

import os
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.tagged_resources import (
    create_cache,
    create_function,
    create_http_api,
    create_monitoring,
    create_network,
    create_serverless_cache,
    create_subnet,
    create_vpc,
    find_subnet,
    stack_tags,
    tag_specifications,
    wait_for_cache,
    wait_for_serverless_cache,
)
from vpcache.stack.leftovers import Leftover, leftovers, remove
from vpcache.stack.resource_types import RESOURCE_TYPES
from vpcache.stack.target import lab_target

# on AWS a cluster takes longer than these waiters, and Lambda rejects a role without permissions in EC2
pytestmark = pytest.mark.lab


@pytest.fixture
def name():
    return f"vpcache-left-{secrets.token_hex(4)}"


@pytest.fixture
def removed(target):
    """A list of stack names; their leftovers are removed at the end of the test."""
    names: list[str] = []
    yield names
    for name in names:
        remove(target, leftovers(target, name), lambda _: None)


def unexpected(item: Leftover) -> None:
    pytest.fail(f"{item} was removed")


def test_resources_of_every_kind_are_found_and_removed(target, name, removed):
    other = f"{name}-2"
    removed += [name, other]
    for stack in (name, other):
        create_network(target, stack)
        create_function(target, stack, find_subnet(target, stack))
        create_cache(target, stack, find_subnet(target, stack))
        wait_for_cache(target, stack)
        create_serverless_cache(target, stack, find_subnet(target, stack))
        wait_for_serverless_cache(target, stack)
        create_monitoring(target, stack)
        create_http_api(target, stack)
    before = leftovers(target, other)

    found = leftovers(target, name)
    assert {item.kind for item in found} == {kind.name for kind in RESOURCE_TYPES} - {"network interface"}
    deleted: list[Leftover] = []
    assert remove(target, found, deleted.append) == {}
    assert sorted(deleted) == sorted(found)
    assert leftovers(target, name) == []
    assert leftovers(target, other) == before
    assert len(before) == len(found)


def test_untagged_resource_is_listed_and_not_removed(target, name, removed):
    logs = target.client("logs")
    group = f"/aws/lambda/{name}-cached-api"
    logs.create_log_group(logGroupName=group)
    try:
        (leftover,) = leftovers(target, name)
        assert (str(leftover), leftover.is_tagged) == (f"log group {group}", False)
        assert remove(target, [leftover], unexpected) == {}
        assert leftovers(target, name) == [leftover]
    finally:
        logs.delete_log_group(logGroupName=group)


def test_log_group_with_the_same_prefix_is_not_a_leftover(target, name):
    logs = target.client("logs")
    group = f"/aws/lambda/{name}-2-cached-api"
    logs.create_log_group(logGroupName=group, tags={"Stack": f"{name}-2"})
    try:
        assert leftovers(target, name) == []
    finally:
        logs.delete_log_group(logGroupName=group)


def test_failed_removals_are_returned_with_their_reason(target, name, removed):
    removed.append(name)
    vpc = create_vpc(target, name)
    ec2 = target.client("ec2")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/26")["Subnet"]["SubnetId"]  # has no tag
    try:
        (leftover,) = leftovers(target, name)
        refused = remove(target, [leftover], unexpected, timeout=0)
        assert list(refused) == [leftover]
        assert "DependencyViolation" in refused[leftover]
    finally:
        ec2.delete_subnet(SubnetId=subnet)


@pytest.fixture
def slow_target(vpcache_run, tmp_path):
    """A function that configures a dedicated lab, e.g. with slow transitions, and returns its target."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")

        def target(**settings):
            lab.configure(**settings)
            return lab_target(lab.endpoint, os.environ)

        yield target


def test_serverless_cache_in_creation_is_found_and_removed(slow_target, name):
    target = slow_target(transition_ms=4000)
    vpc = create_vpc(target, name)
    group = target.client("ec2").create_security_group(
        GroupName=name,
        Description=name,
        VpcId=vpc,
        TagSpecifications=tag_specifications(name, "security-group"),
    )["GroupId"]
    create_serverless_cache(target, name, create_subnet(target, name, vpc), group)

    found = leftovers(target, name)

    assert [item.is_tagged for item in found if item.kind == "serverless cache"] == [True]
    assert remove(target, found, lambda _: None) == {}
    assert leftovers(target, name) == []


@pytest.mark.parametrize("change", ["create", "modify", "delete"])
def test_cluster_in_transition_is_found_and_removed(slow_target, name, change):
    """Its tags are not readable, and it cannot be deleted until it is available."""
    target = slow_target(transition_ms=500)
    vpc = create_vpc(target, name)
    subnet = create_subnet(target, name, vpc)
    cache = target.client("elasticache")
    if change == "create":
        target = slow_target(transition_ms=8000)
        create_cache(target, name, subnet)
    else:
        create_cache(target, name, subnet)
        wait_for_cache(target, name)
        target = slow_target(transition_ms=8000)
    if change == "modify":
        cache.modify_cache_cluster(CacheClusterId=name, NumCacheNodes=2, ApplyImmediately=True)
    if change == "delete":
        cache.delete_cache_cluster(CacheClusterId=name)
    with pytest.raises(cache.exceptions.CacheClusterNotFoundFault):
        (cluster,) = cache.describe_cache_clusters(CacheClusterId=name)["CacheClusters"]
        cache.list_tags_for_resource(ResourceName=cluster["ARN"])

    found = leftovers(target, name)
    assert [item.is_tagged for item in found if item.kind == "cache cluster"] == [True]
    assert remove(target, found, lambda _: None) == {}
    assert leftovers(target, name) == []


def test_cluster_in_transition_of_another_stack_is_no_leftover(slow_target, name):
    target = slow_target(transition_ms=60_000)
    other = f"{name}-2"
    create_cache(target, other, create_subnet(target, other, create_vpc(target, other)))
    assert leftovers(target, name) == []


def test_role_is_removed_after_the_function_interfaces(slow_target, name):
    """Without its role Lambda does not delete the interfaces, which block the deletion of their subnet."""
    target = slow_target(interface_linger_seconds=6, iam_lag_ms=0)
    create_network(target, name)
    create_function(target, name, find_subnet(target, name))
    deleted = []
    assert remove(target, leftovers(target, name), lambda item: deleted.append(item.kind)) == {}
    assert leftovers(target, name) == []
    order = ["function", "function network interface", "subnet", "VPC"]
    assert sorted(order, key=deleted.index) == order
    assert deleted.index("function network interface") < deleted.index("role")


def test_interface_without_its_function_is_removed(slow_target, name):
    target = slow_target(interface_linger_seconds=1, iam_lag_ms=0)
    create_network(target, name)
    create_function(target, name, find_subnet(target, name))
    (policy,) = target.client("iam").list_role_policies(RoleName=f"{name}-role")["PolicyNames"]
    target.client("iam").delete_role_policy(RoleName=f"{name}-role", PolicyName=policy)
    target.client("iam").delete_role(RoleName=f"{name}-role")
    target.client("lambda").delete_function(FunctionName=f"{name}-probe")
    assert "function network interface" in {item.kind for item in leftovers(target, name)}
    assert remove(target, leftovers(target, name), lambda _: None) == {}
    assert leftovers(target, name) == []


def test_interface_of_a_remaining_function_is_not_awaited(slow_target, name):
    """The timeout for it is 45 minutes."""
    target = slow_target(interface_linger_seconds=0, iam_lag_ms=0)
    create_network(target, name)
    create_function(target, name, find_subnet(target, name))
    others = [item for item in leftovers(target, name) if item.kind != "function"]
    (interface,) = (item for item in others if item.kind == "function network interface")
    (role,) = (item for item in others if item.kind == "role")
    function = next(item for item in leftovers(target, name) if item.kind == "function")

    def refuse(**_):
        raise target.client("lambda").exceptions.ServiceException({"Error": {"Code": "X"}}, "DeleteFunction")

    target.client("lambda").meta.events.register("before-call.lambda.DeleteFunction", refuse)
    refused = remove(target, [function, interface, role], unexpected, timeout=0)
    assert refused[interface] == f"function {name}-probe could not be removed"
    assert refused[role] == f"{interface} could not be removed"


def test_deleted_role_in_a_stale_list_is_no_leftover(slow_target, name):
    """The lists of IAM and Lambda are eventually consistent."""
    target = slow_target(iam_lag_ms=0)
    iam = target.client("iam")
    iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=TRUST_POLICY, Tags=stack_tags(name))
    slow_target(iam_lag_ms=60_000)
    iam.delete_role(RoleName=f"{name}-role")
    assert f"{name}-role" in _role_names(iam), "the list is not stale"
    assert leftovers(target, name, since=datetime.now(UTC) - timedelta(minutes=1)) == []


@pytest.mark.parametrize(
    ("tags", "since", "is_ours"),
    [
        ({"Region": "us-east-1"}, None, True),
        ({"Region": "eu-west-1"}, None, False),
        ({"Region": "eu-west-1"}, timedelta(minutes=-1), False),
        ({}, None, False),
        ({}, timedelta(minutes=-1), True),
        ({}, timedelta(minutes=1), False),
    ],
)
def test_role_belongs_to_a_region(target, name, tags, since, is_ours):
    iam = target.client("iam")
    tags = [{"Key": key, "Value": value} for key, value in {"Stack": name, **tags}.items()]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST_POLICY, Tags=tags)
    try:
        found = leftovers(target, name, since=since and datetime.now(UTC) + since)
        assert [item.id for item in found] == [name] * is_ours
    finally:
        iam.delete_role(RoleName=name)


def _role_names(iam):
    return {role["RoleName"] for role in iam.list_roles(MaxItems=1000)["Roles"]}
