from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, api_error, error_code

UNKNOWN = "0123456789abcdef0"


@pytest.mark.parametrize(
    ("call", "parameter", "prefix", "code"),
    [
        ("describe_vpcs", "VpcIds", "vpc", "InvalidVpcID.NotFound"),
        ("describe_subnets", "SubnetIds", "subnet", "InvalidSubnetID.NotFound"),
        ("describe_security_groups", "GroupIds", "sg", "InvalidGroup.NotFound"),
        ("describe_network_acls", "NetworkAclIds", "acl", "InvalidNetworkAclID.NotFound"),
        ("describe_route_tables", "RouteTableIds", "rtb", "InvalidRouteTableID.NotFound"),
        ("describe_addresses", "AllocationIds", "eipalloc", "InvalidAllocationID.NotFound"),
        ("describe_key_pairs", "KeyNames", "key", "InvalidKeyPair.NotFound"),
    ],
)
def test_unknown_id_is_named_in_the_error(
    ec2: Any, network: Network, call: str, parameter: str, prefix: str, code: str
) -> None:
    error = api_error(getattr(ec2, call), **{parameter: [f"{prefix}-{UNKNOWN}"]})

    assert error.code == code
    assert f"'{prefix}-{UNKNOWN}'" in error.message
    assert not set("{}[]") & set(error.message)


def test_error_names_the_unknown_id_among_known_ones(ec2: Any, network: Network) -> None:
    known = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]

    error = api_error(ec2.describe_security_groups, GroupIds=[known, f"sg-{UNKNOWN}"])

    assert error.message == f"The security group 'sg-{UNKNOWN}' does not exist"


@pytest.mark.parametrize(
    ("call", "parameter", "value"),
    [
        ("associate_address", "AllocationId", f"eipalloc-{UNKNOWN}"),
        ("release_address", "AllocationId", f"eipalloc-{UNKNOWN}"),
        ("disassociate_address", "AssociationId", f"eipassoc-{UNKNOWN}"),
    ],
)
def test_address_errors_name_the_id(
    ec2: Any, network: Network, call: str, parameter: str, value: str
) -> None:
    interface = ec2.create_network_interface(SubnetId=network.private["us-east-1a"])
    target = (
        {"NetworkInterfaceId": interface["NetworkInterface"]["NetworkInterfaceId"]}
        if call == "associate_address"
        else {}
    )

    assert f" ID '{value}' " in api_error(getattr(ec2, call), **{parameter: value}, **target).message


def test_repeated_id_is_described_once(ec2: Any, network: Network) -> None:
    assert len(ec2.describe_vpcs(VpcIds=[network.vpc, network.vpc])["Vpcs"]) == 1
    subnet = network.private["us-east-1a"]
    assert len(ec2.describe_subnets(SubnetIds=[subnet, subnet])["Subnets"]) == 1


def test_key_pairs_are_found_and_deleted_by_id(ec2: Any) -> None:
    key_id = ec2.create_key_pair(KeyName="k")["KeyPairId"]
    ec2.create_key_pair(KeyName="other")

    (found,) = ec2.describe_key_pairs(KeyPairIds=[key_id])["KeyPairs"]
    assert found["KeyName"] == "k"
    ec2.delete_key_pair(KeyPairId=key_id)
    assert [each["KeyName"] for each in ec2.describe_key_pairs()["KeyPairs"]] == ["other"]
    assert error_code(ec2.delete_key_pair, KeyPairId=key_id) == "InvalidKeyPair.NotFound"
