from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest

from tests.support.served.region import Network, Region, api_error, error_code

SECOND = "100.64.0.0/20"


@pytest.fixture
def second(ec2: Any, network: Network) -> str:
    """The association of a VPC with its secondary IPv4 CIDR block."""
    answer = ec2.associate_vpc_cidr_block(VpcId=network.vpc, CidrBlock=SECOND)
    return str(answer["CidrBlockAssociation"]["AssociationId"])


@pytest.fixture
def ipv6(ec2: Any, network: Network) -> IPv6Network:
    """The IPv6 CIDR block of a VPC."""
    ec2.associate_vpc_cidr_block(VpcId=network.vpc, AmazonProvidedIpv6CidrBlock=True)
    (association,) = describe_vpc(ec2, network)["Ipv6CidrBlockAssociationSet"]
    return IPv6Network(association["Ipv6CidrBlock"])


def describe_vpc(ec2: Any, network: Network) -> dict[str, Any]:
    (vpc,) = ec2.describe_vpcs(VpcIds=[network.vpc])["Vpcs"]
    return dict(vpc)


def local_routes(ec2: Any, network: Network) -> set[str]:
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["RouteTables"]
    return {
        each.get("DestinationCidrBlock") or each["DestinationIpv6CidrBlock"]
        for table in tables
        for each in table["Routes"]
        if each["GatewayId"] == "local"
    }


def test_secondary_range_is_described_with_local_routes(
    ec2: Any, region: Region, network: Network, second: str
) -> None:
    vpc = describe_vpc(ec2, network)
    states = {each["CidrBlock"]: each["CidrBlockState"]["State"] for each in vpc["CidrBlockAssociationSet"]}
    assert states == {"10.0.0.0/24": "associated", SECOND: "associated"}
    assert vpc["CidrBlock"] == "10.0.0.0/24"
    assert local_routes(ec2, network) == {"10.0.0.0/24", SECOND}
    assert region.reconciled[-1].vpcs[0].secondary_cidrs == (IPv4Network(SECOND),)


def test_subnets_keep_their_secondary_range(ec2: Any, region: Region, network: Network, second: str) -> None:
    subnet = ec2.create_subnet(VpcId=network.vpc, CidrBlock="100.64.1.0/24")["Subnet"]["SubnetId"]
    code = error_code(ec2.disassociate_vpc_cidr_block, AssociationId=second)
    assert code == "InvalidCidrBlock.InUse"

    ec2.delete_subnet(SubnetId=subnet)
    ec2.disassociate_vpc_cidr_block(AssociationId=second)
    assert len(describe_vpc(ec2, network)["CidrBlockAssociationSet"]) == 1
    assert local_routes(ec2, network) == {"10.0.0.0/24"}
    assert region.reconciled[-1].vpcs[0].secondary_cidrs == ()


def test_primary_range_is_kept(ec2: Any, network: Network) -> None:
    (association,) = describe_vpc(ec2, network)["CidrBlockAssociationSet"]

    code = error_code(ec2.disassociate_vpc_cidr_block, AssociationId=association["AssociationId"])
    assert code == "OperationNotPermitted"


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("10.0.0.128/25", "InvalidVpc.Range"),
        ("192.168.0.0/24", "InvalidVpc.Range"),
        ("198.19.0.0/24", "InvalidVpc.Range"),
        ("127.0.0.0/24", "InvalidVpc.Range"),
        ("10.2.0.0/29", "InvalidSubnet.Range"),
        ("10.2.0.0/300", "InvalidParameterValue"),
    ],
)
def test_invalid_secondary_range_is_rejected(ec2: Any, network: Network, block: str, code: str) -> None:
    assert error_code(ec2.associate_vpc_cidr_block, VpcId=network.vpc, CidrBlock=block) == code
    assert local_routes(ec2, network) == {"10.0.0.0/24"}


def test_ipv6_range_of_a_vpc_is_described(ec2: Any, network: Network, ipv6: IPv6Network) -> None:
    (association,) = describe_vpc(ec2, network)["Ipv6CidrBlockAssociationSet"]
    assert (association["Ipv6CidrBlock"], ipv6.prefixlen) == (str(ipv6), 56)
    assert association["Ipv6CidrBlockState"] == {"State": "associated"}
    assert (association["NetworkBorderGroup"], association["Ipv6Pool"]) == ("us-east-1", "Amazon")
    assert str(ipv6) in local_routes(ec2, network)
    filters = [
        {"Name": "ipv6-cidr-block-association.association-id", "Values": [association["AssociationId"]]}
    ]
    assert [each["VpcId"] for each in ec2.describe_vpcs(Filters=filters)["Vpcs"]] == [network.vpc]

    ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])
    assert not describe_vpc(ec2, network).get("Ipv6CidrBlockAssociationSet")
    assert local_routes(ec2, network) == {"10.0.0.0/24"}


