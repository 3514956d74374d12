"""The kinds of resource that a stack makes: how to list those of a stack, how to delete each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.target import Target

STACK_TAG = "Stack"


@dataclass(frozen=True)
class Found:
    """A resource of a stack; `is_tagged` if it bears the stack's tag, else it only bears its name."""

    id: str
    is_tagged: bool


@dataclass(frozen=True)
class Kind:
    """A kind of resource. `find` lists those of a stack, `delete` deletes one and waits until it is gone."""

    name: str
    find: Callable[[Target, str], Iterator[Found]]
    delete: Callable[[Target, str], None]


def pages(client: Any, operation: str, items: str, **request: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of one of boto3's describe or list operations."""
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**request).get(items, [])
        return
    for page in client.get_paginator(operation).paginate(**request):
        yield from page.get(items, [])


def _ec2_kind(
    name: str,
    operation: str,
    items: str,
    id_key: str,
    delete: Callable[[Any, str], None],
) -> Kind:
    """Return a kind that EC2 can list by tag; NAT gateways and endpoints stay listed after their end."""

    def find(target: Target, stack: str) -> Iterator[Found]:
        request = {"Filters": [{"Name": f"tag:{STACK_TAG}", "Values": [stack]}]}
        for item in pages(target.client("ec2"), operation, items, **request):
            # an emulator that does not know the filter lists everybody's, and what is found may be deleted
            is_ours = _pairs(item.get("Tags") or item.get("TagSet") or []).get(STACK_TAG) == stack
            if is_ours and item.get("State") != "deleted":
                yield Found(item[id_key], is_tagged=True)

    return Kind(name, find, lambda target, id: delete(target.client("ec2"), id))


def _named_kind(
    name: str,
    service: str,
    listing: Callable[[Any, str], Iterator[tuple[str, str]]],
    tags: Callable[[Any, str], Mapping[str, str]],
    delete: Callable[[Any, str], None],
    *,
    prefix: str = "",
    by_handle: bool = False,
) -> Kind:
    """Return a kind that is listed by name.

    `listing` yields names, each with the handle that `tags` wants, given a client and what the stack's
    names begin with; `delete` wants the name, or the handle if `by_handle`. A resource of the stack's name
    that bears another stack's tag is that stack's.
    """

    def find(target: Target, stack: str) -> Iterator[Found]:
        client = target.client(service)
        for named, handle in listing(client, f"{prefix}{stack}"):
            bare = named.removeprefix(prefix)
            if bare == stack or bare.startswith(f"{stack}-"):
                owner = tags(client, handle).get(STACK_TAG)
                if owner in (stack, None):
                    yield Found(handle if by_handle else named, is_tagged=owner == stack)

    return Kind(name, find, lambda target, id: delete(target.client(service), id))


def _pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _cache_tags(client: Any, arn: str) -> dict[str, str]:
    return _pairs(client.list_tags_for_resource(ResourceName=arn)["TagList"])


def _listed_by(
    operation: str, items: str, name_key: str, handle_key: str
) -> Callable[[Any, str], Iterator[tuple[str, str]]]:
    def listing(client: Any, _prefix: str) -> Iterator[tuple[str, str]]:
        for item in pages(client, operation, items):
            yield item[name_key], item[handle_key]

    return listing


def _one_call(operation: str, parameter: str) -> Callable[[Any, str], None]:
    """Return a deletion of one or, if the parameter is a plural, of a list of one."""

    def delete(client: Any, id: str) -> None:
        getattr(client, operation)(**{parameter: [id] if parameter.endswith("s") else id})

    return delete


def _topics(client: Any, _prefix: str) -> Iterator[tuple[str, str]]:
    for topic in pages(client, "list_topics", "Topics"):
        yield topic["TopicArn"].rpartition(":")[2], topic["TopicArn"]


