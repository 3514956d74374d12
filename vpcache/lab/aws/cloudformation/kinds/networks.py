"""VPCs, subnets, route tables and their routes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request, tag_specifications, update_tags, wait_for
from vpcache.lab.aws.cloudformation.model import Made

_DNS = ("EnableDnsSupport", "EnableDnsHostnames")
_TARGETS = (
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "VpcEndpointId",
)
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def _create_vpc(request: Request) -> Made:
    calls = request.calls
    vpc = calls(
        "ec2",
        "CreateVpc",
        **request.get("CidrBlock", "InstanceTenancy"),
        TagSpecifications=tag_specifications("vpc", request),
    )["Vpc"]
    vpc_id = vpc["VpcId"]
    request.record(Made(vpc_id))
    _set_dns(request, vpc_id, frozenset(request.get(*_DNS)))
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
    groups = calls("ec2", "DescribeSecurityGroups", Filters=filters)["SecurityGroups"]
    acls = calls("ec2", "DescribeNetworkAcls", Filters=filters)["NetworkAcls"]
    associations = [each["AssociationId"] for each in vpc.get("CidrBlockAssociationSet", ())]
    attributes = {
        "VpcId": vpc_id,
        "CidrBlock": vpc["CidrBlock"],
        "CidrBlockAssociations": associations,
        "DefaultNetworkAcl": acls[0]["NetworkAclId"],
        "DefaultSecurityGroup": groups[0]["GroupId"],
        "Ipv6CidrBlocks": [],
    }
    return Made(vpc_id, attributes)


def _set_dns(request: Request, vpc_id: str, names: frozenset[str]) -> None:
    defaults = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
    for name in _DNS:
        if name in names:
            value = {"Value": request.properties.get(name, defaults[name])}
            request.calls("ec2", "ModifyVpcAttribute", VpcId=vpc_id, **{name: value})


def _update_vpc(request: Request, made: Made, changed: frozenset[str]) -> Made:
    _set_dns(request, made.id, changed)
    return update_tags(request, made, changed)


def _delete_vpc(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteVpc", VpcId=made.id)


def _create_subnet(request: Request) -> Made:
    subnet = request.calls(
        "ec2",
        "CreateSubnet",
        **request.get("AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId"),
        TagSpecifications=tag_specifications("subnet", request),
    )["Subnet"]
    subnet_id = subnet["SubnetId"]
    request.record(Made(subnet_id))
    _set_public_addresses(request, subnet_id)
    attributes = {
        "AvailabilityZone": subnet["AvailabilityZone"],
        "AvailabilityZoneId": subnet["AvailabilityZoneId"],
        "CidrBlock": subnet["CidrBlock"],
        "Ipv6CidrBlocks": [],
        "SubnetId": subnet_id,
        "VpcId": subnet["VpcId"],
    }
    return Made(subnet_id, attributes)


def _set_public_addresses(request: Request, subnet_id: str) -> None:
    if "MapPublicIpOnLaunch" in request.properties:
        value = {"Value": request.properties["MapPublicIpOnLaunch"]}
        request.calls("ec2", "ModifySubnetAttribute", SubnetId=subnet_id, MapPublicIpOnLaunch=value)


def _update_subnet(request: Request, made: Made, changed: frozenset[str]) -> Made:
    if "MapPublicIpOnLaunch" in changed:
        value = {"Value": request.properties.get("MapPublicIpOnLaunch", False)}
        request.calls("ec2", "ModifySubnetAttribute", SubnetId=made.id, MapPublicIpOnLaunch=value)
    return update_tags(request, made, changed)


def _delete_subnet(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteSubnet", SubnetId=made.id)


def _create_route_table(request: Request) -> Made:
    tags = tag_specifications("route-table", request)
    table = request.calls("ec2", "CreateRouteTable", **request.get("VpcId"), TagSpecifications=tags)
    table_id = table["RouteTable"]["RouteTableId"]
    return Made(table_id, {"RouteTableId": table_id})


def _delete_route_table(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteRouteTable", RouteTableId=made.id)


def _create_route(request: Request) -> Made:
    route = request.get("RouteTableId", *_DESTINATIONS, *_TARGETS)
    request.calls("ec2", "CreateRoute", **route)
    destination = next(route[name] for name in _DESTINATIONS if name in route)
    return Made(f"{route['RouteTableId']}|{destination}", {"CidrBlock": destination})


def _update_route(request: Request, made: Made, _: frozenset[str]) -> Made:
    request.calls("ec2", "ReplaceRoute", **request.get("RouteTableId", *_DESTINATIONS, *_TARGETS))
    return made


def _delete_route(calls: Calls, _: Made, properties: Mapping[str, Any]) -> None:
    names = ("RouteTableId", *_DESTINATIONS)
    calls("ec2", "DeleteRoute", **{name: properties[name] for name in names if name in properties})


def _create_association(request: Request) -> Made:
    association = request.calls("ec2", "AssociateRouteTable", **request.get("RouteTableId", "SubnetId"))
    return Made(association["AssociationId"], {"Id": association["AssociationId"]})


def _update_association(request: Request, made: Made, _: frozenset[str]) -> Made:
    table = request.properties["RouteTableId"]
    new = request.calls("ec2", "ReplaceRouteTableAssociation", AssociationId=made.id, RouteTableId=table)[
        "NewAssociationId"
    ]
    return Made(new, {"Id": new})


def _delete_association(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DisassociateRouteTable", AssociationId=made.id)


_ENDPOINT = (
    "PolicyDocument",
    "PrivateDnsEnabled",
    "RouteTableIds",
    "SecurityGroupIds",
    "ServiceName",
    "SubnetIds",
    "VpcEndpointType",
    "VpcId",
)


def _create_endpoint(request: Request) -> Made:
    given = request.get(*_ENDPOINT)
    endpoint = request.calls(
        "ec2",
        "CreateVpcEndpoint",
        **{name: value for name, value in given.items() if name != "PolicyDocument"},
        PolicyDocument=document(given.get("PolicyDocument")),
        TagSpecifications=tag_specifications("vpc-endpoint", request),
    )["VpcEndpoint"]
    endpoint_id = endpoint["VpcEndpointId"]
    request.record(Made(endpoint_id))

    def state() -> str:
        found = request.calls("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[endpoint_id])
        return str(found["VpcEndpoints"][0]["State"])

    wait_for(state, "available", ("failed", "rejected"))
    found = request.calls("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]
    entries = [f"{each['HostedZoneId']}:{each['DnsName']}" for each in found.get("DnsEntries", ())]
    attributes = {
        "Id": endpoint_id,
        "DnsEntries": entries,
        "NetworkInterfaceIds": found.get("NetworkInterfaceIds", []),
        "CreationTimestamp": found["CreationTimestamp"].isoformat(),
    }
    return Made(endpoint_id, attributes)


def _delete_endpoint(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteVpcEndpoints", VpcEndpointIds=[made.id])

    def state() -> str:
        try:
            found = calls("ec2", "DescribeVpcEndpoints", VpcEndpointIds=[made.id])["VpcEndpoints"]
        except ClientError:
            return "deleted"
        return str(found[0]["State"]).lower() if found else "deleted"

    wait_for(state, "deleted")


def document(policy: Any) -> str | None:
    """Return a policy as the text that an API takes."""
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)


NETWORKS = (
    Kind(
        "AWS::EC2::VPC",
        frozenset({"CidrBlock", "InstanceTenancy", "Tags", *_DNS}),
        _create_vpc,
        _delete_vpc,
        frozenset({"Tags", *_DNS}),
        _update_vpc,
        required=("CidrBlock",),
    ),
    Kind(
        "AWS::EC2::Subnet",
        frozenset(
            {"AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "MapPublicIpOnLaunch", "Tags", "VpcId"}
        ),
        _create_subnet,
        _delete_subnet,
        frozenset({"MapPublicIpOnLaunch", "Tags"}),
        _update_subnet,
        required=("VpcId", "CidrBlock"),
    ),
    Kind(
        "AWS::EC2::RouteTable",
        frozenset({"Tags", "VpcId"}),
        _create_route_table,
        _delete_route_table,
        frozenset({"Tags"}),
        update_tags,
        required=("VpcId",),
    ),
    Kind(
        "AWS::EC2::Route",
        frozenset({"RouteTableId", *_DESTINATIONS, *_TARGETS}),
        _create_route,
        _delete_route,
        frozenset(_TARGETS),
        _update_route,
        required=("RouteTableId",),
    ),
    Kind(
        "AWS::EC2::SubnetRouteTableAssociation",
        frozenset({"RouteTableId", "SubnetId"}),
        _create_association,
        _delete_association,
        frozenset({"RouteTableId"}),
        _update_association,
        required=("RouteTableId", "SubnetId"),
    ),
    Kind(
        "AWS::EC2::VPCEndpoint",
        frozenset({*_ENDPOINT, "Tags"}),
        _create_endpoint,
        _delete_endpoint,
        frozenset({"Tags"}),
        update_tags,
        required=("VpcId", "ServiceName"),
    ),
)
