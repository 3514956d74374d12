from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served_region import ZONES, Network, Region, api_error, error_code, two_zones
from vpcache.lab.aws.elasticache.parameters import FAMILIES, arguments
from vpcache.lab.settings import Settings


@pytest.fixture
def ec2(region: Region) -> Any:
    return region.client("ec2")


@pytest.fixture
def network(ec2: Any) -> Network:
    return two_zones(ec2)


@pytest.fixture
def elasticache(region: Region, network: Network) -> Any:
    """A client of a region with a subnet group of both private subnets."""
    client = region.client("elasticache")
    client.create_cache_subnet_group(
        CacheSubnetGroupName="private",
        CacheSubnetGroupDescription="both zones",
        SubnetIds=list(network.private.values()),
    )
    return client


def create(elasticache: Any, name: str = "cache", **options: Any) -> dict[str, Any]:
    defaults = {
        "Engine": "memcached",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheNodes": 2,
        "AZMode": "cross-az",
        "CacheSubnetGroupName": "private",
    }
    response = elasticache.create_cache_cluster(CacheClusterId=name, **defaults | options)
    return dict(response["CacheCluster"])


def describe(elasticache: Any, name: str = "cache") -> dict[str, Any]:
    answer = elasticache.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)
    (cluster,) = answer["CacheClusters"]
    return dict(cluster)


def zones(cluster: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["CacheNodeId"], each["CustomerAvailabilityZone"]) for each in cluster["CacheNodes"]]


def test_cluster_lifecycle(ec2: Any, elasticache: Any, network: Network) -> None:
    created = create(elasticache)
    assert created["CacheClusterStatus"] == "creating"
    assert created["ARN"] == "arn:aws:elasticache:us-east-1:123456789012:cluster:cache"

    cluster = describe(elasticache)
    assert cluster["CacheClusterStatus"] == "available"
    assert cluster["PreferredAvailabilityZone"] == "Multiple"
    assert zones(cluster) == [("0001", "us-east-1a"), ("0002", "us-east-1b")]
    names = [each["Endpoint"]["Address"] for each in cluster["CacheNodes"]]
    label = names[0].split(".")[1]
    assert len(label) == 6
    assert names == [f"cache.{label}.{number}.use1.cache.amazonaws.com" for number in ("0001", "0002")]
    assert cluster["ConfigurationEndpoint"] == {
        "Address": f"cache.{label}.cfg.use1.cache.amazonaws.com",
        "Port": 11211,
    }
    assert "CacheNodes" not in elasticache.describe_cache_clusters()["CacheClusters"][0]
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {each["SubnetId"]: len(each["PrivateIpAddresses"]) for each in interfaces} == dict.fromkeys(
        network.private.values(), 2
    )
    assert {each["Description"] for each in interfaces} == {"ElastiCache cache"}

    deleted = elasticache.delete_cache_cluster(CacheClusterId="cache")["CacheCluster"]

    assert deleted["CacheClusterStatus"] == "deleting"
    assert error_code(elasticache.describe_cache_clusters, CacheClusterId="cache") == "CacheClusterNotFound"
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def parameters_of(elasticache: Any) -> tuple[str, list[str]]:
    group = describe(elasticache)["CacheParameterGroup"]
    return group["ParameterApplyStatus"], group["CacheNodeIdsToReboot"]


def test_transitional_statuses_block_changes(region: Region, elasticache: Any) -> None:
    region.settings = Settings(transition_ms=60_000)
    change = {"CacheClusterId": "cache", "AutoMinorVersionUpgrade": False}

    create(elasticache)

    cluster = describe(elasticache)
    assert cluster["CacheClusterStatus"] == "creating"
    assert {each["CacheNodeStatus"] for each in cluster["CacheNodes"]} == {"creating"}
    assert "ConfigurationEndpoint" not in cluster
    assert error_code(elasticache.modify_cache_cluster, **change) == "InvalidCacheClusterState"
    assert error_code(elasticache.delete_cache_cluster, CacheClusterId="cache") == "InvalidCacheClusterState"

    region.settings = Settings(transition_ms=0)
    create(elasticache, "other")
    assert describe(elasticache, "other")["CacheClusterStatus"] == "available"
    region.settings = Settings(transition_ms=60_000)

    elasticache.modify_cache_cluster(**change | {"CacheClusterId": "other"})
    assert describe(elasticache, "other")["CacheClusterStatus"] == "modifying"