def _log_groups(client: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for group in pages(client, "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
        yield group["logGroupName"], group["arn"].removesuffix(":*")


def _delete_cluster(client: Any, id: str) -> None:
    client.delete_cache_cluster(CacheClusterId=id)
    client.get_waiter("cache_cluster_deleted").wait(CacheClusterId=id, WaiterConfig={"Delay": 5})


def _delete_role(client: Any, name: str) -> None:
    for policy in pages(client, "list_role_policies", "PolicyNames", RoleName=name):
        client.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in pages(client, "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        client.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    client.delete_role(RoleName=name)


def _delete_nat_gateway(client: Any, id: str) -> None:
    client.delete_nat_gateway(NatGatewayId=id)
    client.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[id], WaiterConfig={"Delay": 5})


def _delete_security_group(client: Any, id: str) -> None:
    (group,) = client.describe_security_groups(GroupIds=[id])["SecurityGroups"]
    if group["GroupName"] == "default":
        return  # it goes with its VPC
    # groups that name each other can only go once neither has rules
    if group["IpPermissions"]:
        client.revoke_security_group_ingress(GroupId=id, IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        client.revoke_security_group_egress(GroupId=id, IpPermissions=group["IpPermissionsEgress"])
    client.delete_security_group(GroupId=id)


def _delete_route_table(client: Any, id: str) -> None:
    (table,) = client.describe_route_tables(RouteTableIds=[id])["RouteTables"]
    for association in table["Associations"]:
        if association["Main"]:
            return  # it goes with its VPC
        client.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    client.delete_route_table(RouteTableId=id)


def _delete_internet_gateway(client: Any, id: str) -> None:
    (gateway,) = client.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
    for attachment in gateway["Attachments"]:
        client.detach_internet_gateway(InternetGatewayId=id, VpcId=attachment["VpcId"])
    client.delete_internet_gateway(InternetGatewayId=id)


# in the order in which they can be deleted: what uses a thing goes before it
KINDS = (
    _named_kind(
        "alarm",
        "cloudwatch",
        _listed_by("describe_alarms", "MetricAlarms", "AlarmName", "AlarmArn"),
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
        _one_call("delete_alarms", "AlarmNames"),
    ),
    _named_kind(
        "topic",
        "sns",
        _topics,
        lambda client, arn: _pairs(client.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        _one_call("delete_topic", "TopicArn"),
        by_handle=True,
    ),
    _named_kind(
        "function",
        "lambda",
        _listed_by("list_functions", "Functions", "FunctionName", "FunctionArn"),
        lambda client, arn: client.list_tags(Resource=arn)["Tags"],
        _one_call("delete_function", "FunctionName"),
    ),
    _named_kind(
        "log group",
        "logs",
        _log_groups,
        lambda client, arn: client.list_tags_for_resource(resourceArn=arn)["tags"],
        _one_call("delete_log_group", "logGroupName"),
        prefix="/aws/lambda/",
    ),
    _ec2_kind(
        "flow log",
        "describe_flow_logs",
        "FlowLogs",
        "FlowLogId",
        _one_call("delete_flow_logs", "FlowLogIds"),
    ),
    _named_kind(
        "flow log group",
        "logs",
        _log_groups,
        lambda client, arn: client.list_tags_for_resource(resourceArn=arn)["tags"],
        _one_call("delete_log_group", "logGroupName"),
        prefix="/aws/vpc/",
    ),
    _named_kind(
        "role",
        "iam",
        _listed_by("list_roles", "Roles", "RoleName", "RoleName"),
        lambda client, name: _pairs(client.list_role_tags(RoleName=name)["Tags"]),
        _delete_role,
    ),
    _named_kind(
        "cache cluster",
        "elasticache",
        _listed_by("describe_cache_clusters", "CacheClusters", "CacheClusterId", "ARN"),
        _cache_tags,
        _delete_cluster,
    ),
    _named_kind(
        "cache subnet group",
        "elasticache",
        _listed_by("describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName", "ARN"),
        _cache_tags,
        _one_call("delete_cache_subnet_group", "CacheSubnetGroupName"),
    ),
    _named_kind(
        "cache parameter group",
        "elasticache",
        _listed_by(
            "describe_cache_parameter_groups", "CacheParameterGroups", "CacheParameterGroupName", "ARN"
        ),
        _cache_tags,
        _one_call("delete_cache_parameter_group", "CacheParameterGroupName"),
    ),
    _ec2_kind(
        "VPC endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        _one_call("delete_vpc_endpoints", "VpcEndpointIds"),
    ),
    _ec2_kind("NAT gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", _delete_nat_gateway),
    _ec2_kind(
        "elastic IP",
        "describe_addresses",
        "Addresses",
        "AllocationId",
        _one_call("release_address", "AllocationId"),
    ),
    _ec2_kind(
        "network interface",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        _one_call("delete_network_interface", "NetworkInterfaceId"),
    ),
    _ec2_kind(
        "security group",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        _delete_security_group,
    ),
    _ec2_kind(
        "subnet",
        "describe_subnets",
        "Subnets",
        "SubnetId",
        _one_call("delete_subnet", "SubnetId"),
    ),
    _ec2_kind(
        "network ACL",
        "describe_network_acls",
        "NetworkAcls",
        "NetworkAclId",
        _one_call("delete_network_acl", "NetworkAclId"),
    ),
    _ec2_kind(
        "route table",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        _delete_route_table,
    ),
    _ec2_kind(
        "internet gateway",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        _delete_internet_gateway,
    ),
    _ec2_kind("VPC", "describe_vpcs", "Vpcs", "VpcId", _one_call("delete_vpc", "VpcId")),
)
