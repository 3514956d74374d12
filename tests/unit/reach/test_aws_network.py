"""The pure part of the reader of AWS's API, for what no lab has: connections, instances, load balancers."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from vpcache.lab.topology import Route, RouteTarget
from vpcache.reach.aws_source.descriptions import Descriptions
from vpcache.reach.aws_source.network import network
from vpcache.reach.network import Network

VPC, SUBNET, TABLE = "vpc-1", "subnet-1", "rtb-1"
ELSEWHERE = ip_network("172.16.0.0/16")


def described(**items: Any) -> Descriptions:
    """Return descriptions of a VPC with a subnet, a route table and a security group, and of `items`."""
    subnet = {
        "SubnetId": SUBNET,
        "VpcId": VPC,
        "CidrBlock": "10.0.0.0/24",
        "AvailabilityZone": "eu-west-1a",
        "AvailabilityZoneId": "euw1-az1",
    }
    table = {"RouteTableId": TABLE, "VpcId": VPC, "Associations": [{"Main": True}], "Routes": []}
    found = Descriptions(
        "eu-west-1",
        vpcs=({"VpcId": VPC, "CidrBlock": "10.0.0.0/16"},),
        subnets=(subnet,),
        route_tables=(table,),
        security_groups=({"GroupId": "sg-1", "GroupName": "shop", "VpcId": VPC},),
    )
    more: dict[str, Any] = {name: tuple(each) for name, each in items.items()}
    return replace(found, **more)


def route(target: dict[str, str], *, to: str = str(ELSEWHERE), **more: Any) -> dict[str, Any]:
    destination = "DestinationPrefixListId" if to.startswith("pl-") else "DestinationCidrBlock"
    return {destination: to, "State": "active", "Origin": "CreateRoute", **target, **more}


def with_routes(*routes: dict[str, Any], **items: Any) -> tuple[Route, ...]:
    """Return the routes of the network with a main route table of these routes."""
    table = {"RouteTableId": TABLE, "VpcId": VPC, "Associations": [{"Main": True}], "Routes": list(routes)}
    (vpc,) = network(described(route_tables=[table], **items)).topology.vpcs
    (found,) = vpc.route_tables
    return found.routes


def interface(
    id_: str, type_: str = "interface", groups: tuple[str, ...] = ("sg-1",), **more: Any
) -> dict[str, Any]:
    address = f"10.0.0.{10 + int(id_.rpartition('-')[2])}"
    return {
        "NetworkInterfaceId": id_,
        "InterfaceType": type_,
        "VpcId": VPC,
        "SubnetId": SUBNET,
        "AvailabilityZone": "eu-west-1a",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "Groups": [{"GroupId": each} for each in groups],
        "SourceDestCheck": True,
        **more,
    }


def with_interfaces(*found: dict[str, Any], **items: Any) -> Network:
    return network(described(interfaces=found, **items))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"VpcPeeringConnectionId": "pcx-1"}, "VPC peering connection pcx-1"),
        ({"TransitGatewayId": "tgw-1"}, "transit gateway tgw-1"),
        ({"GatewayId": "vgw-1"}, "VPN gateway vgw-1"),
        ({"GatewayId": "vpce-1"}, "gateway load balancer endpoint vpce-1"),
        ({"NatGatewayId": "nat-1"}, "NAT gateway nat-1"),
        ({"LocalGatewayId": "lgw-1"}, "local gateway lgw-1"),
    ],
)
def test_route_to_a_target_outside_the_model_names_it(target: dict[str, str], text: str) -> None:
    assert with_routes(route(target)) == (Route(ELSEWHERE, RouteTarget.UNMODELED, unmodeled=text),)


def test_route_is_a_black_hole_by_its_state() -> None:
    lost = route({"VpcPeeringConnectionId": "pcx-1"}, State="blackhole")
    assert with_routes(lost) == (Route(ELSEWHERE, RouteTarget.BLACKHOLE),)


def test_route_to_an_instance_leads_to_its_interface() -> None:
    target = {"InstanceId": "i-1", "NetworkInterfaceId": "eni-1"}
    assert with_routes(route(target)) == (Route(ELSEWHERE, RouteTarget.INTERFACE, "eni-1"),)


def test_route_to_a_gateway_endpoint_has_the_blocks_of_its_service() -> None:
    endpoint = {"VpcEndpointId": "vpce-1", "VpcEndpointType": "Gateway", "VpcId": VPC}
    found = with_routes(
        route({"GatewayId": "vpce-1"}, to="pl-1"),
        endpoints=[endpoint | {"ServiceName": "com.amazonaws.eu-west-1.s3"}],
        service_prefix_lists=[{"PrefixListId": "pl-1", "Cidrs": ["192.0.2.0/25", "192.0.2.128/25"]}],
    )
    assert [(str(each.destination), each.endpoint_id) for each in found] == [
        ("192.0.2.0/25", "vpce-1"),
        ("192.0.2.128/25", "vpce-1"),
    ]


def test_static_route_precedes_prefix_list_and_propagated_route() -> None:
    propagated = route({"GatewayId": "vgw-1"}, Origin="EnableVgwRoutePropagation")
    listed = route({"TransitGatewayId": "tgw-1"}, to="pl-1")
    static = route({"VpcPeeringConnectionId": "pcx-1"})
    lists = [{"PrefixListId": "pl-1", "Cidrs": [str(ELSEWHERE)]}]
    assert [
        each.unmodeled for each in with_routes(propagated, listed, static, service_prefix_lists=lists)
    ] == ["VPC peering connection pcx-1"]
    assert [each.unmodeled for each in with_routes(propagated, listed, service_prefix_lists=lists)] == [
        "transit gateway tgw-1"
    ]


def test_gateways_to_other_networks_are_named() -> None:
    sides = {"RequesterVpcInfo": {"VpcId": "vpc-2"}, "AccepterVpcInfo": {"VpcId": VPC}}
    others = {"RequesterVpcInfo": {"VpcId": "vpc-2"}, "AccepterVpcInfo": {"VpcId": "vpc-3"}}
    found = described(
        peering_connections=[
            {"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, **sides},
            {"VpcPeeringConnectionId": "pcx-2", "Status": {"Code": "deleted"}, **sides},
            {"VpcPeeringConnectionId": "pcx-3", "Status": {"Code": "active"}, **others},
        ],
        vpn_gateways=[
            {"VpnGatewayId": "vgw-1", "VpcAttachments": [{"VpcId": VPC, "State": "attached"}]},
            {"VpnGatewayId": "vgw-2", "VpcAttachments": [{"VpcId": VPC, "State": "detached"}]},
        ],
        nat_gateways=[{"NatGatewayId": "nat-1", "VpcId": VPC, "State": "available"}],
    )
    assert network(found).unmodeled == {
        "pcx-1": "VPC peering connection",
        "vgw-1": "VPN gateway",
        "nat-1": "regional NAT gateway",
    }


@pytest.mark.parametrize(
    ("found", "name", "kind"),
    [
        (interface("eni-1", Attachment={"InstanceId": "i-1"}), "i-1", "instance"),
        (
            interface("eni-1", RequesterManaged=True, Description="ELB app/shop/0123"),
            "app/shop/0123",
            "load balancer",
        ),
        (
            interface("eni-1", "network_load_balancer", Description="ELB net/shop/0123"),
            "net/shop/0123",
            "load balancer",
        ),
        (
            interface(
                "eni-1",
                "transit_gateway",
                Description="Network Interface for Transit Gateway Attachment tgw-attach-01",
            ),
            "tgw-attach-01",
            "transit gateway attachment",
        ),
        (interface("eni-1", RequesterManaged=True, Description="Amazon EKS shop"), "eni-1", "EKS cluster"),
        (
            interface("eni-1", "efs", RequesterManaged=True, Description="EFS mount target for fs-1"),
            "eni-1",
            "interface of a service (EFS mount target for fs-1)",
        ),
    ],
)
def test_owner_of_an_interface_outside_the_model_is_named(
    found: dict[str, Any], name: str, kind: str
) -> None:
    assert with_interfaces(found).unmodeled == {name: kind}


def test_instance_is_an_end_with_all_its_interfaces() -> None:
    attached = {"InstanceId": "i-1"}
    subject = with_interfaces(
        interface("eni-1", Attachment=attached), interface("eni-2", Attachment=attached)
    )
    assert subject.interfaces == {"i-1": ("eni-1", "eni-2")}


def test_interface_without_a_security_group_is_no_end() -> None:
    subject = with_interfaces(interface("eni-1", "transit_gateway", groups=()), interface("eni-2"))
    assert subject.interfaces == {"eni-2": ("eni-2",)}


def function(name: str, groups: list[str]) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "VpcConfig": {"VpcId": VPC, "SubnetIds": [SUBNET], "SecurityGroupIds": groups},
    }


def test_function_without_interface_is_undecided() -> None:
    subject = with_interfaces(
        interface("eni-1", "lambda"), functions=[function("api", ["sg-1"]), function("idle", ["sg-2"])]
    )
    assert subject.interfaces == {"api": ("eni-1",)}
    (sentence,) = subject.undecided
    assert sentence.startswith("idle has no network interface in the VPC")


def test_functions_elsewhere_are_absent() -> None:
    other = function("far", ["sg-9"])
    other["VpcConfig"]["VpcId"] = "vpc-9"
    subject = with_interfaces(functions=[other, {"FunctionName": "public"}])
    assert (subject.interfaces, subject.undecided) == ({}, ())


def test_nodes_in_one_zone_have_different_interfaces() -> None:
    """The cluster `shop-2` is another one; an interface of it names no node of `shop`."""
    nodes = [
        {"CacheNodeId": f"000{n}", "CustomerAvailabilityZone": "eu-west-1a", "Endpoint": {"Port": 11300}}
        for n in (1, 2)
    ]
    cluster = {
        "CacheClusterId": "shop",
        "SecurityGroups": [{"SecurityGroupId": "sg-1"}],
        "CacheNodes": nodes,
    }
    subject = with_interfaces(
        interface("eni-1", Description="ElastiCache shop-2"),
        interface("eni-2", Description="ElastiCache shop"),
        interface("eni-3", Description="ElastiCache shop"),
        cache_clusters=[cluster],
    )
    assert {name: ids for name, ids in subject.interfaces.items() if name.startswith("shop")} == {
        "shop/0001": ("eni-2",),
        "shop/0002": ("eni-3",),
    }
    assert subject.ports == {"shop/0001": 11300, "shop/0002": 11300}


def test_interfaces_of_a_serverless_cache_are_no_endpoint() -> None:
    """On AWS their descriptions name an endpoint of a service of ElastiCache, and not the cache."""
    cache = {"ServerlessCacheName": "spare", "SubnetIds": [SUBNET], "SecurityGroupIds": ["sg-1"]}
    services = {"sqs": "com.amazonaws.eu-west-1.sqs", "spare": "com.amazonaws.vpce.eu-west-1.vpce-svc-1"}
    found = [
        {"VpcEndpointId": f"vpce-{n}", "VpcEndpointType": "Interface", "VpcId": VPC, "ServiceName": service}
        | {"NetworkInterfaceIds": [f"eni-{n}"]}
        for n, service in enumerate(services.values(), 1)
    ]
    subject = with_interfaces(
        interface("eni-1", "vpc_endpoint", Description="VPC Endpoint Interface vpce-1"),
        interface("eni-2", "vpc_endpoint", Description="VPC Endpoint Interface vpce-2"),
        endpoints=found,
        serverless_caches=[cache | {"Endpoint": {"Port": 11211}}],
    )
    assert subject.interfaces == {"spare": ("eni-2",), services["sqs"]: ("eni-1",)}
    assert subject.ports == {"spare": 11211}


def test_gateway_of_another_vpc_is_not_attached() -> None:
    gateways = [
        {"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": VPC, "State": "detaching"}]},
        {"InternetGatewayId": "igw-2", "Attachments": [{"VpcId": "vpc-2", "State": "available"}]},
    ]
    egress_only = {"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": []}
    found = described(internet_gateways=gateways, egress_only_gateways=[egress_only])
    assert not network(found).topology.vpcs[0].has_gateway


def test_prefix_list_that_cannot_be_read_is_undecided() -> None:
    rule = {
        "SecurityGroupRuleId": "sgr-1",
        "GroupId": "sg-1",
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 1,
        "ToPort": 2,
        "PrefixListId": "pl-9",
    }
    subject = network(described(security_group_rules=[rule]))
    assert subject.undecided == ("pl-9: its entries cannot be read, so its rules and routes are missing",)


def test_rule_keeps_its_id_and_description() -> None:
    rule = {
        "SecurityGroupRuleId": "sgr-1",
        "GroupId": "sg-1",
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 11211,
        "ToPort": 11211,
        "CidrIpv4": "10.0.0.0/16",
        "Description": "from the VPC",
    }
    (vpc,) = network(described(security_group_rules=[rule])).topology.vpcs
    (found,) = vpc.security_groups[0].ingress
    assert (found.id, found.description) == ("sgr-1", "from the VPC")


def test_deleted_nat_gateway_is_absent() -> None:
    """EC2 lists it for an hour, with the ID of its former interface."""
    gone = {
        "NatGatewayId": "nat-1",
        "VpcId": VPC,
        "State": "deleted",
        "NatGatewayAddresses": [{"NetworkInterfaceId": "eni-9", "IsPrimary": True}],
    }
    subject = with_interfaces(interface("eni-1"), nat_gateways=[gone])
    assert subject.topology.vpcs[0].nat_gateways == ()
    assert list(subject.interfaces) == ["eni-1"]


def test_subnet_without_ipv4_is_undecided() -> None:
    subnet = {"SubnetId": "subnet-6", "VpcId": VPC, "AvailabilityZone": "eu-west-1a"}
    subject = network(described(subnets=[subnet]))
    assert subject.undecided == ("subnet-6 has no IPv4 CIDR block, so its interfaces are missing",)
    assert subject.topology.vpcs[0].subnets == ()