def test_deleting_cluster_is_visible_and_reserves_name(region: Region, elasticache: Any) -> None:
    create(elasticache)
    region.settings = Settings(transition_ms=60_000)

    elasticache.delete_cache_cluster(CacheClusterId="cache")

    assert describe(elasticache)["CacheClusterStatus"] == "deleting"
    assert error_code(lambda: create(elasticache)) == "CacheClusterAlreadyExists"
    assert error_code(elasticache.delete_cache_cluster, CacheClusterId="cache") == "InvalidCacheClusterState"


def test_cluster_names_are_unique(elasticache: Any) -> None:
    create(elasticache)

    assert error_code(lambda: create(elasticache)) == "CacheClusterAlreadyExists"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"NumCacheNodes": 1}, "InvalidParameterCombination"),  # cross-az needs two
        ({"NumCacheNodes": 61}, "InvalidParameterValue"),
        ({"PreferredAvailabilityZones": ["us-east-1a"]}, "InvalidParameterValue"),  # too few
        ({"PreferredAvailabilityZones": ["us-east-1a", "us-east-1c"]}, "InvalidParameterValue"),  # no subnet
        ({"AZMode": "single-az", "PreferredAvailabilityZones": [*ZONES]}, "InvalidParameterCombination"),
        ({"CacheNodeType": "cache.t9.huge"}, "InvalidParameterValue"),
        ({"EngineVersion": "9.9.9"}, "InvalidParameterValue"),
        ({"CacheSubnetGroupName": "nowhere"}, "CacheSubnetGroupNotFoundFault"),
        ({"CacheParameterGroupName": "nothing"}, "CacheParameterGroupNotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue"),
        ({"EngineVersion": "1.6.6", "TransitEncryptionEnabled": True}, "InvalidParameterCombination"),
        ({"Engine": "redis"}, "NotImplemented"),
    ],
)
def test_invalid_cluster_is_rejected_without_leftovers(
    ec2: Any, elasticache: Any, options: dict[str, Any], code: str
) -> None:
    assert error_code(lambda: create(elasticache, **options)) == code
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_cluster_without_free_addresses_has_no_leftovers(
    ec2: Any, elasticache: Any, network: Network
) -> None:
    for _ in range(2):  # an interface has at most 50 addresses
        ec2.create_network_interface(
            SubnetId=network.private["us-east-1b"], SecondaryPrivateIpAddressCount=28
        )
    before = ec2.describe_network_interfaces()["NetworkInterfaces"]

    assert error_code(lambda: create(elasticache)) == "InsufficientCacheClusterCapacity"
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == before


def test_single_az_cluster_uses_preferred_zone(elasticache: Any) -> None:
    create(elasticache, AZMode="single-az", PreferredAvailabilityZone="us-east-1b")

    cluster = describe(elasticache)
    assert cluster["PreferredAvailabilityZone"] == "us-east-1b"
    assert zones(cluster) == [("0001", "us-east-1b"), ("0002", "us-east-1b")]


def test_nodes_are_appended_and_removed_by_id(ec2: Any, elasticache: Any) -> None:
    create(elasticache)

    elasticache.modify_cache_cluster(
        CacheClusterId="cache",
        NumCacheNodes=4,
        NewAvailabilityZones=["us-east-1b", "us-east-1a"],
        ApplyImmediately=True,
    )
    assert zones(describe(elasticache))[2:] == [("0003", "us-east-1b"), ("0004", "us-east-1a")]

    elasticache.modify_cache_cluster(
        CacheClusterId="cache", NumCacheNodes=3, CacheNodeIdsToRemove=["0002"], ApplyImmediately=True
    )
    cluster = describe(elasticache)
    assert [node for node, _ in zones(cluster)] == ["0001", "0003", "0004"]
    assert cluster["NumCacheNodes"] == 3
    assert len(ec2.describe_network_interfaces()["NetworkInterfaces"]) == 3


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"NumCacheNodes": 3, "NewAvailabilityZones": [*ZONES]}, "InvalidParameterValue"),
        ({"NumCacheNodes": 1}, "InvalidParameterCombination"),  # no node ID
        (
            {"NumCacheNodes": 1, "AZMode": "cross-az", "CacheNodeIdsToRemove": ["0002"]},
            "InvalidParameterCombination",
        ),
        ({"NumCacheNodes": 1, "CacheNodeIdsToRemove": ["0009"]}, "InvalidParameterValue"),
        ({"CacheNodeIdsToRemove": ["0001"]}, "InvalidParameterCombination"),
    ],
)
def test_invalid_resize_is_rejected(elasticache: Any, options: dict[str, Any], code: str) -> None:
    create(elasticache)

    change = {"CacheClusterId": "cache", "ApplyImmediately": True} | options
    assert error_code(elasticache.modify_cache_cluster, **change) == code
    assert describe(elasticache)["NumCacheNodes"] == 2