def test_created_vpc_has_its_ipv6_range(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]

    (described,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    (association,) = described["Ipv6CidrBlockAssociationSet"]
    assert association["NetworkBorderGroup"] == "us-east-1"


def test_ipv6_range_of_a_subnet_is_described_and_filtered(
    ec2: Any, network: Network, ipv6: IPv6Network
) -> None:
    block = str(next(ipv6.subnets(new_prefix=64)))
    subnet = network.private["us-east-1a"]
    long_form = IPv6Network(block).exploded
    made = ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=long_form)
    association = made["Ipv6CidrBlockAssociation"]
    assert association["Ipv6CidrBlockState"] == {"State": "associated"}

    for name, value in (
        ("ipv6-cidr-block-association.association-id", association["AssociationId"]),
        ("ipv6-cidr-block-association.ipv6-cidr-block", block),
        ("ipv6-cidr-block-association.state", "associated"),
    ):
        (found,) = ec2.describe_subnets(Filters=[{"Name": name, "Values": [value]}])["Subnets"]
        assert found["SubnetId"] == subnet
        assert found["Ipv6CidrBlockAssociationSet"] == [association]

    vpc_association = describe_vpc(ec2, network)["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]
    code = error_code(ec2.disassociate_vpc_cidr_block, AssociationId=vpc_association)
    assert code == "InvalidCidrBlock.InUse"
    ec2.disassociate_subnet_cidr_block(AssociationId=association["AssociationId"])
    (described,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert described["Ipv6CidrBlockAssociationSet"] == []


def test_invalid_ipv6_range_of_a_subnet_is_rejected(ec2: Any, network: Network, ipv6: IPv6Network) -> None:
    first, second = network.private.values()
    taken = str(next(ipv6.subnets(new_prefix=64)))
    ec2.associate_subnet_cidr_block(SubnetId=first, Ipv6CidrBlock=taken)
    for subnet, block, code in (
        (second, taken, "InvalidSubnet.Conflict"),
        (second, "2001:db8::/64", "InvalidSubnet.Range"),
        (second, str(ipv6), "InvalidSubnet.Conflict"),
        (second, "fish", "InvalidParameterValue"),
        (first, str(list(ipv6.subnets(new_prefix=64))[3]), "CidrLimitExceeded"),
    ):
        assert error_code(ec2.associate_subnet_cidr_block, SubnetId=subnet, Ipv6CidrBlock=block) == code


def test_subnet_assigns_ipv6_addresses_on_creation(ec2: Any, network: Network, ipv6: IPv6Network) -> None:
    block = str(next(ipv6.subnets(new_prefix=64)))
    ec2.create_route_table(VpcId=network.vpc)
    ec2.delete_subnet(SubnetId=network.public["us-east-1b"])
    made = ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.0.64/26", Ipv6CidrBlock=block)["Subnet"]
    assert made["AssignIpv6AddressOnCreation"] is False
    ec2.modify_subnet_attribute(SubnetId=made["SubnetId"], AssignIpv6AddressOnCreation={"Value": True})

    (described,) = ec2.describe_subnets(SubnetIds=[made["SubnetId"]])["Subnets"]
    assert described["AssignIpv6AddressOnCreation"] is True
    assert [each["Ipv6CidrBlock"] for each in described["Ipv6CidrBlockAssociationSet"]] == [block]


def test_ipv6_route_is_deleted_beside_the_local_one(ec2: Any, network: Network, ipv6: IPv6Network) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationIpv6CidrBlock": "::/0"}
    ec2.create_route(**route, GatewayId=network.internet_gateway)
    ec2.delete_route(**route)

    code = error_code(ec2.delete_route, RouteTableId=table, DestinationIpv6CidrBlock=str(ipv6))
    assert code == "InvalidParameterValue"
    (described,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert len(described["Routes"]) == 2


def test_ipv6_only_subnet_is_a_record(ec2: Any, region: Region, network: Network, ipv6: IPv6Network) -> None:
    block = str(next(ipv6.subnets(new_prefix=64)))
    request = {"VpcId": network.vpc, "Ipv6CidrBlock": block, "Ipv6Native": True}
    made = ec2.create_subnet(**request)["Subnet"]
    assert (made["Ipv6Native"], made["AssignIpv6AddressOnCreation"]) == (True, True)
    assert made["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    assert (made.get("CidrBlock"), made["AvailableIpAddressCount"]) == (None, 0)
    assert made["SubnetId"] not in [each.id for each in region.reconciled[-1].vpcs[0].subnets]

    error = api_error(ec2.create_network_interface, SubnetId=made["SubnetId"])
    assert (error.code, made["SubnetId"] in error.message) == ("NotImplemented", True)
    ec2.delete_subnet(SubnetId=made["SubnetId"])
    code = error_code(ec2.create_subnet, **request, CidrBlock="10.0.0.0/28")
    assert code == "InvalidParameterCombination"


def test_dns64_of_a_subnet_is_kept(ec2: Any, network: Network) -> None:
    subnet = network.public["us-east-1a"]
    for value in (True, False):
        ec2.modify_subnet_attribute(SubnetId=subnet, EnableDns64={"Value": value})
        (described,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
        assert described["EnableDns64"] is value
