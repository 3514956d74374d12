"""Rebooting cache nodes one by one, so that changed parameters take effect.

memcached reads its parameters at start: ElastiCache shows nodes with other ones as `pending-reboot`
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Modifying.html). A reboot empties the
node (https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_RebootCacheCluster.html); the
others serve meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.target import Target

_POLL_SECONDS = 5.0
_MAX_SECONDS = 15 * 60.0  # that one node may take


@dataclass(frozen=True)
class ClusterState:
    """A cluster's status, its parameter group, and each node's status and whether it has to be rebooted."""

    status: str
    parameter_group: str
    nodes: Mapping[str, str]
    pending: tuple[str, ...]

    def is_back(self, node: str) -> bool:
        """Return whether a reboot of `node` is complete: it serves, with the group's parameters."""
        return self.status == self.nodes.get(node) == "available" and node not in self.pending


def cluster_id(outputs: Mapping[str, Any]) -> str:
    """Return the id of a stack's cache cluster: its configuration endpoint's name begins with it."""
    return str(outputs["configuration_endpoint"]).split(".", 1)[0]


def cluster_state(target: Target, cluster: str) -> ClusterState:
    """Return how ElastiCache describes a cluster."""
    (shown,) = target.client("elasticache").describe_cache_clusters(
        CacheClusterId=cluster, ShowCacheNodeInfo=True
    )["CacheClusters"]
    nodes = {node["CacheNodeId"]: node for node in shown["CacheNodes"]}
    listed = shown["CacheParameterGroup"].get("CacheNodeIdsToReboot", [])
    return ClusterState(
        status=shown["CacheClusterStatus"],
        parameter_group=shown["CacheParameterGroup"]["CacheParameterGroupName"],
        nodes={id: node["CacheNodeStatus"] for id, node in nodes.items()},
        pending=tuple(
            id
            for id, node in sorted(nodes.items())
            if id in listed or node.get("ParameterGroupStatus") == "pending-reboot"
        ),
    )


def reboot_pending_nodes(
    target: Target, cluster: str, on_progress: Callable[[str], None], *, poll_seconds: float = _POLL_SECONDS
) -> list[str]:
    """Reboot a cluster's nodes that are `pending-reboot`, each when the one before is back; return their ids.

    `on_progress` gets a line for each change of state and each minute. Raises VpcacheError if the cluster
    is not available, or a node not within 15 minutes.
    """
    state = cluster_state(target, cluster)
    if state.status != "available":
        raise VpcacheError(
            f"cache cluster {cluster} is '{state.status}': wait until it is 'available' and run it again"
        )
    for node in state.pending:
        _reboot(target, cluster, node, on_progress, poll_seconds)
    return list(state.pending)


def _reboot(
    target: Target, cluster: str, node: str, on_progress: Callable[[str], None], poll_seconds: float
) -> None:
    started, shown = time.monotonic(), ("", 0)
    on_progress(f"node {node}: rebooting")
    target.client("elasticache").reboot_cache_cluster(CacheClusterId=cluster, CacheNodeIdsToReboot=[node])
    while True:
        state = cluster_state(target, cluster)
        seconds = time.monotonic() - started
        if state.is_back(node):
            on_progress(f"node {node}: available and in-sync after {seconds:.0f} s")
            return
        if seconds > _MAX_SECONDS:
            raise VpcacheError(
                f"node {node} of {cluster} is '{state.nodes.get(node)}' after {_MAX_SECONDS / 60:.0f} "
                "minutes: see the cluster's events, and run it again for the nodes that are left"
            )
        if (now := (state.status, int(seconds // 60))) != shown:
            on_progress(f"node {node}: cluster {state.status}, {seconds:.0f} s")
            shown = now
        time.sleep(poll_seconds)
