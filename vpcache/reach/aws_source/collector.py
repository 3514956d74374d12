"""Reads what AWS's API says about VPCs, by operations that change nothing.

docs/how-to/read-only-policy.md has the IAM policy with exactly these actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.reach.aws_source.descriptions import Descriptions, Items
from vpcache.stack.resource_types.resource_type import error_code, is_gone, pages

POLICY_PAGE = "docs/how-to/read-only-policy.md"
"""The page with the IAM policy for these operations."""
_SERVICES = ("ec2", "lambda", "elasticache")
_DENIED = ("UnauthorizedOperation", "AccessDenied", "AccessDeniedException")
"""Error codes of a call that no policy allows: of EC2, of ElastiCache, and of Lambda.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""
_READERS = 8  # a client of botocore keeps ten connections
_FILTER_VALUES = 200
"""The number of values that a filter can have.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html#Filtering_Resources_CLI
"""


@dataclass(frozen=True)
class _Call:
    """An operation of boto3, and the list in its answer."""

    service: str
    operation: str
    items: str
    request: Mapping[str, Any] = field(default_factory=dict)


def collect(clients: Callable[[str], Any], vpc_ids: Sequence[str]) -> Descriptions:
    """Return what AWS's API says about VPCs. `clients` returns the boto3 client of a service.

    Raises VpcacheError without a VPC ID, if a VPC does not exist in the region of the clients, or if an
    action is denied.
    """
    if not vpc_ids:
        raise VpcacheError("no VPC to read: apply the stack first, or name the ID of a VPC")
    services = {name: clients(name) for name in _SERVICES}

    def read(call: _Call) -> Items:
        return _read(services[call.service], call)

    with ThreadPoolExecutor(_READERS, thread_name_prefix="describe") as readers:
        first = _calls_for_vpcs(list(vpc_ids))
        answers: dict[str, Any] = dict(zip(first, readers.map(read, first.values()), strict=True))
        found = Descriptions(region=services["ec2"].meta.region_name, **answers)
        rules = [rule for each in readers.map(read, _calls_for_rules(found)) for rule in each]
        found = replace(found, security_group_rules=tuple(rules))
        lists = sorted(found.prefix_list_ids() - found.prefixes().keys())
        entries = readers.map(lambda id_: _entries(services["ec2"], id_), lists)
        known = {id_: each for id_, each in zip(lists, entries, strict=True) if each is not None}
    return replace(found, prefix_list_entries=known)


def _calls_for_vpcs(vpc_ids: list[str]) -> dict[str, _Call]:
    """Return the independent calls by the field of Descriptions for their answers."""
    in_vpc = {"Filters": [{"Name": "vpc-id", "Values": vpc_ids}]}
    attached = {"Filters": [{"Name": "attachment.vpc-id", "Values": vpc_ids}]}
    return {
        "vpcs": _Call("ec2", "describe_vpcs", "Vpcs", {"VpcIds": vpc_ids}),
        "subnets": _Call("ec2", "describe_subnets", "Subnets", in_vpc),
        "route_tables": _Call("ec2", "describe_route_tables", "RouteTables", in_vpc),
        "security_groups": _Call("ec2", "describe_security_groups", "SecurityGroups", in_vpc),
        "network_acls": _Call("ec2", "describe_network_acls", "NetworkAcls", in_vpc),
        "interfaces": _Call("ec2", "describe_network_interfaces", "NetworkInterfaces", in_vpc),
        "nat_gateways": _Call("ec2", "describe_nat_gateways", "NatGateways", {"Filter": in_vpc["Filters"]}),
        "internet_gateways": _Call("ec2", "describe_internet_gateways", "InternetGateways", attached),
        "egress_only_gateways": _Call(  # its filters are tags only
            "ec2", "describe_egress_only_internet_gateways", "EgressOnlyInternetGateways"
        ),
        "endpoints": _Call("ec2", "describe_vpc_endpoints", "VpcEndpoints", in_vpc),
        "peering_connections": _Call(  # filters of requester and accepter exclude each other
            "ec2", "describe_vpc_peering_connections", "VpcPeeringConnections"
        ),
        "vpn_gateways": _Call("ec2", "describe_vpn_gateways", "VpnGateways", attached),
        "service_prefix_lists": _Call("ec2", "describe_prefix_lists", "PrefixLists"),
        "functions": _Call("lambda", "list_functions", "Functions"),
        "cache_clusters": _Call(
            "elasticache", "describe_cache_clusters", "CacheClusters", {"ShowCacheNodeInfo": True}
        ),
        "serverless_caches": _Call("elasticache", "describe_serverless_caches", "ServerlessCaches"),
    }


def _calls_for_rules(found: Descriptions) -> list[_Call]:
    """Return the calls for the rules of the groups: the operation has no filter for a VPC.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
    """
    groups = [each["GroupId"] for each in found.security_groups]
    return [
        _Call(
            "ec2",
            "describe_security_group_rules",
            "SecurityGroupRules",
            {"Filters": [{"Name": "group-id", "Values": groups[start : start + _FILTER_VALUES]}]},
        )
        for start in range(0, len(groups), _FILTER_VALUES)
    ]


def _entries(ec2: Any, prefix_list: str) -> Items | None:
    """Return the entries of a prefix list, None if it does not exist or is another account's."""
    from botocore.exceptions import ClientError

    request = {"PrefixListId": prefix_list}
    try:
        return _read(ec2, _Call("ec2", "get_managed_prefix_list_entries", "Entries", request))
    except ClientError as error:
        if is_gone(error):
            return None
        raise


def _read(client: Any, call: _Call) -> Items:
    from botocore.exceptions import ClientError

    try:
        return tuple(pages(client, call.operation, call.items, **call.request))
    except ClientError as error:
        code, message = error_code(error), error.response["Error"].get("Message", "")
        if code in _DENIED:
            raise VpcacheError(
                f"{call.service}:{error.operation_name} is denied: allow it, with the other actions of the "
                f"policy in {POLICY_PAGE}, for the caller ({message})"
            ) from error
        if code.startswith("InvalidVpcID"):
            region = client.meta.region_name
            raise VpcacheError(
                f"{message} in {region}: check the region, or apply the stack again"
            ) from error
        raise
