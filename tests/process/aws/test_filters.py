from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.region import serve
from vpcache.lab.aws.ec2.filters import apply_filters

CALLS = {
    "describe_vpcs": ("Vpcs", "vpc"),
    "describe_subnets": ("Subnets", "subnet"),
    "describe_internet_gateways": ("InternetGateways", "internet-gateway"),
    "describe_egress_only_internet_gateways": ("EgressOnlyInternetGateways", "egress-only-internet-gateway"),
    "describe_route_tables": ("RouteTables", "route-table"),
    "describe_nat_gateways": ("NatGateways", "natgateway"),
    "describe_addresses": ("Addresses", "elastic-ip"),
    "describe_security_groups": ("SecurityGroups", "security-group"),
    "describe_security_group_rules": ("SecurityGroupRules", "security-group-rule"),
    "describe_network_interfaces": ("NetworkInterfaces", "network-interface"),
    "describe_network_acls": ("NetworkAcls", "network-acl"),
    "describe_vpc_endpoints": ("VpcEndpoints", "vpc-endpoint"),
    "describe_dhcp_options": ("DhcpOptions", "dhcp-options"),
    "describe_managed_prefix_lists": ("PrefixLists", "prefix-list"),
}
"""By call: the list in its response, and the resource type for tags."""


@pytest.fixture(scope="module")
def ec2() -> Iterator[Any]:
    """A client of a region with two resources of each type, tagged `Stack = a` and `Stack = b`."""
    with serve() as region:
        client = region.client("ec2")
        for name in "ab":
            _create_stack(client, name)
        yield client


def _create_stack(ec2: Any, name: str) -> None:
    def tags(call: str) -> list[dict[str, Any]]:
        return [{"ResourceType": CALLS[call][1], "Tags": [{"Key": "Stack", "Value": name}]}]

    vpc = ec2.create_vpc(
        CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True, TagSpecifications=tags("describe_vpcs")
    )["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.0.0.0/24", TagSpecifications=tags("describe_subnets")
    )["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tags("describe_internet_gateways"))
    ec2.attach_internet_gateway(InternetGatewayId=gateway["InternetGateway"]["InternetGatewayId"], VpcId=vpc)
    ec2.create_egress_only_internet_gateway(
        VpcId=vpc, TagSpecifications=tags("describe_egress_only_internet_gateways")
    )
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tags("describe_route_tables"))
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("describe_addresses"))
    ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=address["AllocationId"],
        TagSpecifications=tags("describe_nat_gateways"),
    )
    group = ec2.create_security_group(
        GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tags("describe_security_groups")
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}],
        TagSpecifications=tags("describe_security_group_rules"),
    )
    ec2.create_network_interface(
        SubnetId=subnet, Groups=[group], TagSpecifications=tags("describe_network_interfaces")
    )
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=tags("describe_network_acls"))
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[table["RouteTable"]["RouteTableId"]],
        TagSpecifications=tags("describe_vpc_endpoints"),
    )
    ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": [name]}],
        TagSpecifications=tags("describe_dhcp_options"),
    )
    ec2.create_managed_prefix_list(
        PrefixListName=name,
        MaxEntries=1,
        AddressFamily="IPv4",
        TagSpecifications=tags("describe_managed_prefix_lists"),
    )


def filtered(ec2: Any, call: str, name: str, *values: str) -> list[dict[str, Any]]:
    response = getattr(ec2, call)(Filters=[{"Name": name, "Values": list(values)}])
    resources: list[dict[str, Any]] = response[CALLS[call][0]]
    return resources


def stacks(resources: list[dict[str, Any]]) -> list[str]:
    return sorted(tag["Value"] for each in resources for tag in each.get("Tags") or each.get("TagSet") or ())


