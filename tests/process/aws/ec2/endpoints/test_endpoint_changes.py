from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served.region import Network, Region, error_code

NOTHING = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}


@pytest.fixture
def endpoint(ec2: Any, network: Network) -> dict[str, Any]:
    """An interface endpoint with private DNS names and a policy."""
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    response = ec2.create_vpc_endpoint(
        VpcId=network.vpc,
        ServiceName="com.amazonaws.us-east-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[network.private["us-east-1a"]],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [NOTHING]}),
        PrivateDnsEnabled=True,
    )
    return dict(response["VpcEndpoint"])


def describe(ec2: Any, endpoint: dict[str, Any]) -> dict[str, Any]:
    (described,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"]
    return dict(described)


def test_private_dns_of_an_endpoint_is_disabled(ec2: Any, region: Region, endpoint: dict[str, Any]) -> None:
    before = region.reconciled[-1]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PrivateDnsEnabled=False)

    assert describe(ec2, endpoint)["PrivateDnsEnabled"] is False
    assert region.reconciled[-1] != before


def test_endpoint_policy_is_reset(ec2: Any, endpoint: dict[str, Any]) -> None:
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], ResetPolicy=True)

    (statement,) = json.loads(describe(ec2, endpoint)["PolicyDocument"])["Statement"]
    assert statement == {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def test_endpoint_keeps_its_last_security_group(ec2: Any, endpoint: dict[str, Any]) -> None:
    (group,) = endpoint["Groups"]
    code = error_code(
        ec2.modify_vpc_endpoint,
        VpcEndpointId=endpoint["VpcEndpointId"],
        RemoveSecurityGroupIds=[group["GroupId"]],
    )

    assert code == "InvalidParameter"
    assert describe(ec2, endpoint)["Groups"] == [group]


def test_private_dns_of_a_gateway_endpoint_is_rejected(ec2: Any, network: Network) -> None:
    gateway = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    code = error_code(
        ec2.modify_vpc_endpoint,
        VpcEndpointId=gateway["VpcEndpoint"]["VpcEndpointId"],
        PrivateDnsEnabled=True,
    )

    assert code == "InvalidParameter"


def test_subnets_of_an_endpoint_change_with_its_interfaces(
    ec2: Any, region: Region, network: Network, endpoint: dict[str, Any]
) -> None:
    here, there = network.private.values()
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], AddSubnetIds=[there])
    both = describe(ec2, endpoint)
    assert (set(both["SubnetIds"]), len(both["NetworkInterfaceIds"])) == ({here, there}, 2)

    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], RemoveSubnetIds=[here])
    moved = describe(ec2, endpoint)
    (interface,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert moved["SubnetIds"] == [there] == [interface["SubnetId"]]
    assert moved["NetworkInterfaceIds"] == [interface["NetworkInterfaceId"]]
    assert [each["GroupId"] for each in interface["Groups"]] == [endpoint["Groups"][0]["GroupId"]]
    (laid,) = region.reconciled[-1].vpcs[0].interface_endpoints
    assert laid.interface_ids == (interface["NetworkInterfaceId"],)


def test_endpoint_has_at_most_one_subnet_per_zone(
    ec2: Any, network: Network, endpoint: dict[str, Any]
) -> None:
    code = error_code(
        ec2.modify_vpc_endpoint,
        VpcEndpointId=endpoint["VpcEndpointId"],
        AddSubnetIds=[network.public["us-east-1a"]],
    )
    assert code == "DuplicateSubnetsInSameZone"
    code = error_code(
        ec2.create_vpc_endpoint,
        VpcId=network.vpc,
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[network.public["us-east-1a"], network.private["us-east-1a"]],
    )
    assert code == "DuplicateSubnetsInSameZone"
    assert describe(ec2, endpoint)["SubnetIds"] == endpoint["SubnetIds"]


def test_invalid_subnet_change_of_an_endpoint_is_rejected(
    ec2: Any, network: Network, endpoint: dict[str, Any]
) -> None:
    gateway = ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    there = network.private["us-east-1b"]
    for endpoint_id, change in (
        (endpoint["VpcEndpointId"], {"RemoveSubnetIds": [there]}),
        (gateway["VpcEndpoint"]["VpcEndpointId"], {"AddSubnetIds": [there]}),
    ):
        code = error_code(ec2.modify_vpc_endpoint, VpcEndpointId=endpoint_id, **change)
        assert code == "InvalidParameter"


def test_interfaces_of_an_endpoint_have_requested_addresses(ec2: Any, network: Network) -> None:
    here, there = network.private.values()
    made = ec2.create_vpc_endpoint(
        VpcId=network.vpc,
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[here],
        SubnetConfigurations=[{"SubnetId": here, "Ipv4": "10.0.0.150"}],
        PrivateDnsEnabled=False,
        DnsOptions={"DnsRecordIpType": "ipv4", "PrivateDnsOnlyForInboundResolverEndpoint": False},
    )["VpcEndpoint"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        AddSubnetIds=[there],
        SubnetConfigurations=[{"SubnetId": there, "Ipv4": "10.0.0.222"}],
    )

    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {each["PrivateIpAddress"] for each in interfaces} == {"10.0.0.150", "10.0.0.222"}
    assert (made["IpAddressType"], made["DnsOptions"]["DnsRecordIpType"]) == ("ipv4", "ipv4")
    change = {"SubnetConfigurations": [{"SubnetId": here, "Ipv4": "10.0.0.151"}]}
    code = error_code(ec2.modify_vpc_endpoint, VpcEndpointId=made["VpcEndpointId"], **change)
    assert code == "NotImplemented"
