"""Resource types of EC2, which are found by tag, and the interfaces of functions, which have no tag."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from vpcache.stack.resource_types.resource_type import (
    STACK_TAG,
    FoundResource,
    Notify,
    ResourceType,
    Search,
    is_gone,
    is_named_after,
    one_call,
    pages,
    pairs,
    wait,
)
from vpcache.stack.target import Target

_NAT_GATEWAY_MINUTES = 10  # deletion takes 1 to 3 minutes
_LAMBDA_MINUTES = 45  # Lambda may keep the interfaces of a deleted function for this time
_DESCRIPTION = "AWS Lambda VPC ENI-"
_FUNCTION = re.compile(rf"{_DESCRIPTION}(.+?)(?:-[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})?")


def ec2_type(
    name: str,
    terraform_types: tuple[str, ...],
    operation: str,
    items: str,
    id_key: str,
    delete: Callable[[Any, str, Notify], None],
    *,
    created: str = "",
) -> ResourceType:
    """Return a resource type that EC2 lists by tag. `created` is the key of the creation time, if any."""

    def find(target: Target, search: Search) -> Iterator[FoundResource]:
        for item in _tagged(target.client("ec2"), operation, items, search.stack):
            yield FoundResource(item[id_key], is_tagged=True, created=item.get(created))

    return ResourceType(
        name, terraform_types, find, lambda target, id, notify: delete(target.client("ec2"), id, notify)
    )


def _tagged(client: Any, operation: str, items: str, stack: str) -> Iterator[dict[str, Any]]:
    request = {"Filters": [{"Name": f"tag:{STACK_TAG}", "Values": [stack]}]}
    for item in pages(client, operation, items, **request):
        # an emulator without the filter lists resources of other stacks, which must not be deleted
        is_tagged = pairs(item.get("Tags") or item.get("TagSet") or []).get(STACK_TAG) == stack
        if is_tagged and item.get("State") != "deleted":  # NAT gateways and endpoints stay listed
            yield item


def _function_interfaces(target: Target, search: Search) -> Iterator[FoundResource]:
    """Yield the interfaces of the stack's functions, in its VPCs, subnets or security groups.

    Lambda writes the function's name into the description. The interfaces have no tags and cannot be tagged.
    The description is not sufficient: names of functions of the stack `a-b` begin like those of the stack
    `a`.
    """
    client = target.client("ec2")
    request = {"Filters": [{"Name": "description", "Values": [f"{_DESCRIPTION}{search.stack}*"]}]}
    network_ids: set[str] | None = None
    for item in pages(client, "describe_network_interfaces", "NetworkInterfaces", **request):
        match = _FUNCTION.fullmatch(item.get("Description") or "")
        if not match or not is_named_after(match[1], search.stack):
            continue
        if network_ids is None:
            network_ids = _network_ids(client, search.stack)
        groups = [group["GroupId"] for group in item.get("Groups", [])]
        if network_ids & {item.get("VpcId"), item.get("SubnetId"), *groups}:
            yield FoundResource(
                item["NetworkInterfaceId"],
                is_tagged=True,
                owners=frozenset(
                    [("aws_lambda_function", match[1]), *(("aws_security_group", id) for id in groups)]
                ),
            )


def _network_ids(client: Any, stack: str) -> set[str]:
    """Return the IDs of the VPCs, subnets and security groups with the stack's tag."""
    return {
        item[key]
        for operation, items, key in (
            ("describe_vpcs", "Vpcs", "VpcId"),
            ("describe_subnets", "Subnets", "SubnetId"),
            ("describe_security_groups", "SecurityGroups", "GroupId"),
        )
        for item in _tagged(client, operation, items, stack)
    }


def _delete_function_interface(target: Target, id: str, notify: Notify) -> None:
    from botocore.exceptions import ClientError, WaiterError

    client = target.client("ec2")
    text = f"network interface {id} is in use by Lambda, and blocks the deletion of its subnet and groups"
    try:
        wait(
            client,
            "network_interface_available",
            notify,
            text,
            minutes=_LAMBDA_MINUTES,
            NetworkInterfaceIds=[id],
        )
        client.delete_network_interface(NetworkInterfaceId=id)
    except (ClientError, WaiterError) as error:
        if not is_gone(error):  # Lambda deletes most of the interfaces
            raise


