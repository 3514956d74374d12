from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_network
from typing import Any, NamedTuple

import pytest

from tests.support.served.region import Network, Region, api_error, error_code
from vpcache.lab.topology import Interface, Route, RouteTarget, Vpc

ZONE = "us-east-1a"
ANYWHERE = IPv6Network("::/0")


class Ipv6(NamedTuple):
    """The CIDR blocks of a VPC and of one of its subnets, which is private."""

    vpc: IPv6Network
    subnet: IPv6Network


@pytest.fixture
def ipv6(ec2: Any, network: Network) -> Ipv6:
    """IPv6 CIDR blocks of the VPC and of the private subnet of the first zone."""
    response = ec2.associate_vpc_cidr_block(VpcId=network.vpc, AmazonProvidedIpv6CidrBlock=True)
    block = IPv6Network(response["Ipv6CidrBlockAssociation"]["Ipv6CidrBlock"])
    subnet = next(block.subnets(new_prefix=64))
    ec2.associate_subnet_cidr_block(SubnetId=network.private[ZONE], Ipv6CidrBlock=str(subnet))
    return Ipv6(block, subnet)


def new_interface(ec2: Any, network: Network, **options: Any) -> dict[str, Any]:
    response = ec2.create_network_interface(SubnetId=network.private[ZONE], **options)
    return dict(response["NetworkInterface"])


def addresses_of(ec2: Any, interface_id: str) -> list[str]:
    (described,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface_id])["NetworkInterfaces"]
    return [each["Ipv6Address"] for each in described["Ipv6Addresses"]]


def reconciled_vpc(region: Region) -> Vpc:
    return region.reconciled[-1].vpcs[0]


def reconciled_interface(region: Region, interface_id: str) -> Interface:
    return next(each for each in reconciled_vpc(region).interfaces if each.id == interface_id)


def test_interface_has_the_ipv6_addresses_of_its_request(
    ec2: Any, network: Network, ipv6: Ipv6, region: Region
) -> None:
    address = str(ipv6.subnet.network_address + 0x99)
    made = new_interface(ec2, network, Ipv6Addresses=[{"Ipv6Address": address}])
    assert addresses_of(ec2, made["NetworkInterfaceId"]) == [address]
    laid = reconciled_interface(region, made["NetworkInterfaceId"])
    assert laid.ipv6_addresses == (IPv6Address(address),)


def test_ipv6_addresses_are_free_ones_behind_the_reserved_ones(
    ec2: Any, network: Network, ipv6: Ipv6
) -> None:
    first, second = (new_interface(ec2, network, Ipv6AddressCount=2)["NetworkInterfaceId"] for _ in "ab")
    chosen = addresses_of(ec2, first) + addresses_of(ec2, second)
    assert chosen == [str(ipv6.subnet.network_address + offset) for offset in (4, 5, 6, 7)]


def test_subnet_may_assign_an_ipv6_address_on_creation(ec2: Any, network: Network, ipv6: Ipv6) -> None:
    ec2.modify_subnet_attribute(SubnetId=network.private[ZONE], AssignIpv6AddressOnCreation={"Value": True})
    (address,) = addresses_of(ec2, new_interface(ec2, network)["NetworkInterfaceId"])
    assert IPv6Address(address) in ipv6.subnet


def test_ipv6_addresses_are_assigned_and_unassigned(
    ec2: Any, network: Network, ipv6: Ipv6, region: Region
) -> None:
    interface = new_interface(ec2, network)["NetworkInterfaceId"]
    ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=2)
    first, second = addresses_of(ec2, interface)
    ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[first])
    assert addresses_of(ec2, interface) == [second]
    assert reconciled_interface(region, interface).ipv6_addresses == (IPv6Address(second),)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}]}, "InvalidParameterValue"),
        ({"Ipv6Addresses": [{"Ipv6Address": "10.0.0.1"}]}, "InvalidParameterValue"),
        ({"Ipv6AddressCount": -1}, "InvalidParameterValue"),
    ],
    ids=["outside the subnet", "of IPv4", "negative count"],
)
def test_invalid_ipv6_addresses_are_rejected(
    ec2: Any, network: Network, ipv6: Ipv6, options: dict[str, Any], code: str
) -> None:
    assert error_code(lambda: new_interface(ec2, network, **options)) == code


