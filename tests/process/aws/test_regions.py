"""Several regions in one control plane: regional and global resources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.served.functions import create, role_and_client
from tests.support.served.region import Region, api_error, error_code, two_zones, unique
from vpcache.lab.aws.inventory import directory
from vpcache.lab.aws.regions import known_regions, short_form
from vpcache.lab.network.naming import interface_namespace
from vpcache.lab.topology import Vpc

FIRST, SECOND = REGIONS = ("us-east-1", "eu-west-1")


def create_stack(region: Region, name: str) -> None:
    """Create a VPC, a cache cluster and a function in a region, with the same names in each."""
    ec2, elasticache = (region.client(each, name) for each in ("ec2", "elasticache"))
    network = two_zones(ec2)
    subnets = list(network.private.values())
    group = ec2.create_security_group(GroupName="stack", Description="stack", VpcId=network.vpc)["GroupId"]
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="stack", CacheSubnetGroupDescription="stack", SubnetIds=subnets
    )
    elasticache.create_cache_cluster(
        CacheClusterId="stack",
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=2,
        AZMode="cross-az",
        CacheSubnetGroupName="stack",
        SecurityGroupIds=[group],
    )
    role_and_client(region)
    vpc_config = {"SubnetIds": subnets, "SecurityGroupIds": [group]}
    create(region.client("lambda", name), "stack", VpcConfig=vpc_config)


def by_region(region: Region) -> dict[str, Vpc]:
    return {vpc.region: vpc for vpc in region.reconciled[-1].vpcs}


def test_regions_have_separate_networks(region: Region) -> None:
    for name in REGIONS:
        create_stack(region, name)

    vpcs = by_region(region)
    assert set(vpcs) == set(REGIONS)
    assert [vpc.id for vpc in region.reconciled[-1].vpcs] == sorted(vpc.id for vpc in vpcs.values())
    for name, vpc in vpcs.items():
        assert {subnet.zone for subnet in vpc.subnets} == {f"{name}a", f"{name}b"}
        assert len(vpc.interfaces) == 4  # two nodes, and a function in two subnets
        (cluster,) = vpc.cache_clusters
        assert [cluster.node_name(node) for node in cluster.nodes] == [
            f"{name}/stack/0001",
            f"{name}/stack/0002",
        ]
    first, second = (vpcs[name].cache_clusters[0].configuration_hostname for name in REGIONS)
    assert first.endswith(".cfg.use1.cache.amazonaws.com")
    assert second.endswith(".cfg.euw1.cache.amazonaws.com")


def test_deletions_affect_one_region_only(region: Region) -> None:
    for name in REGIONS:
        create_stack(region, name)
    before = by_region(region)[SECOND]
    region.client("lambda", FIRST).delete_function(FunctionName="stack")
    region.client("elasticache", FIRST).delete_cache_cluster(CacheClusterId="stack")
    assert by_region(region)[FIRST].interfaces == ()
    assert by_region(region)[SECOND] == before


def test_places_of_same_name_differ_by_region(region: Region) -> None:
    for name in REGIONS:
        create_stack(region, name)
    places = directory(region.reconciled[-1])
    for name, vpc in by_region(region).items():
        ids = {each.id for each in vpc.interfaces}
        for place_name in ("stack", "stack/0001"):
            matches = [place for place in places if (place.name, place.region) == (place_name, name)]
            assert matches
            assert {place.namespace for place in matches} <= set(map(interface_namespace, ids))


def test_roles_are_global_and_functions_regional(region: Region) -> None:
    create_stack(region, FIRST)
    assert region.client("iam", SECOND).get_role(RoleName="function")["Role"]["RoleName"] == "function"
    functions = region.client("lambda", SECOND)
    assert functions.list_functions()["Functions"] == []
    assert error_code(functions.get_function, FunctionName="stack") == "ResourceNotFoundException"


def test_elastic_ips_are_unique_across_regions(region: Region) -> None:
    region.settings = replace(region.settings, elastic_ips=2)
    clients = [region.client("ec2", name) for name in REGIONS]
    addresses = [ec2.allocate_address(Domain="vpc")["PublicIp"] for ec2 in clients for _ in range(2)]
    assert len(set(addresses)) == 4
    for ec2 in clients:  # the quota is per region
        assert error_code(ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"


def test_exhausted_public_cidr_is_insufficient_capacity(region: Region) -> None:
    region.settings = replace(region.settings, elastic_ips=1000)
    clients = [region.client("ec2", name) for name in REGIONS]
    for number in range(245):
        clients[number % 2].allocate_address(Domain="vpc")
    error = api_error(clients[0].allocate_address, Domain="vpc")
    assert error.code == "InsufficientAddressCapacity" and "203.0.113.0/24" in error.message


def test_vpc_quota_is_per_region(region: Region) -> None:
    region.settings = replace(region.settings, vpcs=1)
    for name in REGIONS:
        ec2 = region.client("ec2", name)
        ec2.create_vpc(CidrBlock="10.0.0.0/24")
        assert error_code(ec2.create_vpc, CidrBlock="10.0.0.0/24") == "VpcLimitExceeded"


def test_zone_ids_belong_to_region(region: Region) -> None:
    zones = region.client("ec2", SECOND).describe_availability_zones()["AvailabilityZones"]
    assert {each["ZoneName"] for each in zones} == {f"{SECOND}{letter}" for letter in "abc"}
    assert all(each["ZoneId"].startswith("euw1-az") and each["RegionName"] == SECOND for each in zones)
    ec2 = region.client("ec2", SECOND)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    foreign = {"VpcId": vpc, "CidrBlock": "10.0.0.0/26", "AvailabilityZone": f"{FIRST}a"}
    error = api_error(ec2.create_subnet, **foreign)
    assert error.code == "InvalidParameterValue"
    assert error.message.endswith("eu-west-1a, eu-west-1b, eu-west-1c.")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/26")["Subnet"]
    assert subnet["AvailabilityZone"] in {each["ZoneName"] for each in zones}  # EC2 chooses one
    by_id = {"VpcId": vpc, "CidrBlock": "10.0.0.64/26", "AvailabilityZoneId": "euw1-az1"}
    assert ec2.create_subnet(**by_id)["Subnet"]["AvailabilityZone"] == f"{SECOND}b"


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("ec2", "describe_vpcs"),
        ("elasticache", "describe_cache_clusters"),
        ("lambda", "list_functions"),
        ("sts", "get_caller_identity"),
        ("s3", "list_buckets"),
    ],
)
def test_unknown_region_is_rejected_by_name(region: Region, service: str, call: str) -> None:
    status, code, message = api_error(getattr(region.client(service, "mars-north-1"), call))
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert "mars-north-1" in message


def test_endpoint_services_belong_to_region(region: Region) -> None:
    ec2 = region.client("ec2", SECOND)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{SECOND}.s3")
    error = api_error(ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=f"com.amazonaws.{FIRST}.s3")
    assert error.code == "InvalidServiceName"


@pytest.mark.parametrize(
    ("region_name", "constraint", "code"),
    [
        ("us-east-1", None, None),
        ("eu-west-1", "eu-west-1", None),
        ("eu-west-1", None, "IllegalLocationConstraintException"),
        ("eu-west-1", "eu-central-1", "IllegalLocationConstraintException"),
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
    ],
)
def test_bucket_location_constraint_matches_region(
    region: Region, region_name: str, constraint: str | None, code: str | None
) -> None:
    s3, bucket = region.client("s3", region_name), unique("bucket")
    options: dict[str, Any] = (
        {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    )
    if code:
        assert error_code(s3.create_bucket, Bucket=bucket, **options) == code
        return
    s3.create_bucket(Bucket=bucket, **options)
    location = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"]
    assert location == constraint


@pytest.mark.parametrize(
    ("region", "short"),
    [
        ("us-east-1", "use1"),
        ("us-west-2", "usw2"),
        ("eu-central-1", "euc1"),
        ("ap-southeast-2", "apse2"),
        ("ap-northeast-1", "apne1"),
        ("sa-east-1", "sae1"),
    ],
)
def test_region_short_form_matches_aws(region: str, short: str) -> None:
    assert short_form(region) == short


def test_region_short_forms_are_unique() -> None:
    shorts = [short_form(region) for region in known_regions()]
    assert len(shorts) == len(set(shorts)) > 20