@pytest.mark.parametrize("removal", [{}, {"NumCacheNodes": 1, "CacheNodeIdsToRemove": ["0002"]}])
def test_single_az_is_rejected_while_nodes_span_zones(elasticache: Any, removal: dict[str, Any]) -> None:
    create(elasticache)
    change = {"CacheClusterId": "cache", "AZMode": "single-az", "ApplyImmediately": True} | removal
    error = api_error(elasticache.modify_cache_cluster, **change)
    assert error.code == "InvalidParameterCombination"
    assert "already has cache nodes in different Availability Zones" in error.message
    assert describe(elasticache)["NumCacheNodes"] == 2

    # without AZMode the nodes of the other zone can be removed, and then the mode can be changed
    elasticache.modify_cache_cluster(
        CacheClusterId="cache", NumCacheNodes=1, CacheNodeIdsToRemove=["0002"], ApplyImmediately=True
    )
    elasticache.modify_cache_cluster(CacheClusterId="cache", AZMode="single-az", ApplyImmediately=True)
    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=2, ApplyImmediately=True)
    assert zones(describe(elasticache)) == [("0001", "us-east-1a"), ("0002", "us-east-1a")]


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
    arn = create(elasticache)["ARN"]
    region.settings = slow
    if state == "modifying":
        elasticache.modify_cache_cluster(CacheClusterId="cache", AutoMinorVersionUpgrade=False)
    elif state == "rebooting cluster nodes":
        elasticache.reboot_cache_cluster(CacheClusterId="cache", CacheNodeIdsToReboot=["0001"])
    elif state == "deleting":
        elasticache.delete_cache_cluster(CacheClusterId="cache")

    assert describe(elasticache)["CacheClusterStatus"] == state
    assert cannot_be_tagged(elasticache, arn)
    assert error_code(elasticache.delete_cache_cluster, CacheClusterId="cache") == "InvalidCacheClusterState"


def test_tags_require_available_cluster(elasticache: Any) -> None:
    arn = create(elasticache)["ARN"]
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


def test_deleting_cluster_occupies_interfaces_and_groups(
    region: Region, ec2: Any, elasticache: Any, network: Network
) -> None:
    create(elasticache)
    group = describe(elasticache)["CacheSubnetGroupName"]
    region.settings = replace(region.settings, transition_ms=600)
    elasticache.delete_cache_cluster(CacheClusterId="cache")
    delete_group = partial(elasticache.delete_cache_subnet_group, CacheSubnetGroupName=group)
    assert error_code(delete_group) == "CacheSubnetGroupInUse"
    subnet = network.private["us-east-1a"]
    assert error_code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"

    elasticache.get_waiter("cache_cluster_deleted").wait(
        CacheClusterId="cache", WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    delete_group()
    ec2.delete_subnet(SubnetId=subnet)  # possible once the cluster is deleted
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_deferred_changes_are_pending(elasticache: Any) -> None:
    create(elasticache)

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=3)

    cluster = describe(elasticache)
    assert (cluster["NumCacheNodes"], cluster["PendingModifiedValues"]) == (2, {"NumCacheNodes": 3})

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=2)  # the current number cancels

    assert describe(elasticache)["PendingModifiedValues"] == {}

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=3)
    elasticache.modify_cache_cluster(CacheClusterId="cache", ApplyImmediately=True)

    cluster = describe(elasticache)
    assert (cluster["NumCacheNodes"], cluster["PendingModifiedValues"]) == (3, {})


def test_engine_upgrade_restarts_nodes_and_downgrade_is_rejected(region: Region, elasticache: Any) -> None:
    create(elasticache, EngineVersion="1.6.12")

    def boots() -> list[int]:
        (cluster,) = region.reconciled[-1].vpcs[0].cache_clusters
        return [node.boots for node in cluster.nodes]

    upgrade = {"CacheClusterId": "cache", "EngineVersion": "1.6.17"}
    elasticache.modify_cache_cluster(**upgrade)
    cluster = describe(elasticache)
    assert (cluster["EngineVersion"], cluster["PendingModifiedValues"]) == (
        "1.6.12",
        {"EngineVersion": "1.6.17"},
    )
    assert boots() == [0, 0]

    elasticache.modify_cache_cluster(**upgrade, ApplyImmediately=True)

    assert describe(elasticache)["EngineVersion"] == "1.6.17"
    assert boots() == [1, 1]
    assert (
        error_code(elasticache.modify_cache_cluster, CacheClusterId="cache", EngineVersion="1.6.12")
        == "InvalidParameterCombination"
    )


