"""ElastiCache's clusters and groups.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElastiCache.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request, wait_for
from vpcache.lab.aws.cloudformation.model import Made

_MAX_CLUSTER_NAME = 50
_CLUSTER = (
    "AZMode",
    "AutoMinorVersionUpgrade",
    "CacheNodeType",
    "CacheParameterGroupName",
    "CacheSubnetGroupName",
    "Engine",
    "EngineVersion",
    "IpDiscovery",
    "NetworkType",
    "NotificationTopicArn",
    "NumCacheNodes",
    "Port",
    "PreferredAvailabilityZone",
    "PreferredAvailabilityZones",
    "PreferredMaintenanceWindow",
    "SnapshotArns",
    "SnapshotName",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
    "TransitEncryptionEnabled",
)
_CHANGED_IN_PLACE = (
    "AutoMinorVersionUpgrade",
    "CacheParameterGroupName",
    "EngineVersion",
    "NotificationTopicArn",
    "PreferredMaintenanceWindow",
)


def _create_cluster(request: Request) -> Made:
    name = request.properties.get("ClusterName") or request.name(_MAX_CLUSTER_NAME)
    cluster = request.calls(
        "elasticache",
        "CreateCacheCluster",
        CacheClusterId=name,
        SecurityGroupIds=request.properties.get("VpcSecurityGroupIds"),
        Tags=request.tags() or None,
        **request.get(*_CLUSTER),
    )["CacheCluster"]
    request.record(Made(cluster["CacheClusterId"]))
    return _made(request.calls, cluster["CacheClusterId"])


def _made(calls: Calls, cluster_id: str) -> Made:
    """Wait until a cluster is available, and return it."""
    wait_for(lambda: _state(calls, cluster_id), "available", ("create-failed",))
    (cluster,) = calls("elasticache", "DescribeCacheClusters", CacheClusterId=cluster_id)["CacheClusters"]
    endpoint = cluster.get("ConfigurationEndpoint") or {}
    attributes = {
        "ConfigurationEndpoint.Address": endpoint.get("Address", ""),
        "ConfigurationEndpoint.Port": str(endpoint.get("Port", "")),
    }
    return Made(cluster_id, attributes)


def _state(calls: Calls, cluster_id: str) -> str:
    try:
        clusters = calls("elasticache", "DescribeCacheClusters", CacheClusterId=cluster_id)["CacheClusters"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "CacheClusterNotFound":
            return "deleted"
        raise
    return str(clusters[0]["CacheClusterStatus"])


def _update_cluster(request: Request, made: Made, changed: frozenset[str]) -> Made:
    change = request.get(*(name for name in _CHANGED_IN_PLACE if name in changed))
    if "VpcSecurityGroupIds" in changed:
        change["SecurityGroupIds"] = request.properties.get("VpcSecurityGroupIds") or []
    if "NumCacheNodes" in changed:
        change |= _resizing(request, made)
    if change:
        request.calls(
            "elasticache", "ModifyCacheCluster", CacheClusterId=made.id, ApplyImmediately=True, **change
        )
    return _made(request.calls, made.id)


def _resizing(request: Request, made: Made) -> dict[str, Any]:
    """Return the parameters of a new number of nodes; the newest nodes are removed."""
    (cluster,) = request.calls(
        "elasticache", "DescribeCacheClusters", CacheClusterId=made.id, ShowCacheNodeInfo=True
    )["CacheClusters"]
    nodes = sorted(each["CacheNodeId"] for each in cluster["CacheNodes"])
    removed = nodes[int(request.properties["NumCacheNodes"]) :]
    return {
        **request.get("NumCacheNodes", "AZMode"),
        **({"CacheNodeIdsToRemove": removed} if removed else {}),
    }


def _delete_cluster(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("elasticache", "DeleteCacheCluster", CacheClusterId=made.id)
    wait_for(lambda: _state(calls, made.id), "deleted")


def _create_subnet_group(request: Request) -> Made:
    group = request.calls(
        "elasticache",
        "CreateCacheSubnetGroup",
        CacheSubnetGroupName=request.properties.get("CacheSubnetGroupName") or request.name(),
        CacheSubnetGroupDescription=request.properties["Description"],
        SubnetIds=request.properties["SubnetIds"],
        Tags=request.tags() or None,
    )["CacheSubnetGroup"]
    return Made(group["CacheSubnetGroupName"])


def _update_subnet_group(request: Request, made: Made, _: frozenset[str]) -> Made:
    request.calls(
        "elasticache",
        "ModifyCacheSubnetGroup",
        CacheSubnetGroupName=made.id,
        CacheSubnetGroupDescription=request.properties["Description"],
        SubnetIds=request.properties["SubnetIds"],
    )
    return made


def _delete_subnet_group(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("elasticache", "DeleteCacheSubnetGroup", CacheSubnetGroupName=made.id)


def _create_parameter_group(request: Request) -> Made:
    group = request.calls(
        "elasticache",
        "CreateCacheParameterGroup",
        CacheParameterGroupName=request.name().lower(),
        CacheParameterGroupFamily=request.properties["CacheParameterGroupFamily"],
        Description=request.properties["Description"],
        Tags=request.tags() or None,
    )["CacheParameterGroup"]["CacheParameterGroupName"]
    made = request.record(Made(group, {"CacheParameterGroupName": group}))
    _set_parameters(request, group)
    return made


def _set_parameters(request: Request, group: str) -> None:
    values = request.properties.get("Properties") or {}
    if values:
        request.calls(
            "elasticache",
            "ModifyCacheParameterGroup",
            CacheParameterGroupName=group,
            ParameterNameValues=[
                {"ParameterName": name, "ParameterValue": value} for name, value in values.items()
            ],
        )


def _update_parameter_group(request: Request, made: Made, _: frozenset[str]) -> Made:
    request.calls(
        "elasticache",
        "ResetCacheParameterGroup",
        CacheParameterGroupName=made.id,
        ResetAllParameters=True,
    )
    _set_parameters(request, made.id)
    return made


def _delete_parameter_group(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("elasticache", "DeleteCacheParameterGroup", CacheParameterGroupName=made.id)


CACHES = (
    Kind(
        "AWS::ElastiCache::CacheCluster",
        frozenset({"ClusterName", "Tags", "VpcSecurityGroupIds", *_CLUSTER}),
        _create_cluster,
        _delete_cluster,
        frozenset({"NumCacheNodes", "VpcSecurityGroupIds", *_CHANGED_IN_PLACE}),
        _update_cluster,
        required=("CacheNodeType", "Engine", "NumCacheNodes"),
        name_property="ClusterName",
    ),
    Kind(
        "AWS::ElastiCache::SubnetGroup",
        frozenset({"CacheSubnetGroupName", "Description", "SubnetIds", "Tags"}),
        _create_subnet_group,
        _delete_subnet_group,
        frozenset({"Description", "SubnetIds"}),
        _update_subnet_group,
        required=("Description", "SubnetIds"),
        name_property="CacheSubnetGroupName",
    ),
    Kind(
        "AWS::ElastiCache::ParameterGroup",
        frozenset({"CacheParameterGroupFamily", "Description", "Properties", "Tags"}),
        _create_parameter_group,
        _delete_parameter_group,
        frozenset({"Properties"}),
        _update_parameter_group,
        required=("CacheParameterGroupFamily", "Description"),
    ),
)
