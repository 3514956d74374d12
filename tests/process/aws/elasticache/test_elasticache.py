from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.support.served.clusters import create_cluster, describe_cluster
from tests.support.served.region import ZONES, Network, Region, api_error, error_code
from vpcache.lab.settings import LabSettings


def zones(cluster: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["CacheNodeId"], each["CustomerAvailabilityZone"]) for each in cluster["CacheNodes"]]


def test_cluster_lifecycle(ec2: Any, elasticache: Any, network: Network) -> None:
    created = create_cluster(elasticache)
    assert created["CacheClusterStatus"] == "creating"
    assert created["ARN"] == "arn:aws:elasticache:us-east-1:123456789012:cluster:cache"

    cluster = describe_cluster(elasticache)
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


def test_transitional_statuses_block_changes(region: Region, elasticache: Any) -> None:
    region.settings = LabSettings(transition_ms=60_000)
    change = {"CacheClusterId": "cache", "AutoMinorVersionUpgrade": False}

    create_cluster(elasticache)

    cluster = describe_cluster(elasticache)
    assert cluster["CacheClusterStatus"] == "creating"
    assert {each["CacheNodeStatus"] for each in cluster["CacheNodes"]} == {"creating"}
    assert "ConfigurationEndpoint" not in cluster
    assert error_code(elasticache.modify_cache_cluster, **change) == "InvalidCacheClusterState"
    assert error_code(elasticache.delete_cache_cluster, CacheClusterId="cache") == "InvalidCacheClusterState"

    region.settings = LabSettings(transition_ms=0)
    create_cluster(elasticache, "other")
    assert describe_cluster(elasticache, "other")["CacheClusterStatus"] == "available"
    region.settings = LabSettings(transition_ms=60_000)

    elasticache.modify_cache_cluster(**change | {"CacheClusterId": "other"})
    assert describe_cluster(elasticache, "other")["CacheClusterStatus"] == "modifying"


def test_deleting_cluster_is_visible_and_reserves_name(region: Region, elasticache: Any) -> None:
    create_cluster(elasticache)
    region.settings = LabSettings(transition_ms=60_000)

    elasticache.delete_cache_cluster(CacheClusterId="cache")

    assert describe_cluster(elasticache)["CacheClusterStatus"] == "deleting"
    assert error_code(lambda: create_cluster(elasticache)) == "CacheClusterAlreadyExists"
    assert error_code(elasticache.delete_cache_cluster, CacheClusterId="cache") == "InvalidCacheClusterState"


def test_cluster_names_are_unique(elasticache: Any) -> None:
    create_cluster(elasticache)

    assert error_code(lambda: create_cluster(elasticache)) == "CacheClusterAlreadyExists"


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
        ({"EngineVersion": "1.5.16"}, "NotImplemented"),
        ({"CacheNodeType": "cache.r7g.16xlarge"}, "NotImplemented"),
    ],
)
def test_invalid_cluster_is_rejected_without_leftovers(
    ec2: Any, elasticache: Any, options: dict[str, Any], code: str
) -> None:
    assert error_code(lambda: create_cluster(elasticache, **options)) == code
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

    assert error_code(lambda: create_cluster(elasticache)) == "InsufficientCacheClusterCapacity"
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == before


def test_single_az_cluster_uses_preferred_zone(elasticache: Any) -> None:
    create_cluster(elasticache, AZMode="single-az", PreferredAvailabilityZone="us-east-1b")

    cluster = describe_cluster(elasticache)
    assert cluster["PreferredAvailabilityZone"] == "us-east-1b"
    assert zones(cluster) == [("0001", "us-east-1b"), ("0002", "us-east-1b")]


def test_nodes_are_appended_and_removed_by_id(ec2: Any, elasticache: Any) -> None:
    create_cluster(elasticache)

    elasticache.modify_cache_cluster(
        CacheClusterId="cache",
        NumCacheNodes=4,
        NewAvailabilityZones=["us-east-1b", "us-east-1a"],
        ApplyImmediately=True,
    )
    assert zones(describe_cluster(elasticache))[2:] == [("0003", "us-east-1b"), ("0004", "us-east-1a")]

    elasticache.modify_cache_cluster(
        CacheClusterId="cache", NumCacheNodes=3, CacheNodeIdsToRemove=["0002"], ApplyImmediately=True
    )
    cluster = describe_cluster(elasticache)
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
    create_cluster(elasticache)

    change = {"CacheClusterId": "cache", "ApplyImmediately": True} | options
    assert error_code(elasticache.modify_cache_cluster, **change) == code
    assert describe_cluster(elasticache)["NumCacheNodes"] == 2


