from __future__ import annotations

from typing import Any

from tests.support.served.region import Network, error_code


def test_repeated_creation_returns_the_first_resource(ec2: Any, network: Network) -> None:
    calls = (
        (ec2.create_route_table, {"VpcId": network.vpc}, "RouteTable", "RouteTableId"),
        (
            ec2.create_network_interface,
            {"SubnetId": network.private["us-east-1a"]},
            "NetworkInterface",
            "NetworkInterfaceId",
        ),
        (
            ec2.create_nat_gateway,
            {"SubnetId": network.public["us-east-1a"], "ConnectivityType": "private"},
            "NatGateway",
            "NatGatewayId",
        ),
        (
            ec2.create_vpc_endpoint,
            {"VpcId": network.vpc, "ServiceName": "com.amazonaws.us-east-1.s3"},
            "VpcEndpoint",
            "VpcEndpointId",
        ),
    )
    for call, arguments, name, key in calls:
        first = call(**arguments, ClientToken="one")[name][key]

        assert call(**arguments, ClientToken="one")[name][key] == first
        assert call(**arguments, ClientToken="two")[name][key] != first


def test_client_token_with_other_parameters_is_rejected(ec2: Any, network: Network) -> None:
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_route_table(VpcId=network.vpc, ClientToken="one")

    code = error_code(ec2.create_route_table, VpcId=other, ClientToken="one")

    assert code == "IdempotentParameterMismatch"


def test_failed_creation_does_not_use_up_its_token(ec2: Any) -> None:
    request = {"VpcId": "vpc-0123456789abcdef0", "ClientToken": "one"}

    for _ in range(2):
        assert error_code(ec2.create_route_table, **request) == "InvalidVpcID.NotFound"
