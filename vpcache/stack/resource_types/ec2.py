"""EC2's kinds, which are found by tag, and the interfaces of functions, which bear none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from vpcache.stack.resource_types.resource_type import (
    STACK_TAG,
    FoundResource,
    ResourceType,
    Say,
    Search,
    is_gone,
    is_named_after,
    one_call,
    pages,
    pairs,
    wait,
)
from vpcache.stack.target import Target

_NAT_GATEWAY_MINUTES = 10  # deletion takes 1 to 3
_LAMBDA_MINUTES = 45  # for which Lambda may keep the interfaces of a deleted function
_DESCRIPTION = "AWS Lambda VPC ENI-"
_FUNCTION = re.compile(rf"{_DESCRIPTION}(.+?)(?:-[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})?")


def ec2_kind(
    name: str,
    terraform_types: tuple[str, ...],
    operation: str,
    items: str,
    id_key: str,
    delete: Callable[[Any, str, Say], None],
    *,
    created: str = "",
) -> ResourceType:
    """Return a kind that EC2 lists by tag; `created` is the key of its creation time, if EC2 reports one."""

    def find(target: Target, search: Search) -> Iterator[FoundResource]:
        for item in _tagged(target.client("ec2"), operation, items, search.stack):
            yield FoundResource(item[id_key], is_tagged=True, created=item.get(created))

    return ResourceType(
        name, terraform_types, find, lambda target, id, say: delete(target.client("ec2"), id, say)
    )


def _tagged(client: Any, operation: str, items: str, stack: str) -> Iterator[dict[str, Any]]:
    request = {"Filters": [{"Name": f"tag:{STACK_TAG}", "Values": [stack]}]}
    for item in pages(client, operation, items, **request):
        # an emulator that does not know the filter lists everybody's, and what is found may be deleted
        is_ours = pairs(item.get("Tags") or item.get("TagSet") or []).get(STACK_TAG) == stack
        if is_ours and item.get("State") != "deleted":  # NAT gateways and endpoints stay listed
            yield item


def _function_interfaces(target: Target, search: Search) -> Iterator[FoundResource]:
    """Yield the interfaces of functions that the stack names, in what bears the stack's tag.

    Lambda names the function in the description, and neither tags them nor lets others tag them. The
    description alone does not do: functions of the stack `a-b` have names that begin like those of `a`.
    """
    client = target.client("ec2")
    request = {"Filters": [{"Name": "description", "Values": [f"{_DESCRIPTION}{search.stack}*"]}]}
    places: set[str] | None = None
    for item in pages(client, "describe_network_interfaces", "NetworkInterfaces", **request):
        named = _FUNCTION.fullmatch(item.get("Description") or "")
        if not named or not is_named_after(named[1], search.stack):
            continue
        if places is None:
            places = _places(client, search.stack)
        groups = [group["GroupId"] for group in item.get("Groups", [])]
        if places & {item.get("VpcId"), item.get("SubnetId"), *groups}:
            yield FoundResource(
                item["NetworkInterfaceId"],
                is_tagged=True,
                owners=frozenset(
                    [("aws_lambda_function", named[1]), *(("aws_security_group", each) for each in groups)]
                ),
            )


def _places(client: Any, stack: str) -> set[str]:
    """Return the ids of the VPCs, subnets and security groups that bear the stack's tag."""
    return {
        item[key]
        for operation, items, key in (
            ("describe_vpcs", "Vpcs", "VpcId"),
            ("describe_subnets", "Subnets", "SubnetId"),
            ("describe_security_groups", "SecurityGroups", "GroupId"),
        )
        for item in _tagged(client, operation, items, stack)
    }


def _delete_function_interface(target: Target, id: str, say: Say) -> None:
    from botocore.exceptions import ClientError, WaiterError

    client = target.client("ec2")
    waits = f"network interface {id}: Lambda has not released it yet, and what it stands in cannot go before"
    try:
        wait(
            client,
            "network_interface_available",
            say,
            waits,
            minutes=_LAMBDA_MINUTES,
            NetworkInterfaceIds=[id],
        )
        client.delete_network_interface(NetworkInterfaceId=id)
    except (ClientError, WaiterError) as error:
        if not is_gone(error):  # Lambda deletes most of them itself
            raise


