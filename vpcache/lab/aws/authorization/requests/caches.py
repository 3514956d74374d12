"""Targets of ElastiCache's calls.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html
"""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target, Values, tags_in
from vpcache.lab.aws.authorization.requests.reference import arn, resource_types

_PARAMETERS = {
    "cluster": "CacheClusterId",
    "parametergroup": "CacheParameterGroupName",
    "replicationgroup": "ReplicationGroupId",
    "serverlesscache": "ServerlessCacheName",
    "snapshot": "SnapshotName",
    "subnetgroup": "CacheSubnetGroupName",
}
_LINKED_ROLE = "aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache"
_CREATED = {
    "CreateCacheCluster": "cluster",
    "CreateCacheParameterGroup": "parametergroup",
    "CreateCacheSubnetGroup": "subnetgroup",
    "CreateServerlessCache": "serverlesscache",
}


def targets(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the targets of a call."""
    name = call.text("ResourceName")
    if name:
        yield Target(call.action, name, name.split(":")[5] if name.count(":") > 5 else "")
        return
    named = {kind: call.text(_PARAMETERS.get(kind, "")) for kind in resource_types(call.action)}
    required = [kind for kind, is_required in resource_types(call.action).items() if is_required]
    kinds = [kind for kind, each in named.items() if each or kind in required]
    for kind in kinds:
        yield Target(call.action, _resource(call, kind, named[kind]), kind)
    if not kinds:
        yield Target(call.action)
    if call.operation in _CREATED and tags_in(call.parameters):
        kind = _CREATED[call.operation]
        resource = _resource(call, kind, call.text(_PARAMETERS[kind]))
        yield Target("elasticache:AddTagsToResource", resource, kind)
    if call.operation == "CreateCacheCluster":
        yield from _linked_role(call, directory)
        yield from _interfaces(call, directory)
    if call.operation == "CreateServerlessCache":
        yield from _linked_role(call, directory)
        yield from _endpoint(call)


def _resource(call: ApiCall, kind: str, name: str) -> str:
    """Return an ARN; names are stored in lower case. A resource without name is any of its type."""
    return call.arn(kind, *([name.lower()] if name else []))


def _linked_role(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the creation of the role that ElastiCache creates itself, unless it exists.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html
    """
    keys: dict[str, Values] = {"iam:awsservicename": ("elasticache.amazonaws.com",)}
    role = arn("iam", "role", "", call.account, _LINKED_ROLE)
    if not directory.iam_arn("role", _LINKED_ROLE.rpartition("/")[2]):
        yield Target("iam:CreateServiceLinkedRole", role, "role", keys)


def _endpoint(call: ApiCall) -> Iterator[Target]:
    """Yield the dependent actions of CreateServerlessCache, on the VPC endpoint of the cache."""
    for name in ("SecurityGroups", "Subnets", "Tags", "VpcEndpoints", "Vpcs"):
        yield Target(f"ec2:Describe{name}")
    endpoint = arn("ec2", "vpc-endpoint", call.region, call.account)
    for action in ("CreateTags", "CreateVpcEndpoint", "DeleteVpcEndpoints"):
        yield Target(f"ec2:{action}", endpoint, "vpc-endpoint")


def _interfaces(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the dependent actions of CreateCacheCluster, on the interfaces of the nodes."""
    yield Target("ec2:DescribeSubnets")
    yield Target("ec2:DescribeVpcs")
    yield Target("ec2:DescribeNetworkInterfaces")
    resources = [("network-interface", "*")]
    resources += [("subnet", each) for each in directory.subnets_of(call.text("CacheSubnetGroupName"))]
    resources += [("security-group", str(each)) for each in call.parameters.get("SecurityGroupIds") or ()]
    for kind, name in resources:
        yield Target("ec2:CreateNetworkInterface", arn("ec2", kind, call.region, call.account, name), kind)
    interface = arn("ec2", "network-interface", call.region, call.account)
    yield Target("ec2:DeleteNetworkInterface", interface, "network-interface")