def _delete_nat_gateway(client: Any, id: str, notify: Notify) -> None:
    client.delete_nat_gateway(NatGatewayId=id)
    text = f"NAT gateway {id} is being deleted"
    wait(client, "nat_gateway_deleted", notify, text, minutes=_NAT_GATEWAY_MINUTES, NatGatewayIds=[id])


def _delete_security_group(client: Any, id: str, _notify: Notify) -> None:
    (group,) = client.describe_security_groups(GroupIds=[id])["SecurityGroups"]
    if group["GroupName"] == "default":
        return  # AWS deletes it with its VPC
    # groups that reference each other can only be deleted without rules
    if group["IpPermissions"]:
        client.revoke_security_group_ingress(GroupId=id, IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        client.revoke_security_group_egress(GroupId=id, IpPermissions=group["IpPermissionsEgress"])
    client.delete_security_group(GroupId=id)


def _delete_route_table(client: Any, id: str, _notify: Notify) -> None:
    (table,) = client.describe_route_tables(RouteTableIds=[id])["RouteTables"]
    for association in table["Associations"]:
        if association["Main"]:
            return  # AWS deletes it with its VPC
        client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    client.delete_route_table(RouteTableId=id)


def _delete_internet_gateway(client: Any, id: str, _notify: Notify) -> None:
    (gateway,) = client.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
    for attachment in gateway["Attachments"]:
        client.detach_internet_gateway(InternetGatewayId=id, VpcId=attachment["VpcId"])
    client.delete_internet_gateway(InternetGatewayId=id)


FLOW_LOG = ec2_type(
    "flow log",
    ("aws_flow_log",),
    "describe_flow_logs",
    "FlowLogs",
    "FlowLogId",
    one_call("delete_flow_logs", "FlowLogIds", is_list=True),
    created="CreationTime",
)
ENDPOINT = ec2_type(
    "VPC endpoint",
    ("aws_vpc_endpoint",),
    "describe_vpc_endpoints",
    "VpcEndpoints",
    "VpcEndpointId",
    one_call("delete_vpc_endpoints", "VpcEndpointIds", is_list=True),
    created="CreationTimestamp",
)
NAT_GATEWAY = ec2_type(
    "NAT gateway",
    ("aws_nat_gateway",),
    "describe_nat_gateways",
    "NatGateways",
    "NatGatewayId",
    _delete_nat_gateway,
    created="CreateTime",
)
ELASTIC_IP = ec2_type(
    "elastic IP",
    ("aws_eip",),
    "describe_addresses",
    "Addresses",
    "AllocationId",
    one_call("release_address", "AllocationId"),
)
FUNCTION_INTERFACE = ResourceType(
    "function network interface", (), _function_interfaces, _delete_function_interface
)
INTERFACE = ec2_type(
    "network interface",
    ("aws_network_interface",),
    "describe_network_interfaces",
    "NetworkInterfaces",
    "NetworkInterfaceId",
    one_call("delete_network_interface", "NetworkInterfaceId"),
)
SECURITY_GROUP = ec2_type(
    "security group",
    ("aws_security_group", "aws_default_security_group"),
    "describe_security_groups",
    "SecurityGroups",
    "GroupId",
    _delete_security_group,
)
SUBNET = ec2_type(
    "subnet",
    ("aws_subnet",),
    "describe_subnets",
    "Subnets",
    "SubnetId",
    one_call("delete_subnet", "SubnetId"),
)
NETWORK_ACL = ec2_type(
    "network ACL",
    ("aws_network_acl", "aws_default_network_acl"),
    "describe_network_acls",
    "NetworkAcls",
    "NetworkAclId",
    one_call("delete_network_acl", "NetworkAclId"),
)
ROUTE_TABLE = ec2_type(
    "route table",
    ("aws_route_table", "aws_default_route_table"),
    "describe_route_tables",
    "RouteTables",
    "RouteTableId",
    _delete_route_table,
)
INTERNET_GATEWAY = ec2_type(
    "internet gateway",
    ("aws_internet_gateway",),
    "describe_internet_gateways",
    "InternetGateways",
    "InternetGatewayId",
    _delete_internet_gateway,
)
VPC = ec2_type("VPC", ("aws_vpc",), "describe_vpcs", "Vpcs", "VpcId", one_call("delete_vpc", "VpcId"))
