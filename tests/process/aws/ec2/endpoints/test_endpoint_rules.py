from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, Region, api_error, error_code
from vpcache.lab.settings import LabSettings

SSM = "com.amazonaws.us-east-1.ssm"
S3 = "com.amazonaws.us-east-1.s3"


@pytest.fixture
def named(ec2: Any, network: Network) -> Network:
    """The network with DNS host names, which private DNS names of endpoints need."""
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    return network


def interface_endpoint(ec2: Any, network: Network, **parameters: Any) -> Any:
    """Create an interface endpoint of SSM."""
    subnets = [network.private["us-east-1a"]]
    request = {"VpcId": network.vpc, "ServiceName": SSM, "SubnetIds": subnets} | parameters
    return ec2.create_vpc_endpoint(VpcEndpointType="Interface", **request)["VpcEndpoint"]


def test_service_has_one_endpoint_with_private_dns_per_vpc(ec2: Any, named: Network) -> None:
    first = interface_endpoint(ec2, named)
    second = interface_endpoint(ec2, named, PrivateDnsEnabled=False)

    error = api_error(interface_endpoint, ec2=ec2, network=named)
    assert error.code == "InvalidParameter"
    assert f"conflicting DNS domain for {SSM} in the VPC {named.vpc}" in error.message
    change = {"VpcEndpointId": second["VpcEndpointId"], "PrivateDnsEnabled": True}
    assert error_code(ec2.modify_vpc_endpoint, **change) == "InvalidParameter"
    ec2.modify_vpc_endpoint(VpcEndpointId=first["VpcEndpointId"], PrivateDnsEnabled=False)
    ec2.modify_vpc_endpoint(**change)


def test_private_dns_needs_the_dns_attributes_of_the_vpc(ec2: Any, network: Network) -> None:
    error = api_error(interface_endpoint, ec2=ec2, network=network, PrivateDnsEnabled=True)

    assert error.code == "InvalidParameter"
    assert "enableDnsSupport and enableDnsHostnames" in error.message


def test_route_table_has_one_gateway_endpoint_of_a_service(ec2: Any, network: Network) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    request = {"VpcId": network.vpc, "ServiceName": S3}
    ec2.create_vpc_endpoint(**request, RouteTableIds=[table])
    other = ec2.create_vpc_endpoint(**request)["VpcEndpoint"]["VpcEndpointId"]

    assert error_code(ec2.create_vpc_endpoint, **request, RouteTableIds=[table]) == "RouteAlreadyExists"
    change = {"VpcEndpointId": other, "AddRouteTableIds": [table]}
    assert error_code(ec2.modify_vpc_endpoint, **change) == "RouteAlreadyExists"
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 2


def test_route_table_of_another_vpc_is_rejected(ec2: Any, network: Network) -> None:
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=other)["RouteTable"]["RouteTableId"]

    request = {"VpcId": network.vpc, "ServiceName": S3, "RouteTableIds": [table]}
    assert error_code(ec2.create_vpc_endpoint, **request) == "InvalidParameter"


def test_new_interface_endpoint_is_pending(region: Region, ec2: Any, network: Network) -> None:
    region.settings = LabSettings(transition_ms=60_000)
    endpoint = interface_endpoint(ec2, network, PrivateDnsEnabled=False)

    assert endpoint["State"] == "pending"
    assert (endpoint["RequesterManaged"], endpoint["ServiceRegion"]) == (False, "us-east-1")
