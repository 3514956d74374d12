from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from tests.support.served.region import Region, error_code
from vpcache.lab.topology import RouteTarget


@pytest.fixture
def vpc(ec2: Any) -> str:
    """The default VPC."""
    return str(ec2.create_default_vpc()["Vpc"]["VpcId"])


def test_default_vpc_leads_to_the_internet(ec2: Any, region: Region, vpc: str) -> None:
    filters = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    (gateway,) = ec2.describe_internet_gateways(Filters=filters)["InternetGateways"]
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    routes = {each["DestinationCidrBlock"]: each["GatewayId"] for each in table["Routes"]}
    assert routes == {"172.31.0.0/16": "local", "0.0.0.0/0": gateway["InternetGatewayId"]}

    (laid,) = region.reconciled[-1].vpcs
    assert laid.internet_gateway_id == gateway["InternetGatewayId"]
    assert [each.target for each in laid.route_tables[0].routes] == [RouteTarget.INTERNET_GATEWAY]


def test_default_vpc_has_a_default_subnet_per_zone(ec2: Any, vpc: str) -> None:
    zones = [each["ZoneName"] for each in ec2.describe_availability_zones()["AvailabilityZones"]]
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]

    assert sorted(each["AvailabilityZone"] for each in subnets) == sorted(zones)
    assert {IPv4Network(each["CidrBlock"]).prefixlen for each in subnets} == {20}
    assert all(each["MapPublicIpOnLaunch"] and each["VpcId"] == vpc for each in subnets)
    attribute = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    assert attribute["EnableDnsHostnames"]["Value"] is True


def test_region_has_one_default_vpc(ec2: Any, vpc: str) -> None:
    assert error_code(ec2.create_default_vpc) == "DefaultVpcAlreadyExists"
    assert [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]] == [vpc]


def test_other_subnet_of_the_default_vpc_is_no_default_subnet(ec2: Any, vpc: str) -> None:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="172.31.200.0/24")["Subnet"]

    assert (made["DefaultForAz"], made["MapPublicIpOnLaunch"]) == (False, False)


def test_deleted_default_subnet_is_created_again(ec2: Any, vpc: str) -> None:
    filters = [{"Name": "availability-zone", "Values": ["us-east-1a"]}]
    (first,) = ec2.describe_subnets(Filters=filters)["Subnets"]
    code = error_code(ec2.create_default_subnet, AvailabilityZone="us-east-1a")
    assert code == "DefaultSubnetAlreadyExistsInAvailabilityZone"

    ec2.delete_subnet(SubnetId=first["SubnetId"])
    again = ec2.create_default_subnet(AvailabilityZone="us-east-1a")["Subnet"]
    assert (again["CidrBlock"], again["DefaultForAz"]) == (first["CidrBlock"], True)


def test_default_subnet_needs_a_default_vpc(ec2: Any) -> None:
    assert error_code(ec2.create_default_subnet, AvailabilityZone="us-east-1a") == "DefaultVpcDoesNotExist"