@pytest.mark.parametrize("removal", [{}, {"NumCacheNodes": 1, "CacheNodeIdsToRemove": ["0002"]}])
def test_single_az_is_rejected_while_nodes_span_zones(elasticache: Any, removal: dict[str, Any]) -> None:
    create_cluster(elasticache)
    change = {"CacheClusterId": "cache", "AZMode": "single-az", "ApplyImmediately": True} | removal
    error = api_error(elasticache.modify_cache_cluster, **change)
    assert error.code == "InvalidParameterCombination"
    assert "already has cache nodes in different Availability Zones" in error.message
    assert describe_cluster(elasticache)["NumCacheNodes"] == 2

    # without AZMode the nodes of the other zone can be removed, and then the mode can be changed
    elasticache.modify_cache_cluster(
        CacheClusterId="cache", NumCacheNodes=1, CacheNodeIdsToRemove=["0002"], ApplyImmediately=True
    )
    elasticache.modify_cache_cluster(CacheClusterId="cache", AZMode="single-az", ApplyImmediately=True)
    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=2, ApplyImmediately=True)
    assert zones(describe_cluster(elasticache)) == [("0001", "us-east-1a"), ("0002", "us-east-1a")]


def test_deleting_cluster_occupies_interfaces_and_groups(
    region: Region, ec2: Any, elasticache: Any, network: Network
) -> None:
    create_cluster(elasticache)
    group = describe_cluster(elasticache)["CacheSubnetGroupName"]
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
    create_cluster(elasticache)

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=3)

    cluster = describe_cluster(elasticache)
    assert (cluster["NumCacheNodes"], cluster["PendingModifiedValues"]) == (2, {"NumCacheNodes": 3})

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=2)  # the current number cancels

    assert describe_cluster(elasticache)["PendingModifiedValues"] == {}

    elasticache.modify_cache_cluster(CacheClusterId="cache", NumCacheNodes=3)
    elasticache.modify_cache_cluster(CacheClusterId="cache", ApplyImmediately=True)

    cluster = describe_cluster(elasticache)
    assert (cluster["NumCacheNodes"], cluster["PendingModifiedValues"]) == (3, {})


def test_engine_upgrade_restarts_nodes_and_downgrade_is_rejected(region: Region, elasticache: Any) -> None:
    create_cluster(elasticache, EngineVersion="1.6.12")

    def boots() -> list[int]:
        (cluster,) = region.reconciled[-1].vpcs[0].cache_clusters
        return [node.boots for node in cluster.nodes]

    upgrade = {"CacheClusterId": "cache", "EngineVersion": "1.6.17"}
    elasticache.modify_cache_cluster(**upgrade)
    cluster = describe_cluster(elasticache)
    assert (cluster["EngineVersion"], cluster["PendingModifiedValues"]) == (
        "1.6.12",
        {"EngineVersion": "1.6.17"},
    )
    assert boots() == [0, 0]

    elasticache.modify_cache_cluster(**upgrade, ApplyImmediately=True)

    assert describe_cluster(elasticache)["EngineVersion"] == "1.6.17"
    assert boots() == [1, 1]
    assert (
        error_code(elasticache.modify_cache_cluster, CacheClusterId="cache", EngineVersion="1.6.12")
        == "InvalidParameterCombination"
    )


def test_window_topic_and_minor_upgrades_are_modified(elasticache: Any) -> None:
    create_cluster(elasticache)

    elasticache.modify_cache_cluster(
        CacheClusterId="cache",
        PreferredMaintenanceWindow="Mon:23:30-Tue:00:30",
        NotificationTopicArn="arn:aws:sns:us-east-1:123456789012:cache",
        NotificationTopicStatus="inactive",
        AutoMinorVersionUpgrade=False,
    )

    cluster = describe_cluster(elasticache)
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
    create_cluster(elasticache)
    before = describe_cluster(elasticache)

    change = {"CacheClusterId": "cache", "NumCacheNodes": 3, "ApplyImmediately": True} | options
    assert error_code(elasticache.modify_cache_cluster, **change) == code
    assert describe_cluster(elasticache) == before


def test_reboot_requires_existing_nodes(elasticache: Any) -> None:
    create_cluster(elasticache)

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
    create_cluster(elasticache)

    snapshot = {"CacheClusterId": "cache", "SnapshotName": "snapshot"}
    assert error_code(elasticache.create_snapshot, **snapshot) == "SnapshotFeatureNotSupportedFault"


def test_cluster_security_groups_apply_to_interfaces(ec2: Any, elasticache: Any, network: Network) -> None:
    group = ec2.create_security_group(GroupName="cache", Description="cache", VpcId=network.vpc)["GroupId"]
    create_cluster(elasticache)

    elasticache.modify_cache_cluster(CacheClusterId="cache", SecurityGroupIds=[group])

    assert describe_cluster(elasticache)["SecurityGroups"] == [{"SecurityGroupId": group, "Status": "active"}]
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert [[each["GroupId"] for each in interface["Groups"]] for interface in interfaces] == [[group]] * 2
    assert error_code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_clusters_are_paginated(elasticache: Any) -> None:
    names = [f"cache-{number:02}" for number in range(25)]
    for name in names:
        create_cluster(elasticache, name, NumCacheNodes=1, AZMode="single-az")

    first = elasticache.describe_cache_clusters(MaxRecords=20)
    second = elasticache.describe_cache_clusters(MaxRecords=20, Marker=first["Marker"])

    assert len(first["CacheClusters"]) == 20
    pages = [*first["CacheClusters"], *second["CacheClusters"]]
    assert [each["CacheClusterId"] for each in pages] == names
    assert "Marker" not in second
