from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, api_error, error_code


@pytest.fixture
def vpc(ec2: Any) -> str:
    """A VPC without subnets."""
    return str(ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"])


@pytest.mark.parametrize("length", [15, 29, 30, 31, 32])
def test_subnet_of_an_invalid_size_is_rejected(ec2: Any, vpc: str, length: int) -> None:
    error = api_error(ec2.create_subnet, VpcId=vpc, CidrBlock=f"10.1.0.0/{length}")

    assert error.code == "InvalidSubnet.Range"


@pytest.mark.parametrize("length", [16, 28])
def test_smallest_and_largest_subnet_are_created(ec2: Any, vpc: str, length: int) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.0.0/{length}")["Subnet"]

    assert subnet["AvailableIpAddressCount"] == 2 ** (32 - length) - 5


def test_subnet_address_without_a_prefix_length_is_rejected(ec2: Any, vpc: str) -> None:
    error = api_error(ec2.create_subnet, VpcId=vpc, CidrBlock="10.1.0.0")

    assert error.code == "InvalidParameterValue"
    assert error.message == (
        "Value (10.1.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block."
    )


def test_zone_and_zone_id_together_are_rejected(ec2: Any, vpc: str) -> None:
    zone = {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az6"}
    code = error_code(ec2.create_subnet, VpcId=vpc, CidrBlock="10.1.0.0/24", **zone)

    assert code == "InvalidParameterCombination"


@pytest.mark.parametrize(
    ("zone", "listed"),
    [
        ({"AvailabilityZone": "eu-west-1a"}, "us-east-1a, us-east-1b"),
        ({"AvailabilityZoneId": "euw1-az1"}, "use1-az1, use1-az2"),
    ],
)
def test_unknown_zone_lists_the_zones_of_the_region(
    ec2: Any, vpc: str, zone: dict[str, str], listed: str
) -> None:
    error = api_error(ec2.create_subnet, VpcId=vpc, CidrBlock="10.1.0.0/24", **zone)

    assert listed in error.message
    assert "eu-west-1b" not in error.message


def test_hostname_options_of_a_subnet_are_described(ec2: Any, network: Network) -> None:
    subnet = network.private["us-east-1a"]
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    for name in ("EnableResourceNameDnsARecordOnLaunch", "EnableResourceNameDnsAAAARecordOnLaunch"):
        ec2.modify_subnet_attribute(SubnetId=subnet, **{name: {"Value": True}})

    (described,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert described["PrivateDnsNameOptionsOnLaunch"] == {
        "HostnameType": "resource-name",
        "EnableResourceNameDnsARecord": True,
        "EnableResourceNameDnsAAAARecord": True,
    }


def test_attribute_of_an_unknown_subnet_is_rejected(ec2: Any) -> None:
    code = error_code(
        ec2.modify_subnet_attribute,
        SubnetId="subnet-0123456789abcdef0",
        PrivateDnsHostnameTypeOnLaunch="ip-name",
    )

    assert code == "InvalidSubnetID.NotFound"
