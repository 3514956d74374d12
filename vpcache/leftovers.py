"""What of a stack is still in the account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from vpcache.target import Target

STACK_TAG = "Stack"


@dataclass(frozen=True, order=True)
class Leftover:
    """A resource that bears the stack's tag or name."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True)
class _Tagged:
    """How EC2 lists one kind of resource, and which of its states mean gone."""

    kind: str
    operation: str
    items: str
    id: str
    gone: tuple[str, ...] = ()


_TAGGED = (
    _Tagged("VPC", "describe_vpcs", "Vpcs", "VpcId"),
    _Tagged("subnet", "describe_subnets", "Subnets", "SubnetId"),
    _Tagged("route table", "describe_route_tables", "RouteTables", "RouteTableId"),
    _Tagged("internet gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    _Tagged("NAT gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", gone=("deleted",)),
    _Tagged("elastic IP", "describe_addresses", "Addresses", "AllocationId"),
    _Tagged("security group", "describe_security_groups", "SecurityGroups", "GroupId"),
    _Tagged("network interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
)


def leftovers(target: Target, stack_name: str, vpc_id: str | None = None) -> list[Leftover]:
    """Return all that is left of the stack, sorted: by its tag, by its name where a service lists no tags,
    and, given its VPC, the interfaces there whoever made them.
    """
    return sorted({*_by_tag(target, stack_name), *_by_name(target, stack_name), *_interfaces(target, vpc_id)})


def _by_tag(target: Target, stack_name: str) -> Iterator[Leftover]:
    ec2 = target.client("ec2")
    tag = [{"Name": f"tag:{STACK_TAG}", "Values": [stack_name]}]
    for row in _TAGGED:
        for item in _pages(ec2, row.operation, row.items, Filters=tag):
            if item.get("State") not in row.gone:
                yield Leftover(row.kind, item[row.id])


def _interfaces(target: Target, vpc_id: str | None) -> Iterator[Leftover]:
    if vpc_id is not None:
        vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
        interfaces = _pages(
            target.client("ec2"), "describe_network_interfaces", "NetworkInterfaces", Filters=vpc
        )
        for item in interfaces:
            yield Leftover("network interface", item["NetworkInterfaceId"])


def _by_name(target: Target, stack_name: str) -> Iterator[Leftover]:
    cache, functions, logs, iam = (target.client(name) for name in ("elasticache", "lambda", "logs", "iam"))
    ours: Callable[[str], bool] = lambda name: name == stack_name or name.startswith(f"{stack_name}-")  # noqa: E731
    names = {
        "cache cluster": (
            c["CacheClusterId"] for c in _pages(cache, "describe_cache_clusters", "CacheClusters")
        ),
        "cache subnet group": (
            g["CacheSubnetGroupName"]
            for g in _pages(cache, "describe_cache_subnet_groups", "CacheSubnetGroups")
        ),
        "cache parameter group": (
            g["CacheParameterGroupName"]
            for g in _pages(cache, "describe_cache_parameter_groups", "CacheParameterGroups")
        ),
        "function": (f["FunctionName"] for f in _pages(functions, "list_functions", "Functions")),
        "role": (r["RoleName"] for r in _pages(iam, "list_roles", "Roles")),
    }
    for kind, listed in names.items():
        yield from (Leftover(kind, name) for name in listed if ours(name))
    prefix = "/aws/lambda/"
    for group in _pages(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=f"{prefix}{stack_name}"):
        if ours(group["logGroupName"].removeprefix(prefix)):
            yield Leftover("log group", group["logGroupName"])


def _pages(client: Any, operation: str, items: str, **request: Any) -> Iterator[dict[str, Any]]:
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**request)[items]
        return
    for page in client.get_paginator(operation).paginate(**request):
        yield from page[items]
