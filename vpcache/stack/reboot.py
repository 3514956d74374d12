"""Rolling reboots of cache nodes, so that changed parameters take effect.

memcached reads its parameters at start: ElastiCache shows nodes with outdated parameters as `pending-reboot`
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Modifying.html). A reboot empties the
node (https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_RebootCacheCluster.html). The
other nodes stay available.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.target import Target

_FIRST_PAUSES = (0.5, 1.0, 2.0)  # seconds between two checks: a node of a lab is back within one
_PAUSE = 5.0  # the pauses after these
_MAX_SECONDS = 15 * 60.0  # timeout of one reboot


@dataclass(frozen=True)
class ClusterState:
    """A cluster's status and parameter group, the status of each node, and the nodes that need a reboot."""

    status: str
    parameter_group: str
    nodes: Mapping[str, str]
    pending: tuple[str, ...]

    def is_back(self, node: str) -> bool:
        """Return whether the reboot of `node` is complete: it is available, with the group's parameters."""
        return self.status == self.nodes.get(node) == "available" and node not in self.pending


def cluster_id(outputs: Mapping[str, Any]) -> str:
    """Return the ID of a stack's cache cluster, which is the first label of its configuration endpoint.

    Raises VpcacheError if the cache is serverless.
    """
    endpoint = str(outputs["configuration_endpoint"])
    if _is_serverless(endpoint):
        raise VpcacheError(f"the cache at {endpoint} is serverless: it has no nodes to reboot or to fail")
    return endpoint.split(".", 1)[0]


def pending_nodes(target: Target, outputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the IDs of a stack's cache nodes that are `pending-reboot`, none of a serverless cache."""
    if _is_serverless(str(outputs["configuration_endpoint"])):
        return ()
    return cluster_state(target, cluster_id(outputs)).pending


def _is_serverless(endpoint: str) -> bool:
    return ".serverless." in endpoint


def cluster_state(target: Target, cluster: str) -> ClusterState:
    """Return the state of a cluster, as described by ElastiCache."""
    (description,) = target.client("elasticache").describe_cache_clusters(
        CacheClusterId=cluster, ShowCacheNodeInfo=True
    )["CacheClusters"]
    nodes = {node["CacheNodeId"]: node for node in description["CacheNodes"]}
    to_reboot = description["CacheParameterGroup"].get("CacheNodeIdsToReboot", [])
    return ClusterState(
        status=description["CacheClusterStatus"],
        parameter_group=description["CacheParameterGroup"]["CacheParameterGroupName"],
        nodes={id: node["CacheNodeStatus"] for id, node in nodes.items()},
        pending=tuple(
            id
            for id, node in sorted(nodes.items())
            if id in to_reboot or node.get("ParameterGroupStatus") == "pending-reboot"
        ),
    )


def reboot_pending_nodes(target: Target, cluster: str, on_progress: Callable[[str], None]) -> list[str]:
    """Reboot the `pending-reboot` nodes of a cluster one after another, and return their IDs.

    Each reboot starts after the previous one is complete. `on_progress` receives one line for each change of
    state and each minute. Raises VpcacheError if the cluster is not available, or if a reboot takes more than
    15 minutes.
    """
    state = cluster_state(target, cluster)
    if state.status != "available":
        raise VpcacheError(
            f"cache cluster {cluster} is '{state.status}': wait until it is 'available', then run it again"
        )
    for node in state.pending:
        _reboot(target, cluster, node, on_progress)
    return list(state.pending)


def _reboot(target: Target, cluster: str, node: str, on_progress: Callable[[str], None]) -> None:
    started, reported = time.monotonic(), ("", 0)
    on_progress(f"node {node}: rebooting")
    target.client("elasticache").reboot_cache_cluster(CacheClusterId=cluster, CacheNodeIdsToReboot=[node])
    for pause in chain(_FIRST_PAUSES, repeat(_PAUSE)):
        state = cluster_state(target, cluster)
        seconds = time.monotonic() - started
        if state.is_back(node):
            on_progress(f"node {node}: available and in-sync after {seconds:.0f} s")
            return
        if seconds > _MAX_SECONDS:
            raise VpcacheError(
                f"node {node} of {cluster} is '{state.nodes.get(node)}' after {_MAX_SECONDS / 60:.0f} "
                "minutes: check the cluster's events, then run it again for the remaining nodes"
            )
        if (current := (state.status, int(seconds // 60))) != reported:
            on_progress(f"node {node}: cluster {state.status}, {seconds:.0f} s")
            reported = current
        time.sleep(pause)
