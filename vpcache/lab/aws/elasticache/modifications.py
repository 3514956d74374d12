"""Modifications of a cluster: validates requests of ModifyCacheCluster, without changing the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException

from vpcache.lab.aws.elasticache.models import ClusterModel, ParameterGroup
from vpcache.lab.aws.elasticache.parameters import VERSIONS
from vpcache.lab.aws.elasticache.placement import (
    check_az_mode,
    check_count,
    check_single_zone,
    choose_zones,
    require_choice,
)

_SIZE_PARAMETERS = ("NumCacheNodes", "CacheNodeIdsToRemove", "NewAvailabilityZones", "AZMode")


@dataclass(frozen=True, slots=True)
class Resize:
    """A valid change of a cluster's nodes."""

    az_mode: str
    new_zones: list[str]  # the zone of each node to add
    removed_node_ids: list[str]


@dataclass(frozen=True, slots=True)
class Modification:
    """A valid modification of a cluster, with current values where the request sets none."""

    engine_version: str
    maintenance_window: str
    topic_arn: str | None
    topic_status: str
    security_group_ids: list[str] | None  # None: not changed
    parameter_group: ParameterGroup
    auto_minor_version_upgrade: bool
    resize: Resize


def pending_changes(cluster: ClusterModel, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that wait for the maintenance window after a request.

    A requested number of nodes replaces a pending one; the current number cancels it.
    """
    size = _values(request if request.get("NumCacheNodes") else cluster.pending, *_SIZE_PARAMETERS)
    version = _values(cluster.pending, "EngineVersion") | _values(request, "EngineVersion")
    is_resized = int(size.get("NumCacheNodes", len(cluster.nodes))) != len(cluster.nodes)
    is_upgraded = version.get("EngineVersion", cluster.engine_version) != cluster.engine_version
    return (size if is_resized else {}) | (version if is_upgraded else {})


def parse_engine_version(cluster: ClusterModel, request: Mapping[str, Any]) -> str:
    """Return the requested engine version, by default the current one. Raises ElastiCache's errors."""
    version = request.get("EngineVersion")
    if not version:
        return cluster.engine_version
    require_choice(VERSIONS, "EngineVersion", version)
    if VERSIONS.index(version) < VERSIONS.index(cluster.engine_version):
        raise InvalidParameterCombinationException(
            f"The engine of {cluster.id} cannot be downgraded from {cluster.engine_version} to {version}."
        )
    return str(version)


def check_node_type(cluster: ClusterModel, request: Mapping[str, Any]) -> None:
    """Raise InvalidParameterCombinationException for a change of the node type."""
    if request.get("CacheNodeType") not in (None, cluster.node_type):
        raise InvalidParameterCombinationException(
            "The CacheNodeType of a memcached cluster cannot be modified: create another cluster."
        )


def parse_topic_status(cluster: ClusterModel, request: Mapping[str, Any]) -> str:
    """Return the requested topic status, by default the current one. Raises ElastiCache's errors."""
    status = request.get("NotificationTopicStatus") or cluster.notification_topic_status
    return require_choice(("active", "inactive"), "NotificationTopicStatus", status)


def parse_resize(cluster: ClusterModel, request: Mapping[str, Any]) -> Resize:
    """Return the requested change of a cluster's nodes. Raises ElastiCache's errors if it is invalid."""
    count = check_count(int(request.get("NumCacheNodes") or len(cluster.nodes)))
    preferred = request.get("NewAvailabilityZones") or []
    removed = sorted(request.get("CacheNodeIdsToRemove") or [])
    growth = count - len(cluster.nodes)
    current_zones = [node.interface.availability_zone for node in cluster.nodes]
    az_mode = cluster.az_mode  # it affects new nodes only
    if request.get("AZMode"):
        az_mode = check_az_mode(request["AZMode"], count)
        check_single_zone(az_mode, current_zones)
    if preferred and growth <= 0:
        raise InvalidParameterCombinationException(
            "NewAvailabilityZones can only be given when nodes are added."
        )
    if removed and growth >= 0:
        raise InvalidParameterCombinationException(
            "CacheNodeIdsToRemove can only be given when nodes are removed."
        )
    if growth < 0 and len(removed) != -growth:
        raise InvalidParameterCombinationException(
            f"Removing {-growth} of {len(cluster.nodes)} nodes needs {-growth} CacheNodeIdsToRemove."
        )
    check_known_nodes(cluster, removed)
    zones = choose_zones(cluster.subnet_group, az_mode, current_zones, max(growth, 0), preferred)
    return Resize(az_mode, zones, removed)


def check_known_nodes(cluster: ClusterModel, node_ids: Iterable[str]) -> None:
    """Raise InvalidParameterValueException if a cluster lacks one of these nodes."""
    unknown = sorted(set(node_ids) - {node.id for node in cluster.nodes})
    if unknown:
        raise InvalidParameterValueException(f"{cluster.id} has no nodes {', '.join(unknown)}.")


def _values(request: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: request[name] for name in names if request.get(name)}