def test_ipv6_address_in_use_is_rejected(ec2: Any, network: Network, ipv6: Ipv6) -> None:
    requested = [{"Ipv6Address": str(ipv6.subnet.network_address + 9)}]
    new_interface(ec2, network, Ipv6Addresses=requested)
    _, code, message = api_error(lambda: new_interface(ec2, network, Ipv6Addresses=requested))
    assert code == "InvalidIPAddress.InUse"
    assert requested[0]["Ipv6Address"] in message


def test_subnet_without_ipv6_block_has_no_ipv6_addresses(ec2: Any, network: Network) -> None:
    _, code, message = api_error(lambda: new_interface(ec2, network, Ipv6AddressCount=1))
    assert code == "InvalidParameterValue"
    assert network.private[ZONE] in message


def test_route_to_an_egress_only_gateway_is_laid_and_may_lead_nowhere(
    ec2: Any, network: Network, ipv6: Ipv6, region: Region
) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    made = ec2.create_egress_only_internet_gateway(VpcId=network.vpc)["EgressOnlyInternetGateway"]
    gateway = made["EgressOnlyInternetGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=gateway)
    assert (_state(ec2, table), _laid(region, table)) == (
        "active",
        (Route(ANYWHERE, RouteTarget.EGRESS_ONLY_GATEWAY),),
    )
    assert reconciled_vpc(region).has_egress_only_gateway

    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=gateway)
    assert (_state(ec2, table), _laid(region, table)) == (
        "blackhole",
        (Route(ANYWHERE, RouteTarget.BLACKHOLE),),
    )


def test_ipv6_destination_of_a_route_is_checked_and_shortened(
    ec2: Any, network: Network, ipv6: Ipv6, region: Region
) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "GatewayId": network.internet_gateway}
    for invalid in ("anywhere", "10.0.0.0/8", "2001:db8::/200"):
        code = error_code(ec2.create_route, DestinationIpv6CidrBlock=invalid, **route)
        assert code == "InvalidParameterValue"
    ec2.create_route(DestinationIpv6CidrBlock="2001:0db8::1/32", **route)
    assert _laid(region, table) == (Route(IPv6Network("2001:db8::/32"), RouteTarget.INTERNET_GATEWAY),)
    ec2.delete_route(RouteTableId=table, DestinationIpv6CidrBlock="2001:db8:0::/32")
    assert _laid(region, table) == ()


def _state(ec2: Any, table: str) -> str:
    (described,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (state,) = [
        each["State"] for each in described["Routes"] if each.get("DestinationIpv6CidrBlock") == "::/0"
    ]
    return str(state)


def _laid(region: Region, table: str) -> tuple[Route, ...]:
    return next(each.routes for each in reconciled_vpc(region).route_tables if each.id == table)


def test_network_acls_get_the_entries_of_ipv6(ec2: Any, network: Network, ipv6: Ipv6) -> None:
    custom = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    described = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])
    entries = {
        acl["NetworkAclId"] == custom: sorted(
            (each["RuleNumber"], each["RuleAction"])
            for each in acl["Entries"]
            if each.get("Ipv6CidrBlock") == "::/0" and not each["Egress"]
        )
        for acl in described["NetworkAcls"]
    }
    assert entries == {True: [(32768, "deny")], False: [(101, "allow"), (32768, "deny")]}


def test_ipv6_rules_of_a_group_reach_the_network(
    ec2: Any, network: Network, ipv6: Ipv6, region: Region
) -> None:
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=network.vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
            {"IpProtocol": "icmpv6", "FromPort": 128, "ToPort": 0, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ],
    )
    (laid,) = [each for each in reconciled_vpc(region).security_groups if each.id == group]
    assert {(each.protocol, each.ports, each.peer) for each in laid.ingress} == {
        ("tcp", (80, 80), ANYWHERE),
        ("icmpv6", (128, 0), ANYWHERE),
    }
    assert {each.peer for each in laid.egress} == {ip_network("0.0.0.0/0"), ANYWHERE}
