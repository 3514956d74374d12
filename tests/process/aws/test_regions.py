"""Regions side by side in one control plane: what each has alone, and what is global."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.served_functions import create, refusal, role_and_client
from tests.support.served_region import Region, error_of, two_zones, unique
from vpcache.lab.aws.inventory import directory
from vpcache.lab.aws.regions import known_regions, short_form
from vpcache.lab.network.naming import interface_namespace
from vpcache.lab.topology import Vpc

HERE, THERE = REGIONS = ("us-east-1", "eu-west-1")


def furnish(region: Region, name: str) -> None:
    """Make a stack of a region: VPC, cache cluster and function, of the same names everywhere."""
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
    place = {"SubnetIds": subnets, "SecurityGroupIds": [group]}
    create(region.client("lambda", name), "stack", VpcConfig=place)


def by_region(region: Region) -> dict[str, Vpc]:
    return {vpc.region: vpc for vpc in region.settled[-1].vpcs}


def test_each_region_has_a_network_of_its_own(region: Region) -> None:
    for name in REGIONS:
        furnish(region, name)

    vpcs = by_region(region)
    assert set(vpcs) == set(REGIONS)
    assert [vpc.id for vpc in region.settled[-1].vpcs] == sorted(vpc.id for vpc in vpcs.values())
    for name, vpc in vpcs.items():
        assert {subnet.zone for subnet in vpc.subnets} == {f"{name}a", f"{name}b"}
        assert len(vpc.interfaces) == 4  # two nodes, and a function in two subnets
        (cluster,) = vpc.cache_clusters
        assert [cluster.node_name(node) for node in cluster.nodes] == [
            f"{name}/stack/0001",
            f"{name}/stack/0002",
        ]
    here, there = (vpcs[name].cache_clusters[0].configuration_hostname for name in REGIONS)
    assert here.endswith(".cfg.use1.cache.amazonaws.com") and there.endswith(".cfg.euw1.cache.amazonaws.com")


def test_deletions_in_one_region_leave_the_other_alone(region: Region) -> None:
    for name in REGIONS:
        furnish(region, name)
    before = by_region(region)[THERE]
    region.client("lambda", HERE).delete_function(FunctionName="stack")
    region.client("elasticache", HERE).delete_cache_cluster(CacheClusterId="stack")
    assert by_region(region)[HERE].interfaces == ()
    assert by_region(region)[THERE] == before


def test_places_tell_namesakes_apart_by_region(region: Region) -> None:
    for name in REGIONS:
        furnish(region, name)
    places = directory(region.settled[-1])
    for name, vpc in by_region(region).items():
        ids = {each.id for each in vpc.interfaces}
        for called in ("stack", "stack/0001"):
            found = [place for place in places if (place.name, place.region) == (called, name)]
            assert found and {place.namespace for place in found} <= set(map(interface_namespace, ids))


def test_roles_are_global_and_functions_are_not(region: Region) -> None:
    furnish(region, HERE)
    assert region.client("iam", THERE).get_role(RoleName="function")["Role"]["RoleName"] == "function"
    functions = region.client("lambda", THERE)
    assert functions.list_functions()["Functions"] == []
    assert refusal(functions.get_function, FunctionName="stack")["Code"] == "ResourceNotFoundException"


def test_elastic_ips_are_unique_over_regions(region: Region) -> None:
    region.settings = replace(region.settings, elastic_ips=2)
    clients = [region.client("ec2", name) for name in REGIONS]
    addresses = [ec2.allocate_address(Domain="vpc")["PublicIp"] for ec2 in clients for _ in range(2)]
    assert len(set(addresses)) == 4
    for ec2 in clients:  # each region has a quota of its own
        assert refusal(ec2.allocate_address, Domain="vpc")["Code"] == "AddressLimitExceeded"


def test_address_range_that_is_used_up_is_no_quota(region: Region) -> None:
    region.settings = replace(region.settings, elastic_ips=1000)
    clients = [region.client("ec2", name) for name in REGIONS]
    for at in range(245):
        clients[at % 2].allocate_address(Domain="vpc")
    error = refusal(clients[0].allocate_address, Domain="vpc")
    assert error["Code"] == "InsufficientAddressCapacity" and "203.0.113.0/24" in error["Message"]


def test_vpcs_have_a_quota_per_region(region: Region) -> None:
    region.settings = replace(region.settings, vpcs=1)
    for name in REGIONS:
        ec2 = region.client("ec2", name)
        ec2.create_vpc(CidrBlock="10.0.0.0/24")
        assert refusal(ec2.create_vpc, CidrBlock="10.0.0.0/24")["Code"] == "VpcLimitExceeded"


def test_zones_have_ids_of_their_region(region: Region) -> None:
    zones = region.client("ec2", THERE).describe_availability_zones()["AvailabilityZones"]
    assert {each["ZoneName"] for each in zones} == {f"{THERE}{letter}" for letter in "abc"}
    assert all(each["ZoneId"].startswith("euw1-az") and each["RegionName"] == THERE for each in zones)
    ec2 = region.client("ec2", THERE)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    foreign = {"VpcId": vpc, "CidrBlock": "10.0.0.0/26", "AvailabilityZone": f"{HERE}a"}
    error = refusal(ec2.create_subnet, **foreign)
    assert error["Code"] == "InvalidParameterValue"
    assert error["Message"].endswith("eu-west-1a, eu-west-1b, eu-west-1c.")
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/26")["Subnet"]
    assert made["AvailabilityZone"] in {each["ZoneName"] for each in zones}  # EC2 chooses one
    by_id = {"VpcId": vpc, "CidrBlock": "10.0.0.64/26", "AvailabilityZoneId": "euw1-az1"}
    assert ec2.create_subnet(**by_id)["Subnet"]["AvailabilityZone"] == f"{THERE}b"


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
def test_unknown_region_is_refused_by_name(region: Region, service: str, call: str) -> None:
    status, code, message = error_of(getattr(region.client(service, "mars-north-1"), call))
    assert (status, code) == (403, "SignatureDoesNotMatch")
    assert "mars-north-1" in message


def test_endpoints_lead_to_services_of_the_region(region: Region) -> None:
    ec2 = region.client("ec2", THERE)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{THERE}.s3")
    error = refusal(ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=f"com.amazonaws.{HERE}.s3")
    assert error["Code"] == "InvalidServiceName"


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
def test_bucket_is_made_in_the_region_that_it_names(
    region: Region, region_name: str, constraint: str | None, code: str | None
) -> None:
    s3, bucket = region.client("s3", region_name), unique("bucket")
    where: dict[str, Any] = (
        {"CreateBucketConfiguration": {"LocationConstraint": constraint}} if constraint else {}
    )
    if code:
        assert refusal(s3.create_bucket, Bucket=bucket, **where)["Code"] == code
        return
    s3.create_bucket(Bucket=bucket, **where)
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
def test_short_form_of_a_region_is_aws(region: str, short: str) -> None:
    assert short_form(region) == short


def test_each_region_has_a_short_form_of_its_own() -> None:
    shorts = [short_form(region) for region in known_regions()]
    assert len(shorts) == len(set(shorts)) > 20
