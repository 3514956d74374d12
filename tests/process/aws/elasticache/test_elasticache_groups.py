"""ElastiCache's parameter groups, subnet groups and tags."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.clusters import create_cluster, describe_cluster
from tests.support.served.region import Network, Region, api_error, error_code
from vpcache.lab.aws.elasticache.parameters import FAMILIES, arguments


def parameters_of(elasticache: Any) -> tuple[str, list[str]]:
    group = describe_cluster(elasticache)["CacheParameterGroup"]
    return group["ParameterApplyStatus"], group["CacheNodeIdsToReboot"]


def cannot_be_tagged(elasticache: Any, arn: str) -> bool:
    """Return whether the tags of a cluster can neither be read nor changed, because it is not available."""
    calls: tuple[tuple[Any, dict[str, Any]], ...] = (
        (elasticache.list_tags_for_resource, {}),
        (elasticache.add_tags_to_resource, {"Tags": [{"Key": "a", "Value": "b"}]}),
        (elasticache.remove_tags_from_resource, {"TagKeys": ["a"]}),
    )
    outcomes = set()
    for call, parameters in calls:
        try:
            call(ResourceName=arn, **parameters)
            outcomes.add("success")
        except ClientError as error:
            response = error.response
            assert response["ResponseMetadata"]["HTTPStatusCode"] == 404
            assert response["Error"]["Message"] == "cache is either not present or not available."
            outcomes.add(response["Error"]["Code"])
    assert len(outcomes) == 1
    return outcomes == {"CacheClusterNotFound"}


@pytest.mark.parametrize("state", ["creating", "modifying", "rebooting cluster nodes", "deleting"])
def test_tags_are_unavailable_during_transitions(region: Region, elasticache: Any, state: str) -> None:
    slow, instant = replace(region.settings, transition_ms=60_000), region.settings
    region.settings = slow if state == "creating" else instant
    arn = create_cluster(elasticache)["ARN"]
    region.settings = slow
    if state == "modifying":
        elasticache.modify_cache_cluster(CacheClusterId="cache", AutoMinorVersionUpgrade=False)
    elif state == "rebooting cluster nodes":
        elasticache.reboot_cache_cluster(CacheClusterId="cache", CacheNodeIdsToReboot=["0001"])
    elif state == "deleting":
        elasticache.delete_cache_cluster(CacheClusterId="cache")

    assert describe_cluster(elasticache)["CacheClusterStatus"] == state
    assert cannot_be_tagged(elasticache, arn)
    assert error_code(elasticache.delete_cache_cluster, CacheClusterId="cache") == "InvalidCacheClusterState"


def test_tags_require_available_cluster(elasticache: Any) -> None:
    arn = create_cluster(elasticache)["ARN"]
    assert not cannot_be_tagged(elasticache, arn)
    elasticache.delete_cache_cluster(CacheClusterId="cache")
    assert cannot_be_tagged(elasticache, arn)


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("us-east-1:123456789012:subnetgroup:nowhere", "CacheSubnetGroupNotFoundFault"),
        ("us-east-1:123456789012:parametergroup:nothing", "CacheParameterGroupNotFound"),
        ("eu-west-1:123456789012:subnetgroup:nowhere", "InvalidARN"),
        ("us-east-1:123456789012:planet:mars", "InvalidARN"),
        ("us-east-1:123456789012", "InvalidARN"),
        ("", "InvalidARN"),
    ],
)
def test_tags_of_missing_resources_are_rejected(elasticache: Any, resource: str, code: str) -> None:
    arn = f"arn:aws:elasticache:{resource}" if resource else "*"
    assert error_code(elasticache.list_tags_for_resource, ResourceName=arn) == code


def test_parameters_apply_after_reboot(region: Region, elasticache: Any) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="big", CacheParameterGroupFamily="memcached1.6", Description="big items"
    )
    create_cluster(elasticache, CacheParameterGroupName="big")

    def item_sizes() -> list[str]:
        (cluster,) = region.reconciled[-1].vpcs[0].cache_clusters
        return [node.arguments[node.arguments.index("-I") + 1] for node in cluster.nodes]

    elasticache.modify_cache_parameter_group(
        CacheParameterGroupName="big",
        ParameterNameValues=[{"ParameterName": "max_item_size", "ParameterValue": "2097152"}],
    )
    (changed,) = elasticache.describe_cache_parameters(CacheParameterGroupName="big", Source="user")[
        "Parameters"
    ]
    assert (changed["ParameterName"], changed["ParameterValue"]) == ("max_item_size", "2097152")
    assert parameters_of(elasticache) == ("pending-reboot", ["0001", "0002"])
    assert item_sizes() == ["1048576", "1048576"]

    elasticache.reboot_cache_cluster(CacheClusterId="cache", CacheNodeIdsToReboot=["0002"])

    assert parameters_of(elasticache) == ("pending-reboot", ["0001"])
    assert item_sizes() == ["1048576", "2097152"]
    statuses = [each["ParameterGroupStatus"] for each in describe_cluster(elasticache)["CacheNodes"]]
    assert statuses == ["pending-reboot", "in-sync"]

    elasticache.reboot_cache_cluster(CacheClusterId="cache", CacheNodeIdsToReboot=["0001"])

    assert parameters_of(elasticache) == ("in-sync", [])
    assert item_sizes() == ["2097152", "2097152"]

    elasticache.reset_cache_parameter_group(CacheParameterGroupName="big", ResetAllParameters=True)
    parameters = elasticache.describe_cache_parameters(CacheParameterGroupName="big")["Parameters"]
    assert {each["Source"] for each in parameters} == {"system"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_item_size", "12"), ("max_item_size", "big"), ("unknown", "1"), ("requests_per_event", "30")],
)
def test_invalid_cache_parameters_are_rejected(elasticache: Any, name: str, value: str) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="own", CacheParameterGroupFamily="memcached1.6", Description="own"
    )

    changes = [{"ParameterName": name, "ParameterValue": value}]
    assert (
        error_code(
            elasticache.modify_cache_parameter_group,
            CacheParameterGroupName="own",
            ParameterNameValues=changes,
        )
        == "InvalidParameterValue"
    )


def test_groups_in_use_cannot_be_deleted(elasticache: Any, network: Network) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="own", CacheParameterGroupFamily="memcached1.6", Description="own"
    )
    create_cluster(elasticache, CacheParameterGroupName="own")

    assert (
        error_code(elasticache.delete_cache_subnet_group, CacheSubnetGroupName="private")
        == "CacheSubnetGroupInUse"
    )
    assert (
        error_code(elasticache.delete_cache_parameter_group, CacheParameterGroupName="own")
        == "InvalidCacheParameterGroupState"
    )
    assert (
        error_code(
            elasticache.modify_cache_subnet_group,
            CacheSubnetGroupName="private",
            SubnetIds=[network.private["us-east-1a"]],
        )
        == "SubnetInUse"
    )

    elasticache.delete_cache_cluster(CacheClusterId="cache")
    elasticache.delete_cache_subnet_group(CacheSubnetGroupName="private")
    elasticache.delete_cache_parameter_group(CacheParameterGroupName="own")

    assert elasticache.describe_cache_subnet_groups()["CacheSubnetGroups"] == []
    groups = elasticache.describe_cache_parameter_groups()["CacheParameterGroups"]
    assert [each["CacheParameterGroupName"] for each in groups] == ["default.memcached1.6"]


def test_subnet_group_describes_zones(elasticache: Any, network: Network) -> None:
    (group,) = elasticache.describe_cache_subnet_groups()["CacheSubnetGroups"]

    assert group["VpcId"] == network.vpc
    subnets = {each["SubnetAvailabilityZone"]["Name"]: each["SubnetIdentifier"] for each in group["Subnets"]}
    assert subnets == network.private


def test_subnet_group_requires_subnets_of_one_vpc(ec2: Any, elasticache: Any, network: Network) -> None:
    other = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    foreign = ec2.create_subnet(VpcId=other, CidrBlock="10.1.0.0/26")["Subnet"]["SubnetId"]

    for subnets in (["subnet-0123456789abcdef0"], [network.private["us-east-1a"], foreign]):
        assert (
            error_code(
                elasticache.create_cache_subnet_group,
                CacheSubnetGroupName="other",
                CacheSubnetGroupDescription="other",
                SubnetIds=subnets,
            )
            == "InvalidSubnet"
        )


def test_tags_are_added_and_removed(elasticache: Any) -> None:
    arn = create_cluster(elasticache, Tags=[{"Key": "a", "Value": "1"}])["ARN"]

    elasticache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "b", "Value": "2"}])
    elasticache.remove_tags_from_resource(ResourceName=arn, TagKeys=["a"])

    assert elasticache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "b", "Value": "2"}]


def test_memcached_accepts_arguments_of_changed_parameters(tmp_path: Path) -> None:
    defaults = {name: parameter.default for name, parameter in FAMILIES["memcached1.6"].items()}
    values = defaults | {
        "max_item_size": "2097152",
        "idle_timeout": "60",
        "cas_disabled": "1",
        "error_on_memory_exhausted": "1",
        "disable_flush_all": "1",
    }
    path = tmp_path / "socket"
    command = ["memcached", "-u", "root", "-s", str(path), *arguments("cache.t4g.micro", values)]
    with subprocess.Popen(command) as process:
        try:
            settings = query(path, process, b"stats settings\r\n")
        finally:
            process.kill()

    assert settings["maxbytes"] == str((512 - 100) * 1024 * 1024)
    assert settings["item_size_max"] == "2097152"
    assert settings["num_threads"] == "2"
    assert settings["idle_timeout"] == "60"
    assert (settings["cas_enabled"], settings["evictions"], settings["flush_enabled"]) == ("no", "off", "no")


def query(path: Path, process: subprocess.Popen[bytes], command: bytes) -> dict[str, str]:
    """Send a command to memcached once it listens, and return its STAT lines."""
    deadline = time.monotonic() + 10
    with socket.socket(socket.AF_UNIX) as connection:
        while connection.connect_ex(str(path)):
            assert process.poll() is None, "memcached rejected its arguments"
            assert time.monotonic() < deadline, "memcached does not listen"
        connection.sendall(command)
        with connection.makefile(newline="\r\n") as response:
            lines = iter(response.readline, "END\r\n")
            return {name: value for _, name, value in (line.rstrip().split(maxsplit=2) for line in lines)}


@pytest.mark.parametrize(
    ("family", "code"),
    [
        ("memcached1.4", "NotImplemented"),
        ("memcached1.5", "NotImplemented"),
        ("redis7", "NotImplemented"),
        ("memcached2", "InvalidParameterValue"),
    ],
)
def test_family_that_the_lab_lacks_is_refused_by_name(elasticache: Any, family: str, code: str) -> None:
    error = api_error(
        elasticache.create_cache_parameter_group,
        CacheParameterGroupName="own",
        CacheParameterGroupFamily=family,
        Description="own",
    )

    assert (error.code, family in error.message) == (code, True)