def _delete_nat_gateway(client: Any, id: str, say: Say) -> None:
    client.delete_nat_gateway(NatGatewayId=id)
    waits = f"NAT gateway {id} is being deleted"
    wait(client, "nat_gateway_deleted", say, waits, minutes=_NAT_GATEWAY_MINUTES, NatGatewayIds=[id])


def _delete_security_group(client: Any, id: str, _say: Say) -> None:
    (group,) = client.describe_security_groups(GroupIds=[id])["SecurityGroups"]
    if group["GroupName"] == "default":
        return  # it goes with its VPC
    # groups that name each other can only go once neither has rules
    if group["IpPermissions"]:
        client.revoke_security_group_ingress(GroupId=id, IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        client.revoke_security_group_egress(GroupId=id, IpPermissions=group["IpPermissionsEgress"])
    client.delete_security_group(GroupId=id)


def _delete_route_table(client: Any, id: str, _say: Say) -> None:
    (table,) = client.describe_route_tables(RouteTableIds=[id])["RouteTables"]
    for association in table["Associations"]:
        if association["Main"]:
            return  # it goes with its VPC
        client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    client.delete_route_table(RouteTableId=id)


def _delete_internet_gateway(client: Any, id: str, _say: Say) -> None:
    (gateway,) = client.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
    for attachment in gateway["Attachments"]:
        client.detach_internet_gateway(InternetGatewayId=id, VpcId=attachment["VpcId"])
    client.delete_internet_gateway(InternetGatewayId=id)


FLOW_LOG = ec2_kind(
    "flow log",
    ("aws_flow_log",),
    "describe_flow_logs",
    "FlowLogs",
    "FlowLogId",
    one_call("delete_flow_logs", "FlowLogIds", is_list=True),
    created="CreationTime",
)
ENDPOINT = ec2_kind(
    "VPC endpoint",
    ("aws_vpc_endpoint",),
    "describe_vpc_endpoints",
    "VpcEndpoints",
    "VpcEndpointId",
    one_call("delete_vpc_endpoints", "VpcEndpointIds", is_list=True),
    created="CreationTimestamp",
)
NAT_GATEWAY = ec2_kind(
    "NAT gateway",
    ("aws_nat_gateway",),
    "describe_nat_gateways",
    "NatGateways",
    "NatGatewayId",
    _delete_nat_gateway,
    created="CreateTime",
)
ELASTIC_IP = ec2_kind(
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
INTERFACE = ec2_kind(
    "network interface",
    ("aws_network_interface",),
    "describe_network_interfaces",
    "NetworkInterfaces",
    "NetworkInterfaceId",
    one_call("delete_network_interface", "NetworkInterfaceId"),
)
SECURITY_GROUP = ec2_kind(
    "security group",
    ("aws_security_group", "aws_default_security_group"),
    "describe_security_groups",
    "SecurityGroups",
    "GroupId",
    _delete_security_group,
)
SUBNET = ec2_kind(
    "subnet",
    ("aws_subnet",),
    "describe_subnets",
    "Subnets",
    "SubnetId",
    one_call("delete_subnet", "SubnetId"),
)
NETWORK_ACL = ec2_kind(
    "network ACL",
    ("aws_network_acl", "aws_default_network_acl"),
    "describe_network_acls",
    "NetworkAcls",
    "NetworkAclId",
    one_call("delete_network_acl", "NetworkAclId"),
)
ROUTE_TABLE = ec2_kind(
    "route table",
    ("aws_route_table", "aws_default_route_table"),
    "describe_route_tables",
    "RouteTables",
    "RouteTableId",
    _delete_route_table,
)
INTERNET_GATEWAY = ec2_kind(
    "internet gateway",
    ("aws_internet_gateway",),
    "describe_internet_gateways",
    "InternetGateways",
    "InternetGatewayId",
    _delete_internet_gateway,
)
VPC = ec2_kind("VPC", ("aws_vpc",), "describe_vpcs", "Vpcs", "VpcId", one_call("delete_vpc", "VpcId"))
