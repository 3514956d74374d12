"""Resource types of ElastiCache.

While a cluster is being created, modified or deleted, its tags cannot be read: ListTagsForResource returns
CacheClusterNotFound, "either not present or not available"; of a serverless cache it returns
InvalidServerlessCacheStateFault. Neither can be deleted until it is available:
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheCluster.html
https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteServerlessCache.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vpcache.stack.resource_types.named import ListedResource, named_type
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

_MINUTES = 20  # twice the maximum: creation takes 5 to 10 minutes, deletion 3 to 10
_BUSY = ("creating", "modifying", "rebooting cluster nodes", "snapshotting")


def _clusters(target: Target, search: Search) -> Iterator[FoundResource]:
    client = target.client("elasticache")
    for cluster in pages(client, "describe_cache_clusters", "CacheClusters"):
        id = cluster["CacheClusterId"]
        if not is_named_after(id, search.stack):
            continue
        try:
            owner = _owner(target, client, cluster)
        except _GoneError:
            continue
        if owner in (search.stack, None):
            yield FoundResource(
                id, is_tagged=owner == search.stack, created=cluster.get("CacheClusterCreateTime")
            )


class _GoneError(Exception):
    """A cluster was deleted after it was listed."""


def _owner(target: Target, client: Any, cluster: dict[str, Any]) -> str | None:
    """Return the stack that a cluster belongs to, None if it is unknown.

    The stack is in the cluster's tag or, while that cannot be read, in the tag of its subnet group or of its
    security groups. Raises _GoneError.
    """
    from botocore.exceptions import ClientError

    try:
        return tags_of(client, cluster["ARN"]).get(STACK_TAG)
    except ClientError as error:
        if not is_gone(error):
            raise
    try:
        client.describe_cache_clusters(CacheClusterId=cluster["CacheClusterId"])
    except ClientError as error:
        if is_gone(error):
            raise _GoneError from error
        raise
    groups = [group["SecurityGroupId"] for group in cluster.get("SecurityGroups", [])]
    return _group_owner(client, cluster) or security_group_owner(target, groups)


def _group_owner(client: Any, cluster: dict[str, Any]) -> str | None:
    from botocore.exceptions import ClientError

    name = cluster.get("CacheSubnetGroupName")
    if not name:
        return None
    try:
        (group,) = client.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
        return tags_of(client, group["ARN"]).get(STACK_TAG)
    except ClientError as error:
        if not is_gone(error):
            raise
        return None


def security_group_owner(target: Target, ids: list[str]) -> str | None:
    """Return the stack in the tags of security groups, None if there is not exactly one."""
    from botocore.exceptions import ClientError

    if not ids:
        return None
    try:
        groups = target.client("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]
    except ClientError as error:
        if not is_gone(error):
            raise
        return None
    owners = {owner for group in groups if (owner := pairs(group.get("Tags") or []).get(STACK_TAG))}
    return owners.pop() if len(owners) == 1 else None


def tags_of(client: Any, arn: str) -> dict[str, str]:
    """Return the tags of a resource of ElastiCache."""
    return pairs(client.list_tags_for_resource(ResourceName=arn)["TagList"])


def _delete_cluster(target: Target, id: str, notify: Notify) -> None:
    client = target.client("elasticache")
    (cluster,) = client.describe_cache_clusters(CacheClusterId=id)["CacheClusters"]
    status = cluster["CacheClusterStatus"]
    if status in _BUSY:
        text = f"cache cluster {id} is {status} and cannot be deleted before it is available"
        wait(client, "cache_cluster_available", notify, text, minutes=_MINUTES, CacheClusterId=id)
    if status != "deleting":
        client.delete_cache_cluster(CacheClusterId=id)
    text = f"cache cluster {id} is being deleted"
    wait(client, "cache_cluster_deleted", notify, text, minutes=_MINUTES, CacheClusterId=id)


def _subnet_groups(client: Any, _prefix: str) -> Iterator[ListedResource]:
    for group in pages(client, "describe_cache_subnet_groups", "CacheSubnetGroups"):
        yield ListedResource(group["CacheSubnetGroupName"], group["ARN"])


def _parameter_groups(client: Any, _prefix: str) -> Iterator[ListedResource]:
    for group in pages(client, "describe_cache_parameter_groups", "CacheParameterGroups"):
        yield ListedResource(group["CacheParameterGroupName"], group["ARN"])


CLUSTER = ResourceType("cache cluster", ("aws_elasticache_cluster",), _clusters, _delete_cluster)
SUBNET_GROUP = named_type(
    "cache subnet group",
    "aws_elasticache_subnet_group",
    "elasticache",
    _subnet_groups,
    tags_of,
    one_call("delete_cache_subnet_group", "CacheSubnetGroupName"),
)
PARAMETER_GROUP = named_type(
    "cache parameter group",
    "aws_elasticache_parameter_group",
    "elasticache",
    _parameter_groups,
    tags_of,
    one_call("delete_cache_parameter_group", "CacheParameterGroupName"),
)
