from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, Region, error_code
from vpcache.lab.topology import RouteTarget


@pytest.fixture
def gateway(ec2: Any, network: Network) -> str:
    """A virtual private gateway that is attached to the VPC."""
    gateway_id = str(ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"])
    ec2.attach_vpn_gateway(VpnGatewayId=gateway_id, VpcId=network.vpc)
    return gateway_id


def describe(ec2: Any, gateway_id: str) -> dict[str, Any]:
    (gateway,) = ec2.describe_vpn_gateways(VpnGatewayIds=[gateway_id])["VpnGateways"]
    return dict(gateway)


def main_table(ec2: Any, vpc_id: str) -> dict[str, Any]:
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "association.main", "Values": ["true"]}]
    (table,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    return dict(table)


def test_vpn_gateway_is_attached_and_detached(ec2: Any, network: Network, gateway: str) -> None:
    attached = describe(ec2, gateway)
    assert attached["VpcAttachments"] == [{"State": "attached", "VpcId": network.vpc}]
    assert (attached["State"], attached["Type"], attached["AmazonSideAsn"]) == ("available", "ipsec.1", 64512)
    assert error_code(ec2.delete_vpn_gateway, VpnGatewayId=gateway) == "IncorrectState"

    ec2.detach_vpn_gateway(VpnGatewayId=gateway, VpcId=network.vpc)
    ec2.delete_vpn_gateway(VpnGatewayId=gateway)
    assert describe(ec2, gateway)["State"] == "deleted"


def test_vpc_has_at_most_one_vpn_gateway(ec2: Any, network: Network, gateway: str) -> None:
    other = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]

    code = error_code(ec2.attach_vpn_gateway, VpnGatewayId=other, VpcId=network.vpc)
    assert code == "VpnGatewayAttachmentLimitExceeded"
    assert describe(ec2, gateway)["VpcAttachments"][0]["VpcId"] == network.vpc


def test_vpn_gateways_are_filtered(ec2: Any, network: Network, gateway: str) -> None:
    ec2.create_vpn_gateway(Type="ipsec.1", AmazonSideAsn=65001)

    for name, value in (("attachment.vpc-id", network.vpc), ("amazon-side-asn", "64512")):
        found = ec2.describe_vpn_gateways(Filters=[{"Name": name, "Values": [value]}])["VpnGateways"]
        assert [each["VpnGatewayId"] for each in found] == [gateway]
    code = error_code(ec2.describe_vpn_gateways, VpnGatewayIds=["vgw-0123456789abcdef0"])
    assert code == "InvalidVpnGatewayID.NotFound"


def test_route_propagation_is_kept(ec2: Any, network: Network, gateway: str) -> None:
    table = main_table(ec2, network.vpc)["RouteTableId"]
    for _ in range(2):
        ec2.enable_vgw_route_propagation(GatewayId=gateway, RouteTableId=table)
    assert main_table(ec2, network.vpc)["PropagatingVgws"] == [{"GatewayId": gateway}]

    ec2.disable_vgw_route_propagation(GatewayId=gateway, RouteTableId=table)
    assert main_table(ec2, network.vpc)["PropagatingVgws"] == []


def test_route_propagation_needs_an_attached_gateway(ec2: Any, network: Network) -> None:
    gateway = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    table = main_table(ec2, network.vpc)["RouteTableId"]

    code = error_code(ec2.enable_vgw_route_propagation, GatewayId=gateway, RouteTableId=table)
    assert code == "Gateway.NotAttached"


def test_route_to_a_vpn_gateway_is_active_and_drops_packets(
    ec2: Any, region: Region, network: Network, gateway: str
) -> None:
    table = main_table(ec2, network.vpc)["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", GatewayId=gateway)

    described = {each["DestinationCidrBlock"]: each for each in main_table(ec2, network.vpc)["Routes"]}
    (vpc,) = region.reconciled[-1].vpcs
    (route,) = vpc.route_tables[0].routes
    assert described["192.168.0.0/16"]["State"] == "active"
    assert route.target is RouteTarget.BLACKHOLE


def test_attached_vpn_gateway_blocks_its_vpc(ec2: Any, gateway: str) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    other = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=other, VpcId=vpc)
    assert error_code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"

    ec2.detach_vpn_gateway(VpnGatewayId=other, VpcId=vpc)
    ec2.delete_vpc(VpcId=vpc)


def test_customer_gateway_keeps_its_device_name(ec2: Any) -> None:
    made = ec2.create_customer_gateway(
        Type="ipsec.1", BgpAsn=65010, IpAddress="198.51.100.7", DeviceName="office"
    )["CustomerGateway"]

    (gateway,) = ec2.describe_customer_gateways()["CustomerGateways"]
    assert gateway == made
    assert (gateway["DeviceName"], gateway["BgpAsn"], gateway["State"]) == ("office", "65010", "available")

    ec2.delete_customer_gateway(CustomerGatewayId=made["CustomerGatewayId"])
    code = error_code(ec2.delete_customer_gateway, CustomerGatewayId=made["CustomerGatewayId"])
    assert code == "InvalidCustomerGatewayID.NotFound"