@pytest.mark.parametrize("call", CALLS)
def test_resources_are_filtered_by_tag(ec2: Any, call: str) -> None:
    assert stacks(filtered(ec2, call, "tag:Stack", "a")) == ["a"]
    assert stacks(filtered(ec2, call, "tag:Stack", "a", "b")) == ["a", "b"]
    assert stacks(filtered(ec2, call, "tag-key", "Stack")) == ["a", "b"]
    for name, value in (("tag:Stack", "c"), ("tag:Other", "a"), ("tag-key", "stack")):
        assert filtered(ec2, call, name, value) == []


@pytest.mark.parametrize("call", CALLS)
def test_unknown_filter_is_rejected_by_name(ec2: Any, call: str) -> None:
    with pytest.raises(ClientError, match="no-such-filter"):
        filtered(ec2, call, "no-such-filter", "a")


@pytest.mark.parametrize(
    ("call", "name", "path"),
    [
        ("describe_nat_gateways", "nat-gateway-id", "NatGatewayId"),
        ("describe_nat_gateways", "subnet-id", "SubnetId"),
        ("describe_nat_gateways", "vpc-id", "VpcId"),
        ("describe_network_acls", "network-acl-id", "NetworkAclId"),
        ("describe_vpc_endpoints", "vpc-endpoint-id", "VpcEndpointId"),
        ("describe_managed_prefix_lists", "prefix-list-id", "PrefixListId"),
        ("describe_managed_prefix_lists", "prefix-list-name", "PrefixListName"),
        ("describe_network_interfaces", "addresses.private-ip-address", "PrivateIpAddress"),
    ],
)
def test_resources_are_filtered_by_attribute(ec2: Any, call: str, name: str, path: str) -> None:
    (resource,) = filtered(ec2, call, "tag:Stack", "a")

    matches = filtered(ec2, call, name, resource[path])
    assert resource in matches
    assert all(each[path] == resource[path] for each in matches)
    assert filtered(ec2, call, name, "nothing") == []


def test_nat_gateways_are_filtered_by_state(ec2: Any) -> None:
    assert stacks(filtered(ec2, "describe_nat_gateways", "state", "available")) == ["a", "b"]
    assert filtered(ec2, "describe_nat_gateways", "state", "pending", "deleted") == []


def test_interfaces_are_filtered_by_elastic_ip_and_requester(ec2: Any) -> None:
    (address,) = filtered(ec2, "describe_addresses", "tag:Stack", "a")

    for name, value in (
        ("association.allocation-id", address["AllocationId"]),
        ("association.association-id", address["AssociationId"]),
        ("association.public-ip", address["PublicIp"]),
        ("addresses.association.public-ip", address["PublicIp"]),
    ):
        (interface,) = filtered(ec2, "describe_network_interfaces", name, value)
        assert interface["NetworkInterfaceId"] == address["NetworkInterfaceId"]
    for name, value in (
        ("requester-managed", "true"),
        ("attachment.instance-owner-id", "amazon-aws"),
        ("attachment.status", "attached"),
    ):
        kinds = {each["InterfaceType"] for each in filtered(ec2, "describe_network_interfaces", name, value)}
        assert kinds == {"nat_gateway"}
    (own,) = filtered(ec2, "describe_network_interfaces", "group-name", "a")
    assert own["TagSet"] == [{"Key": "Stack", "Value": "a"}]


def test_endpoint_services_are_filtered_by_name(ec2: Any) -> None:
    name = "com.amazonaws.us-east-1.s3"
    response = ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-name", "Values": [name]}])

    assert {each["ServiceName"] for each in response["ServiceDetails"]} == {name}


def test_all_filters_must_match_and_have_wildcards() -> None:
    fields = {"name": lambda each: [each], "length": lambda each: [len(each)]}

    def names(**filters: list[str]) -> list[str]:
        return apply_filters(["one", "two", "three", "t.o"], filters, fields)

    assert names(name=["t*"]) == ["two", "three", "t.o"]
    assert names(name=["t?o"]) == ["two", "t.o"]
    assert names(name=["t.o"]) == ["t.o"]
    assert names(name=["t*", "one"], length=["3"]) == ["one", "two", "t.o"]
    assert names(name=[]) == []
