"""ElastiCache for memcached; the other engines are not emulated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.elasticache.exceptions import (
    CacheClusterAlreadyExists,
    CacheClusterNotFound,
    ElastiCacheException,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
)
from moto.elasticache.models import elasticache_backends
from moto.elasticache.urls import url_bases

from vpcache.lab.aws.changes import Later
from vpcache.lab.aws.ec2.interfaces import ManagedInterface
from vpcache.lab.aws.elasticache.groups import CacheGroupsBackend
from vpcache.lab.aws.elasticache.models import Cluster, Node
from vpcache.lab.aws.elasticache.parameters import NODE_TYPES, VERSIONS
from vpcache.lab.aws.elasticache.placement import (
    check_az_mode,
    check_single_zone,
    check_window,
    one_of,
    place,
)
from vpcache.lab.aws.elasticache.responses import MemcachedResponse
from vpcache.lab.aws.regions import short_form
from vpcache.lab.settings import Settings

REQUESTER = "amazon-elasticache"
_MAX_NODES = 60  # of one memcached cluster: "Quotas" in the ElastiCache user guide


class MemcachedBackend(CacheGroupsBackend):
    """One region's ElastiCache.

    What AWS does in minutes is done when the call returns; the status on the way ("creating", "modifying",
    "deleting") is shown for as long as the settings say, and refuses other changes meanwhile.
    """

    def __init__(
        self, region_name: str, account_id: str, *, settings: Callable[[], Settings], later: Later
    ) -> None:
        super().__init__(region_name, account_id)
        self._settings = settings
        self._later = later

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=url_bases, url_paths={"{0}/$": MemcachedResponse.dispatch})

    # clusters

    def create_cluster(self, wanted: Mapping[str, Any]) -> Cluster:
        """Make a cluster from the parameters of CreateCacheCluster."""
        cluster_id = wanted["CacheClusterId"].lower()
        if wanted.get("Engine", "memcached") != "memcached" or wanted.get("ReplicationGroupId"):
            raise NotImplementedError(f"CreateCacheCluster with engine {wanted.get('Engine')}: use memcached")
        if cluster_id in self.shown_clusters():
            raise CacheClusterAlreadyExists(cluster_id)
        node_type = one_of(NODE_TYPES, "CacheNodeType", wanted.get("CacheNodeType"))
        version = one_of(VERSIONS, "EngineVersion", wanted.get("EngineVersion") or VERSIONS[-1])
        group = self.subnet_group(wanted.get("CacheSubnetGroupName") or "default")
        count = int(wanted.get("NumCacheNodes") or 1)
        if not 1 <= count <= _MAX_NODES:
            raise InvalidParameterValueException(
                f"NumCacheNodes must be from 1 to {_MAX_NODES}, not {count}."
            )
        az_mode = check_az_mode(wanted.get("AZMode") or "single-az", count)
        single = wanted.get("PreferredAvailabilityZone")
        preferred = wanted.get("PreferredAvailabilityZones") or ([single] * count if single else [])
        zones = place(group, az_mode, [], count, preferred)
        parameters = self._parameter_group_for(wanted.get("CacheParameterGroupName"), version)
        if wanted.get("TransitEncryptionEnabled") and version == VERSIONS[0]:
            raise InvalidParameterCombinationException(
                f"Encryption in transit needs engine version {VERSIONS[1]} or newer, not {version}."
            )
        window = check_window(wanted.get("PreferredMaintenanceWindow") or "sun:05:00-sun:06:00")
        upgrade = wanted.get("AutoMinorVersionUpgrade")
        cluster = Cluster(
            id=cluster_id,
            arn=self._arn("cluster", cluster_id),
            node_type=node_type,
            engine_version=version,
            port=int(wanted.get("Port") or 11211),
            az_mode=az_mode,
            label=hashlib.sha256(f"{self.account_id}/{self.region_name}".encode()).hexdigest()[:6],
            suffix=f"{short_form(self.region_name)}.cache.amazonaws.com",
            subnet_group=group,
            security_group_ids=self._checked_groups(group.vpc_id, wanted.get("SecurityGroupIds") or []),
            parameter_group=parameters,
            is_encrypted=bool(wanted.get("TransitEncryptionEnabled")),
            created=utcnow(),
            maintenance_window=window,
            auto_minor_version_upgrade=True if upgrade is None else bool(upgrade),
            notification_topic_arn=wanted.get("NotificationTopicArn"),
        )
        self._add_nodes(cluster, zones)
        self.clusters[cluster_id] = cluster
        self._tag(cluster.arn, wanted.get("Tags") or ())
        self._begin(cluster, "creating")
        return cluster

    def shown_clusters(self) -> dict[str, Cluster]:
        """Return the clusters that descriptions show, those that are being deleted among them."""
        return self.leaving | self.clusters

    def shown_cluster(self, cluster_id: str) -> Cluster:
        """Return a cluster that descriptions show. Raises CacheClusterNotFound."""
        found = self.shown_clusters().get(cluster_id.lower())
        if not found:
            raise CacheClusterNotFound(cluster_id)
        return found

    def _available_cluster(self, cluster_id: str) -> Cluster:
        """Return a cluster that can be changed. Raises CacheClusterNotFound, InvalidCacheClusterState."""
        cluster = self.shown_cluster(cluster_id)
        if not cluster.is_available:
            raise ElastiCacheException(
                "InvalidCacheClusterState",
                f"Cache cluster {cluster.id} is not in a valid state ({cluster.status}): wait until it is "
                "available.",
            )
        return cluster

    def _begin(self, cluster: Cluster, status: str) -> None:
        cluster.transition.begin(status, self._settings().transition_ms)

    def modify_cluster(self, wanted: Mapping[str, Any]) -> Cluster:
        """Change a cluster by the parameters of ModifyCacheCluster."""
        cluster = self._available_cluster(wanted["CacheClusterId"])
        pending = _pending(cluster, wanted)
        if wanted.get("ApplyImmediately"):
            wanted = {**pending, **wanted}
        version = wanted.get("EngineVersion")
        if version:
            _check_upgrade(cluster, one_of(VERSIONS, "EngineVersion", version))
        if wanted.get("CacheNodeType") not in (None, cluster.node_type):
            raise InvalidParameterCombinationException(
                "The CacheNodeType of a memcached cluster cannot be modified: make another cluster."
            )
        window = check_window(wanted.get("PreferredMaintenanceWindow") or cluster.maintenance_window)
        topic_status = wanted.get("NotificationTopicStatus") or cluster.notification_topic_status
        one_of(("active", "inactive"), "NotificationTopicStatus", topic_status)
        groups = self._checked_groups(cluster.subnet_group.vpc_id, wanted.get("SecurityGroupIds") or [])
        parameters = self._parameter_group_for(
            wanted.get("CacheParameterGroupName") or cluster.parameter_group.name,
            version or cluster.engine_version,
        )
        resize = self._resize_of(cluster, wanted)
        if wanted.get("ApplyImmediately"):
            resize()
            if version and version != cluster.engine_version:
                cluster.engine_version = version
                for node in cluster.nodes:
                    node.boot(parameters.values())
            pending = {}
        cluster.pending = pending
        if wanted.get("SecurityGroupIds"):
            cluster.security_group_ids = groups
            for node in cluster.nodes:
                self._ec2.modify_network_interface_attribute(node.interface.id, groups)
        cluster.parameter_group = parameters
        cluster.maintenance_window = window
        cluster.notification_topic_arn = wanted.get("NotificationTopicArn") or cluster.notification_topic_arn
        cluster.notification_topic_status = topic_status
        if wanted.get("AutoMinorVersionUpgrade") is not None:
            cluster.auto_minor_version_upgrade = bool(wanted["AutoMinorVersionUpgrade"])
        self._begin(cluster, "modifying")
        return cluster

    def reboot_cluster(self, cluster_id: str, node_ids: Iterable[str]) -> Cluster:
        """Start nodes anew, empty, with the parameter group's values in force."""
        cluster = self._available_cluster(cluster_id)
        rebooted = set(node_ids)
        if not rebooted:
            raise InvalidParameterValueException("CacheNodeIdsToReboot must name at least one node.")
        _check_known_nodes(cluster, rebooted)
        for node in cluster.nodes:
            if node.id in rebooted:
                node.boot(cluster.parameter_group.values())
        self._begin(cluster, "rebooting cluster nodes")
        return cluster

    def delete_cluster(self, cluster_id: str) -> Cluster:
        """Delete a cluster, which keeps its interfaces, its groups and its name until it is gone."""
        cluster = self._available_cluster(cluster_id)
        cluster.is_leaving = True
        del self.clusters[cluster.id]
        self.leaving = self.leaving | {cluster.id: cluster}  # reads do not wait for changes
        if milliseconds := self._settings().transition_ms:
            self._later(milliseconds / 1000, lambda: self._end(cluster))
        else:
            self._end(cluster)
        return cluster

    def _end(self, cluster: Cluster) -> None:
        for node in cluster.nodes:
            self._ec2.free_managed_interface(node.interface.id)
        self.resource_tags.pop(cluster.arn, None)
        self.leaving = {name: each for name, each in self.leaving.items() if each is not cluster}

    def _resize_of(self, cluster: Cluster, wanted: Mapping[str, Any]) -> Callable[[], None]:
        """Return what brings the cluster to the wanted number of nodes. Raises if that is not to be had."""
        count = int(wanted.get("NumCacheNodes") or len(cluster.nodes))
        preferred = wanted.get("NewAvailabilityZones") or []
        leaving = sorted(wanted.get("CacheNodeIdsToRemove") or [])
        grown = count - len(cluster.nodes)
        present = [node.interface.availability_zone for node in cluster.nodes]
        az_mode = cluster.az_mode  # which is about new nodes
        if wanted.get("AZMode"):
            az_mode = check_az_mode(wanted["AZMode"], count)
            check_single_zone(az_mode, present)
        if preferred and grown <= 0:
            raise InvalidParameterCombinationException(
                "NewAvailabilityZones can only be given when nodes are added."
            )
        if leaving and grown >= 0:
            raise InvalidParameterCombinationException(
                "CacheNodeIdsToRemove can only be given when nodes are removed."
            )
        if grown < 0 and len(leaving) != -grown:
            raise InvalidParameterCombinationException(
                f"Removing {-grown} of {len(cluster.nodes)} nodes needs {-grown} CacheNodeIdsToRemove."
            )
        _check_known_nodes(cluster, leaving)
        zones = place(cluster.subnet_group, az_mode, present, max(grown, 0), preferred)

        def resize() -> None:
            cluster.az_mode = az_mode
            self._add_nodes(cluster, zones)
            for node in [node for node in cluster.nodes if node.id in leaving]:
                self._ec2.free_managed_interface(node.interface.id)
                cluster.nodes.remove(node)
            cluster.membership += 1 if leaving else 0

        return resize

    def _add_nodes(self, cluster: Cluster, zones: Iterable[str]) -> None:
        first = max((int(node.id) for node in cluster.nodes), default=0) + 1
        made: list[Node] = []
        try:
            for number, zone in enumerate(zones, first):
                interface = self._add_interface(cluster, zone)
                made.append(Node(f"{number:04}", interface, utcnow(), cluster.parameter_group.values()))
        except EC2ClientError as error:
            for node in made:
                self._ec2.free_managed_interface(node.interface.id)
            raise ElastiCacheException("InsufficientCacheClusterCapacity", error.message) from error
        cluster.nodes += made
        cluster.membership += 1 if made else 0

    def _add_interface(self, cluster: Cluster, zone: str) -> ManagedInterface:
        subnet = next(each for each in cluster.subnet_group.subnets if each.availability_zone == zone)
        return self._ec2.create_managed_interface(
            subnet,
            "interface",
            f"ElastiCache {cluster.id}",
            requester_id=REQUESTER,
            group_ids=cluster.security_group_ids,
            secondary=1,  # for the configuration endpoint
        )

    def _checked_groups(self, vpc_id: str, group_ids: list[str]) -> list[str]:
        known = self._ec2.groups[vpc_id]
        for group_id in group_ids:
            if group_id not in known:
                raise InvalidParameterValueException(
                    f"Some security group Ids are invalid: {group_id} is not in {vpc_id}."
                )
        return group_ids or [group.id for group in known.values() if group.is_default]


