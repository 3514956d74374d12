from __future__ import annotations

import re
from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.support.served.region import Network, Region, api_error, error_code
from vpcache.lab.aws.topology_builder import derive
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import InterfaceKind

ACCOUNT = "123456789012"


@pytest.fixture
def caches(region: Region, network: Network) -> Any:
    """A client of ElastiCache in a region with a VPC of two zones."""
    return region.client("elasticache")


def create(caches: Any, network: Network, name: str = "cache", **options: Any) -> dict[str, Any]:
    request = {"Engine": "memcached", "SubnetIds": [*network.private.values()]} | options
    return dict(caches.create_serverless_cache(ServerlessCacheName=name, **request)["ServerlessCache"])


def describe(caches: Any, name: str = "cache") -> dict[str, Any]:
    (cache,) = caches.describe_serverless_caches(ServerlessCacheName=name)["ServerlessCaches"]
    return dict(cache)


def interfaces(ec2: Any) -> list[dict[str, Any]]:
    return list(ec2.describe_network_interfaces()["NetworkInterfaces"])


def test_serverless_cache_has_an_endpoint_in_each_subnet(ec2: Any, caches: Any, network: Network) -> None:
    created = create(caches, network, "Cache", Description="d")
    assert created["Status"] == "creating"
    assert "Endpoint" not in created
    assert created["ARN"] == f"arn:aws:elasticache:us-east-1:{ACCOUNT}:serverlesscache:cache"

    cache = describe(caches)

    assert (cache["Status"], cache["Engine"], cache["MajorEngineVersion"]) == (
        "available",
        "memcached",
        "1.6",
    )
    assert cache["Endpoint"]["Port"] == 11211
    assert re.fullmatch(
        r"cache-[0-9a-z]{6}\.serverless\.use1\.cache\.amazonaws\.com", cache["Endpoint"]["Address"]
    )
    assert sorted(cache["SubnetIds"]) == sorted(network.private.values())
    assert {each["SubnetId"] for each in interfaces(ec2)} == {*network.private.values()}
    assert {each["InterfaceType"] for each in interfaces(ec2)} == {"vpc_endpoint"}
    (vpc,) = derive().vpcs
    (derived,) = vpc.serverless_caches
    addresses = {IPv4Address(each["PrivateIpAddress"]) for each in interfaces(ec2)}
    assert {address for _, address in derived.endpoints} == addresses
    assert {each.kind for each in vpc.interfaces} == {InterfaceKind.ENDPOINT}

    assert (
        caches.delete_serverless_cache(ServerlessCacheName="cache")["ServerlessCache"]["Status"] == "deleting"
    )

    assert error_code(caches.describe_serverless_caches, ServerlessCacheName="cache") == (
        "ServerlessCacheNotFoundFault"
    )
    assert caches.describe_serverless_caches()["ServerlessCaches"] == []
    assert interfaces(ec2) == []