def test_window_topic_and_minor_upgrades_are_modified(elasticache: Any) -> None:
    create(elasticache)

    elasticache.modify_cache_cluster(
        CacheClusterId="cache",
        PreferredMaintenanceWindow="Mon:23:30-Tue:00:30",
        NotificationTopicArn="arn:aws:sns:us-east-1:123456789012:cache",
        NotificationTopicStatus="inactive",
        AutoMinorVersionUpgrade=False,
    )

    cluster = describe(elasticache)
    assert cluster["PreferredMaintenanceWindow"] == "mon:23:30-tue:00:30"
    assert cluster["AutoMinorVersionUpgrade"] is False
    assert cluster["NotificationConfiguration"] == {
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:cache",
        "TopicStatus": "inactive",
    }


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"PreferredMaintenanceWindow": "sun:05:00-sun:05:30"}, "InvalidParameterValue"),  # too short
        ({"PreferredMaintenanceWindow": "sunday at five"}, "InvalidParameterValue"),
        ({"NotificationTopicStatus": "asleep"}, "InvalidParameterValue"),
        ({"CacheNodeType": "cache.t4g.small"}, "InvalidParameterCombination"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue"),
    ],
)
def test_invalid_modification_changes_nothing(elasticache: Any, options: dict[str, Any], code: str) -> None:
    create(elasticache)
    before = describe(elasticache)

    change = {"CacheClusterId": "cache", "NumCacheNodes": 3, "ApplyImmediately": True} | options
    assert error_code(elasticache.modify_cache_cluster, **change) == code
    assert describe(elasticache) == before


def test_reboot_requires_existing_nodes(elasticache: Any) -> None:
    create(elasticache)

    for nodes in ([], ["0009"]):
        call = {"CacheClusterId": "cache", "CacheNodeIdsToReboot": nodes}
        assert error_code(elasticache.reboot_cache_cluster, **call) == "InvalidParameterValue"


def test_engine_versions_are_described(elasticache: Any) -> None:
    versions = elasticache.describe_cache_engine_versions(Engine="memcached")["CacheEngineVersions"]
    (default,) = elasticache.describe_cache_engine_versions(DefaultOnly=True)["CacheEngineVersions"]

    assert {each["CacheParameterGroupFamily"] for each in versions} == {"memcached1.6"}
    assert default == versions[-1]
    assert elasticache.describe_cache_engine_versions(Engine="redis")["CacheEngineVersions"] == []


def test_memcached_has_no_snapshots(elasticache: Any) -> None:
    create(elasticache)

    snapshot = {"CacheClusterId": "cache", "SnapshotName": "snapshot"}
    assert error_code(elasticache.create_snapshot, **snapshot) == "SnapshotFeatureNotSupportedFault"


def test_cluster_security_groups_apply_to_interfaces(ec2: Any, elasticache: Any, network: Network) -> None:
    group = ec2.create_security_group(GroupName="cache", Description="cache", VpcId=network.vpc)["GroupId"]
    create(elasticache)

    elasticache.modify_cache_cluster(CacheClusterId="cache", SecurityGroupIds=[group])

    assert describe(elasticache)["SecurityGroups"] == [{"SecurityGroupId": group, "Status": "active"}]
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [[each["GroupId"] for each in interface["Groups"]] for interface in interfaces] == [[group]] * 2
    assert error_code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_clusters_are_paginated(elasticache: Any) -> None:
    names = [f"cache-{number:02}" for number in range(25)]
    for name in names:
        create(elasticache, name, NumCacheNodes=1, AZMode="single-az")

    first = elasticache.describe_cache_clusters(MaxRecords=20)
    second = elasticache.describe_cache_clusters(MaxRecords=20, Marker=first["Marker"])

    assert len(first["CacheClusters"]) == 20
    pages = [*first["CacheClusters"], *second["CacheClusters"]]
    assert [each["CacheClusterId"] for each in pages] == names
    assert "Marker" not in second


def test_parameters_apply_after_reboot(region: Region, elasticache: Any) -> None:
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="big", CacheParameterGroupFamily="memcached1.6", Description="big items"
    )
    create(elasticache, CacheParameterGroupName="big")

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
    statuses = [each["ParameterGroupStatus"] for each in describe(elasticache)["CacheNodes"]]
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
    create(elasticache, CacheParameterGroupName="own")

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
    arn = create(elasticache, Tags=[{"Key": "a", "Value": "1"}])["ARN"]

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