def elasticache_of(account_id: str, region: str) -> MemcachedBackend:
    """Return ElastiCache of one account in one region."""
    backend: MemcachedBackend = elasticache_backends[account_id][region]
    return backend


def _pending(cluster: Cluster, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what waits for the maintenance window once a request came; a wanted number of nodes takes the
    place of an earlier one, and today's number cancels it."""
    sizes = ("NumCacheNodes", "CacheNodeIdsToRemove", "NewAvailabilityZones", "AZMode")
    size = _given(wanted if wanted.get("NumCacheNodes") else cluster.pending, *sizes)
    version = _given(cluster.pending, "EngineVersion") | _given(wanted, "EngineVersion")
    is_resized = int(size.get("NumCacheNodes", len(cluster.nodes))) != len(cluster.nodes)
    is_upgraded = version.get("EngineVersion", cluster.engine_version) != cluster.engine_version
    return (size if is_resized else {}) | (version if is_upgraded else {})


def _given(request: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: request[name] for name in names if request.get(name)}


def _check_upgrade(cluster: Cluster, version: str) -> None:
    if VERSIONS.index(version) < VERSIONS.index(cluster.engine_version):
        raise InvalidParameterCombinationException(
            f"The engine of {cluster.id} cannot be downgraded from {cluster.engine_version} to {version}."
        )


def _check_known_nodes(cluster: Cluster, node_ids: Iterable[str]) -> None:
    unknown = sorted(set(node_ids) - {node.id for node in cluster.nodes})
    if unknown:
        raise InvalidParameterValueException(f"{cluster.id} has no nodes {', '.join(unknown)}.")