def test_busy_serverless_cache_cannot_be_changed(region: Region, caches: Any, network: Network) -> None:
    region.settings = LabSettings(transition_ms=60_000)

    arn = create(caches, network)["ARN"]

    assert describe(caches)["Status"] == "creating"
    for call in (caches.modify_serverless_cache, caches.delete_serverless_cache):
        assert error_code(call, ServerlessCacheName="cache") == "InvalidServerlessCacheStateFault"
    assert error_code(caches.list_tags_for_resource, ResourceName=arn) == "InvalidServerlessCacheStateFault"
    assert error_code(lambda: create(caches, network)) == "ServerlessCacheAlreadyExistsFault"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"Engine": "redis"}, "NotImplemented"),
        ({"Engine": "valkey"}, "NotImplemented"),
        ({"Engine": "rediss"}, "InvalidParameterValue"),
        ({"MajorEngineVersion": "1.5"}, "InvalidParameterValue"),
        ({"UserGroupId": "g"}, "InvalidParameterCombination"),
        ({"name": "a" * 41}, "InvalidParameterValue"),
        ({"name": "a--b"}, "InvalidParameterValue"),
        ({"Description": "d" * 256}, "InvalidParameterValue"),
        ({"SubnetIds": ["subnet-0123456789abcdef0"]}, "InvalidSubnet"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue"),
        ({"CacheUsageLimits": {"DataStorage": {"Maximum": 5001, "Unit": "GB"}}}, "InvalidParameterValue"),
        ({"CacheUsageLimits": {"ECPUPerSecond": {"Maximum": 999}}}, "InvalidParameterValue"),
        (
            {"CacheUsageLimits": {"DataStorage": {"Minimum": 3, "Maximum": 2, "Unit": "GB"}}},
            "InvalidParameterValue",
        ),
        ({"SnapshotRetentionLimit": 1}, "NotImplemented"),
        ({"DailySnapshotTime": "03:00"}, "NotImplemented"),
        ({"NetworkType": "dual_stack"}, "NotImplemented"),
    ],
)
def test_invalid_serverless_cache_is_rejected_without_leftovers(
    ec2: Any, caches: Any, network: Network, options: dict[str, Any], code: str
) -> None:
    assert error_code(lambda: create(caches, network, **options)) == code
    assert caches.describe_serverless_caches()["ServerlessCaches"] == []
    assert interfaces(ec2) == []


def test_serverless_cache_needs_subnets_in_different_zones(ec2: Any, caches: Any, network: Network) -> None:
    zone, private = next(iter(network.private.items()))

    one = api_error(lambda: create(caches, network, SubnetIds=[private]))
    same_zone = api_error(lambda: create(caches, network, SubnetIds=[private, network.public[zone]]))

    assert "SubnetIds must name two or three subnets" in one.message
    assert one.code == same_zone.code == "InvalidParameterValue"
    assert error_code(caches.create_serverless_cache, ServerlessCacheName="c", Engine="memcached") == (
        "InvalidParameterValue"
    )
    ec2.create_default_vpc()
    caches.create_serverless_cache(ServerlessCacheName="c", Engine="memcached")
    assert len(describe(caches, "c")["SubnetIds"]) == 3


def test_serverless_cache_is_modified_in_place(ec2: Any, caches: Any, network: Network) -> None:
    limits = {"DataStorage": {"Maximum": 2, "Unit": "GB"}, "ECPUPerSecond": {"Maximum": 1000}}
    create(caches, network, CacheUsageLimits=limits, KmsKeyId="arn:aws:kms:us-east-1:1:key/k")
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=network.vpc)["GroupId"]

    modified = caches.modify_serverless_cache(
        ServerlessCacheName="cache",
        Description="new",
        SecurityGroupIds=[group],
        CacheUsageLimits={"DataStorage": {"Maximum": 10, "Unit": "GB"}},
    )["ServerlessCache"]

    assert modified["Status"] == "modifying"
    cache = describe(caches)
    assert (cache["Description"], cache["SecurityGroupIds"]) == ("new", [group])
    assert cache["CacheUsageLimits"] == limits | {"DataStorage": {"Maximum": 10, "Unit": "GB"}}
    assert cache["StorageEncryptionType"] == "sse-kms"
    assert {each["GroupId"] for eni in interfaces(ec2) for each in eni["Groups"]} == {group}
    (vpc,) = derive().vpcs
    assert vpc.serverless_caches[0].memory_mb == 10 * 1024
    assert error_code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"


def test_serverless_caches_have_tags_and_pages(caches: Any, network: Network) -> None:
    for name in ("a", "b", "c"):
        create(caches, network, name, Tags=[{"Key": "Stack", "Value": name}])
    arn = describe(caches, "a")["ARN"]

    caches.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "k", "Value": "v"}])
    caches.remove_tags_from_resource(ResourceName=arn, TagKeys=["Stack"])

    assert caches.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "k", "Value": "v"}]
    pages = caches.get_paginator("describe_serverless_caches").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["ServerlessCacheName"] for each in page["ServerlessCaches"]] for page in pages] == [
        ["a", "b"],
        ["c"],
    ]
