"""ElastiCache for memcached; the other engines are not emulated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
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

from vpcache.lab.aws.changes import ScheduleChange
from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.ec2.interfaces import ManagedInterface
from vpcache.lab.aws.elasticache.checks import check_cluster_id, check_engine
from vpcache.lab.aws.elasticache.models import ClusterModel, NodeModel
from vpcache.lab.aws.elasticache.modifications import (
    Modification,
    Resize,
    check_known_nodes,
    check_node_type,
    parse_engine_version,
    parse_resize,
    parse_topic_status,
    pending_changes,
)
from vpcache.lab.aws.elasticache.parameters import NODE_TYPES, VERSIONS
from vpcache.lab.aws.elasticache.placement import check_window, initial_zones, require_choice
from vpcache.lab.aws.elasticache.serverless_backend import ServerlessCachesBackend
from vpcache.lab.settings import LabSettings


class MemcachedBackend(ServerlessCachesBackend):
    """ElastiCache of one region.

    Operations that take minutes on AWS are complete when the call returns. The transitional status
    ("creating", "modifying", "deleting") is still shown, for the time in the settings, and blocks other
    changes.
    """

    def __init__(
        self,
        region_name: str,
        account_id: str,
        *,
        urls: UrlModule,
        settings: Callable[[], LabSettings],
        schedule: ScheduleChange,
    ) -> None:
        self._urls = urls
        super().__init__(region_name, account_id)
        self._settings = settings
        self._schedule = schedule

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    def visible_clusters(self) -> dict[str, ClusterModel]:
        """Return the clusters that descriptions show, which include those that are being deleted."""
        return self.deleting | self.clusters

    def visible_cluster(self, cluster_id: str) -> ClusterModel:
        """Return a cluster that descriptions show. Raises CacheClusterNotFound."""
        cluster = self.visible_clusters().get(cluster_id.lower())
        if not cluster:
            raise CacheClusterNotFound(cluster_id)
        return cluster

    def _available_cluster(self, cluster_id: str) -> ClusterModel:
        """Return a cluster that can be changed. Raises CacheClusterNotFound, InvalidCacheClusterState."""
        cluster = self.visible_cluster(cluster_id)
        if not cluster.is_available:
            raise ElastiCacheException(
                "InvalidCacheClusterState",
                f"Cache cluster {cluster.id} is not in a valid state ({cluster.status}): wait until it is "
                "available.",
            )
        return cluster

    def _show_status(self, cluster: ClusterModel, status: str) -> None:
        cluster.transition.begin(status, self._settings().transition_ms)

    # creation

    def create_cluster(self, request: Mapping[str, Any]) -> ClusterModel:
        """Create a cluster from the parameters of CreateCacheCluster."""
        cluster, zones = self._parse_new_cluster(request)
        self._add_nodes(cluster, zones)
        self.clusters[cluster.id] = cluster
        self._tag(cluster.arn, request.get("Tags") or ())
        self._show_status(cluster, "creating")
        return cluster

    def _parse_new_cluster(self, request: Mapping[str, Any]) -> tuple[ClusterModel, list[str]]:
        """Return a new cluster without nodes, and the zone of each node. Raises ElastiCache's errors."""
        cluster_id = request["CacheClusterId"].lower()
        check_cluster_id(cluster_id)
        if request.get("Engine", "memcached") != "memcached" or request.get("ReplicationGroupId"):
            raise NotImplementedError("Only memcached is supported, which has no replication groups.")
        check_engine(request)
        if cluster_id in self.visible_clusters():
            raise CacheClusterAlreadyExists(cluster_id)
        node_type = require_choice(NODE_TYPES, "CacheNodeType", request.get("CacheNodeType"))
        version = require_choice(VERSIONS, "EngineVersion", request.get("EngineVersion") or VERSIONS[-1])
        group = self.subnet_group(request.get("CacheSubnetGroupName") or "default")
        az_mode, zones = initial_zones(group, request)
        parameters = self._parameter_group_for(request.get("CacheParameterGroupName"), version)
        is_encrypted = bool(request.get("TransitEncryptionEnabled"))
        if is_encrypted and version == VERSIONS[0]:
            raise InvalidParameterCombinationException(
                f"Encryption in transit needs engine version {VERSIONS[1]} or newer, not {version}."
            )
        window = check_window(request.get("PreferredMaintenanceWindow") or "sun:05:00-sun:06:00")
        cluster = ClusterModel(
            id=cluster_id,
            arn=self._arn("cluster", cluster_id),
            node_type=node_type,
            engine_version=version,
            port=int(request.get("Port") or 11211),
            az_mode=az_mode,
            label=self._label,
            suffix=self._suffix,
            subnet_group=group,
            security_group_ids=self._checked_groups(group.vpc_id, request.get("SecurityGroupIds") or []),
            parameter_group=parameters,
            is_encrypted=is_encrypted,
            created=utcnow(),
            maintenance_window=window,
            auto_minor_version_upgrade=_flag(request, "AutoMinorVersionUpgrade", default=True),
            notification_topic_arn=request.get("NotificationTopicArn"),
        )
        return cluster, zones

    # changes

    def modify_cluster(self, request: Mapping[str, Any]) -> ClusterModel:
        """Modify a cluster by the parameters of ModifyCacheCluster."""
        cluster = self._available_cluster(request["CacheClusterId"])
        check_engine(request)
        pending = pending_changes(cluster, request)
        is_immediate = bool(request.get("ApplyImmediately"))
        if is_immediate:
            request = {**pending, **request}
        modification = self._parse_modification(cluster, request)
        if is_immediate:
            self._resize(cluster, modification.resize)
            _upgrade(cluster, modification)
        cluster.pending = {} if is_immediate else pending
        self._apply(cluster, modification)
        self._show_status(cluster, "modifying")
        return cluster

    def _parse_modification(self, cluster: ClusterModel, request: Mapping[str, Any]) -> Modification:
        """Return the modification of a cluster by a request. Raises ElastiCache's errors if it is invalid."""
        version = parse_engine_version(cluster, request)
        check_node_type(cluster, request)
        window = check_window(request.get("PreferredMaintenanceWindow") or cluster.maintenance_window)
        topic_status = parse_topic_status(cluster, request)
        group_ids = request.get("SecurityGroupIds")
        return Modification(
            engine_version=version,
            maintenance_window=window,
            topic_arn=request.get("NotificationTopicArn") or cluster.notification_topic_arn,
            topic_status=topic_status,
            security_group_ids=(
                self._checked_groups(cluster.subnet_group.vpc_id, group_ids) if group_ids else None
            ),
            parameter_group=self._parameter_group_for(
                request.get("CacheParameterGroupName") or cluster.parameter_group.name, version
            ),
            auto_minor_version_upgrade=_flag(
                request, "AutoMinorVersionUpgrade", default=cluster.auto_minor_version_upgrade
            ),
            resize=parse_resize(cluster, request),
        )

    def _apply(self, cluster: ClusterModel, modification: Modification) -> None:
        """Apply the changes that do not wait for the maintenance window."""
        if modification.security_group_ids is not None:
            cluster.security_group_ids = modification.security_group_ids
            for node in cluster.nodes:
                self._ec2.modify_network_interface_attribute(node.interface.id, cluster.security_group_ids)
        cluster.parameter_group = modification.parameter_group
        cluster.maintenance_window = modification.maintenance_window
        cluster.notification_topic_arn = modification.topic_arn
        cluster.notification_topic_status = modification.topic_status
        cluster.auto_minor_version_upgrade = modification.auto_minor_version_upgrade

    def reboot_cluster(self, cluster_id: str, node_ids: Iterable[str]) -> ClusterModel:
        """Restart nodes, which loses their items and applies the parameter group's values."""
        cluster = self._available_cluster(cluster_id)
        rebooted = set(node_ids)
        if not rebooted:
            raise InvalidParameterValueException("CacheNodeIdsToReboot must name at least one node.")
        check_known_nodes(cluster, rebooted)
        for node in cluster.nodes:
            if node.id in rebooted:
                node.boot(cluster.parameter_group.values())
        self._show_status(cluster, "rebooting cluster nodes")
        return cluster

    # deletion

    def delete_cluster(self, cluster_id: str) -> ClusterModel:
        """Delete a cluster. It occupies its interfaces, groups and name until the deletion is complete."""
        cluster = self._available_cluster(cluster_id)
        cluster.is_deleting = True
        del self.clusters[cluster.id]
        self.deleting = self.deleting | {cluster.id: cluster}  # a new dict: reads hold no lock
        if milliseconds := self._settings().transition_ms:
            self._schedule(milliseconds / 1000, partial(self._finish_deletion, cluster))
        else:
            self._finish_deletion(cluster)
        return cluster

    def _finish_deletion(self, cluster: ClusterModel) -> None:
        for node in cluster.nodes:
            self._ec2.delete_managed_interface(node.interface.id)
        self.resource_tags.pop(cluster.arn, None)
        self.deleting = {name: each for name, each in self.deleting.items() if each is not cluster}

    # nodes

    def _resize(self, cluster: ClusterModel, resize: Resize) -> None:
        cluster.az_mode = resize.az_mode
        self._add_nodes(cluster, resize.new_zones)
        for node in [node for node in cluster.nodes if node.id in resize.removed_node_ids]:
            self._ec2.delete_managed_interface(node.interface.id)
            cluster.nodes.remove(node)
        cluster.membership += 1 if resize.removed_node_ids else 0

    def _add_nodes(self, cluster: ClusterModel, zones: Iterable[str]) -> None:
        first_number = max((int(node.id) for node in cluster.nodes), default=0) + 1
        nodes: list[NodeModel] = []
        try:
            for number, zone in enumerate(zones, first_number):
                interface = self._create_node_interface(cluster, zone)
                nodes.append(NodeModel(f"{number:04}", interface, utcnow(), cluster.parameter_group.values()))
        except EC2ClientError as error:
            for node in nodes:
                self._ec2.delete_managed_interface(node.interface.id)
            raise ElastiCacheException("InsufficientCacheClusterCapacity", error.message) from error
        cluster.nodes += nodes
        cluster.membership += 1 if nodes else 0

    def _create_node_interface(self, cluster: ClusterModel, zone: str) -> ManagedInterface:
        subnet = next(each for each in cluster.subnet_group.subnets if each.availability_zone == zone)
        return self._ec2.create_managed_interface(
            subnet,
            "interface",
            f"ElastiCache {cluster.id}",
            requester_id=self.REQUESTER,
            group_ids=cluster.security_group_ids,
            secondary=1,  # for the configuration endpoint
        )


def elasticache_of(account_id: str, region: str) -> MemcachedBackend:
    """Return ElastiCache of one account in one region."""
    backend: MemcachedBackend = elasticache_backends[account_id][region]
    return backend


def _flag(request: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Return a boolean parameter of a request."""
    value = request.get(name)
    return default if value is None else bool(value)


def _upgrade(cluster: ClusterModel, modification: Modification) -> None:
    """Restart all nodes with another engine version, if it changes."""
    if modification.engine_version != cluster.engine_version:
        cluster.engine_version = modification.engine_version
        for node in cluster.nodes:
            node.boot(modification.parameter_group.values())
