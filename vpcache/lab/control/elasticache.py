"""ElastiCache for memcached; the other engines are not emulated."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.elasticache.exceptions import (
    CacheClusterAlreadyExists,
    CacheClusterNotFound,
    CacheSubnetGroupAlreadyExists,
    CacheSubnetGroupNotFound,
    ElastiCacheException,
    InvalidARNFault,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    InvalidSubnet,
)
from moto.elasticache.models import ElastiCacheBackend, elasticache_backends
from moto.elasticache.responses import ElastiCacheResponse
from moto.elasticache.urls import url_bases

from vpcache.lab.control.cache_parameters import FAMILIES, NODE_TYPES, VERSIONS
from vpcache.lab.control.caches import Cluster, Node, ParameterGroup, SubnetGroup
from vpcache.lab.control.ec2 import Ec2Backend, ManagedInterface, backend_of

REQUESTER = "amazon-elasticache"
_MOST_NODES = 60  # of one memcached cluster: "Quotas" in the ElastiCache user guide
_Tags = Sequence[Mapping[str, str]]


class MemcachedBackend(ElastiCacheBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """One region's ElastiCache.

    What AWS does in minutes is done when the call returns: the answer to a change shows the status on the way
    ("creating", "modifying", "deleting"), the next description the result.
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clusters: dict[str, Cluster] = {}
        self.subnet_groups: dict[str, SubnetGroup] = {}
        self.parameter_groups: dict[str, ParameterGroup] = {}
        self.resource_tags: dict[str, dict[str, str]] = {}
        for family in FAMILIES:
            self._add_parameter_group(
                f"default.{family}", family, f"Default parameter group for {family}", ()
            )

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=url_bases, url_paths={"{0}/$": MemcachedResponse.dispatch})

    @property
    def _ec2(self) -> Ec2Backend:
        return backend_of(self.account_id, self.region_name)

    # clusters

    def create_cluster(self, wanted: Mapping[str, Any]) -> Cluster:
        """Make a cluster from the parameters of CreateCacheCluster."""
        cluster_id = wanted["CacheClusterId"].lower()
        if wanted.get("Engine", "memcached") != "memcached" or wanted.get("ReplicationGroupId"):
            raise NotImplementedError(f"CreateCacheCluster with engine {wanted.get('Engine')}: use memcached")
        if cluster_id in self.clusters:
            raise CacheClusterAlreadyExists(cluster_id)
        node_type = _one_of(NODE_TYPES, "CacheNodeType", wanted.get("CacheNodeType"))
        version = _one_of(VERSIONS, "EngineVersion", wanted.get("EngineVersion") or VERSIONS[-1])
        group = self.subnet_group(wanted.get("CacheSubnetGroupName") or "default")
        count = int(wanted.get("NumCacheNodes") or 1)
        if not 1 <= count <= _MOST_NODES:
            raise InvalidParameterValueException(
                f"NumCacheNodes must be from 1 to {_MOST_NODES}, not {count}."
            )
        az_mode = _check_az_mode(wanted.get("AZMode") or "single-az", count)
        single = wanted.get("PreferredAvailabilityZone")
        preferred = wanted.get("PreferredAvailabilityZones") or ([single] * count if single else [])
        zones = _place(group, az_mode, [], count, preferred)
        parameters = self._parameter_group_for(wanted.get("CacheParameterGroupName"), version)
        if wanted.get("TransitEncryptionEnabled") and version == VERSIONS[0]:
            raise InvalidParameterCombinationException(
                f"Encryption in transit needs engine version {VERSIONS[1]} or newer, not {version}."
            )
        window = wanted.get("PreferredMaintenanceWindow") or "sun:05:00-sun:06:00"
        upgrade = wanted.get("AutoMinorVersionUpgrade")
        cluster = Cluster(
            id=cluster_id,
            arn=self._arn("cluster", cluster_id),
            node_type=node_type,
            engine_version=version,
            port=int(wanted.get("Port") or 11211),
            az_mode=az_mode,
            label=hashlib.sha256(f"{self.account_id}/{self.region_name}".encode()).hexdigest()[:6],
            suffix=f"{_short(self.region_name)}.cache.amazonaws.com",
            subnet_group=group,
            security_group_ids=self._checked_groups(group.vpc_id, wanted.get("SecurityGroupIds") or []),
            parameter_group=parameters,
            running=parameters.values(),
            is_encrypted=bool(wanted.get("TransitEncryptionEnabled")),
            created=utcnow(),
            maintenance_window=window,
            auto_minor_version_upgrade=True if upgrade is None else bool(upgrade),
            notification_topic_arn=wanted.get("NotificationTopicArn"),
        )
        self._add_nodes(cluster, zones)
        self.clusters[cluster_id] = cluster
        self._tag(cluster.arn, wanted.get("Tags") or ())
        return cluster

    def cluster(self, cluster_id: str) -> Cluster:
        """Return a cluster. Raises CacheClusterNotFound."""
        if cluster_id.lower() not in self.clusters:
            raise CacheClusterNotFound(cluster_id)
        return self.clusters[cluster_id.lower()]

    def modify_cluster(self, wanted: Mapping[str, Any]) -> Cluster:
        """Change a cluster by the parameters of ModifyCacheCluster."""
        cluster = self.cluster(wanted["CacheClusterId"])
        version = wanted.get("EngineVersion")
        if version:
            _one_of(VERSIONS, "EngineVersion", version)
        groups = self._checked_groups(cluster.subnet_group.vpc_id, wanted.get("SecurityGroupIds") or [])
        parameters = self._parameter_group_for(
            wanted.get("CacheParameterGroupName") or cluster.parameter_group.name,
            version or cluster.engine_version,
        )
        resize = self._resize_of(cluster, wanted)
        if wanted.get("ApplyImmediately"):
            resize()
            cluster.engine_version = version or cluster.engine_version
            cluster.pending = {}
        else:
            cluster.pending |= {
                name: wanted[name]
                for name in ("NumCacheNodes", "CacheNodeIdsToRemove", "EngineVersion")
                if wanted.get(name)
            }
        if wanted.get("SecurityGroupIds"):
            cluster.security_group_ids = groups
            for node in cluster.nodes:
                self._ec2.modify_network_interface_attribute(node.interface.id, groups)
        cluster.parameter_group = parameters
        cluster.maintenance_window = wanted.get("PreferredMaintenanceWindow") or cluster.maintenance_window
        cluster.notification_topic_arn = wanted.get("NotificationTopicArn") or cluster.notification_topic_arn
        if wanted.get("AutoMinorVersionUpgrade") is not None:
            cluster.auto_minor_version_upgrade = bool(wanted["AutoMinorVersionUpgrade"])
        return cluster

    def reboot_cluster(self, cluster_id: str, node_ids: Iterable[str]) -> Cluster:
        """Put the parameter group's values in force."""
        cluster = self.cluster(cluster_id)
        _check_known_nodes(cluster, node_ids)
        cluster.running = cluster.parameter_group.values()
        return cluster

    def delete_cluster(self, cluster_id: str) -> Cluster:
        """Delete a cluster and free its interfaces."""
        cluster = self.cluster(cluster_id)
        for node in cluster.nodes:
            self._ec2.free_managed_interface(node.interface.id)
        del self.clusters[cluster.id]
        self.resource_tags.pop(cluster.arn, None)
        return cluster

    def _resize_of(self, cluster: Cluster, wanted: Mapping[str, Any]) -> Callable[[], None]:
        """Return what brings the cluster to the wanted number of nodes. Raises if that is not to be had."""
        count = int(wanted.get("NumCacheNodes") or len(cluster.nodes))
        preferred = wanted.get("NewAvailabilityZones") or []
        leaving = sorted(wanted.get("CacheNodeIdsToRemove") or [])
        grown = count - len(cluster.nodes)
        az_mode = _check_az_mode(wanted.get("AZMode") or cluster.az_mode, count)
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
        present = [node.interface.availability_zone for node in cluster.nodes]
        zones = _place(cluster.subnet_group, az_mode, present, max(grown, 0), preferred)

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
                made.append(Node(f"{number:04}", self._add_interface(cluster, zone), utcnow()))
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

    # subnet groups

    def create_subnet_group(
        self, name: str, description: str, subnet_ids: list[str], tags: _Tags
    ) -> SubnetGroup:
        """Make a subnet group out of subnets of one VPC."""
        name = name.lower()
        if name in self.subnet_groups:
            raise CacheSubnetGroupAlreadyExists(name)
        subnets = self._checked_subnets(subnet_ids)
        group = SubnetGroup(name, self._arn("subnetgroup", name), description, subnets[0].vpc_id, subnets)
        self.subnet_groups[name] = group
        self._tag(group.arn, tags)
        return group

    def subnet_group(self, name: str) -> SubnetGroup:
        """Return a subnet group. Raises CacheSubnetGroupNotFound."""
        if name.lower() not in self.subnet_groups:
            raise CacheSubnetGroupNotFound(name)
        return self.subnet_groups[name.lower()]

    def modify_subnet_group(
        self, name: str, description: str | None, subnet_ids: list[str] | None
    ) -> SubnetGroup:
        """Change a subnet group; a subnet with nodes in it must stay."""
        group = self.subnet_group(name)
        subnets = self._checked_subnets(subnet_ids) if subnet_ids else group.subnets
        if subnets[0].vpc_id != group.vpc_id:
            raise InvalidSubnet(subnets[0].id)
        kept = {subnet.id for subnet in subnets}
        for cluster in self._users(lambda each: each.subnet_group is group):
            for node in cluster.nodes:
                if node.interface.subnet_id not in kept:
                    raise ElastiCacheException(
                        "SubnetInUse",
                        f"The subnet {node.interface.subnet_id} is in use by node {node.id} of {cluster.id}.",
                    )
        group.subnets = subnets
        group.description = group.description if description is None else description
        return group

    def delete_subnet_group(self, name: str) -> None:
        """Delete a subnet group that no cluster uses."""
        group = self.subnet_group(name)
        for cluster in self._users(lambda each: each.subnet_group is group):
            raise ElastiCacheException(
                "CacheSubnetGroupInUse",
                f"Cache subnet group {group.name} is currently in use by cache cluster {cluster.id}.",
            )
        del self.subnet_groups[group.name]
        self.resource_tags.pop(group.arn, None)

    def _checked_subnets(self, subnet_ids: list[str]) -> list[Any]:
        if not subnet_ids:
            raise InvalidParameterValueException("SubnetIds must name at least one subnet.")
        known = {subnet.id: subnet for subnet in self._ec2.describe_subnets()}
        for subnet_id in subnet_ids:
            if subnet_id not in known or known[subnet_id].vpc_id != known[subnet_ids[0]].vpc_id:
                raise InvalidSubnet(subnet_id)
        return [known[subnet_id] for subnet_id in sorted(set(subnet_ids))]

    # parameter groups

    def create_parameter_group(self, name: str, family: str, description: str, tags: _Tags) -> ParameterGroup:
        """Make a parameter group with the defaults of its family."""
        name = name.lower()
        if name in self.parameter_groups:
            raise ElastiCacheException(
                "CacheParameterGroupAlreadyExists", f"CacheParameterGroup {name} already exists."
            )
        return self._add_parameter_group(
            name, _one_of(FAMILIES, "CacheParameterGroupFamily", family), description, tags
        )

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return a parameter group. Raises CacheParameterGroupNotFound."""
        if name.lower() not in self.parameter_groups:
            raise ElastiCacheException(
                "CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found."
            )
        return self.parameter_groups[name.lower()]

    def modify_parameter_group(self, name: str, wanted: Iterable[Mapping[str, str]]) -> ParameterGroup:
        """Set parameters; running clusters get them when they are rebooted."""
        group = self._own_parameter_group(name)
        known = FAMILIES[group.family]
        values = {each["ParameterName"]: each["ParameterValue"] for each in wanted}
        for parameter_name, value in values.items():
            if parameter_name not in known or not known[parameter_name].modifiable:
                raise InvalidParameterValueException(
                    f"The parameter {parameter_name} of {group.family} does not exist or cannot be modified."
                )
            if not known[parameter_name].allows(value):
                raise InvalidParameterValueException(
                    f"The parameter {parameter_name} cannot be {value}: "
                    f"allowed is {known[parameter_name].allowed}."
                )
        group.changed |= values
        return group

    def reset_parameter_group(self, name: str, names: Iterable[str] | None) -> ParameterGroup:
        """Set parameters back to the family's defaults: those named, or all if None."""
        group = self._own_parameter_group(name)
        for parameter_name in list(group.changed) if names is None else names:
            group.changed.pop(parameter_name, None)
        return group

    def delete_parameter_group(self, name: str) -> None:
        """Delete a parameter group that no cluster uses."""
        group = self._own_parameter_group(name)
        for cluster in self._users(lambda each: each.parameter_group is group):
            raise ElastiCacheException(
                "InvalidCacheParameterGroupState",
                f"CacheParameterGroup {group.name} is in use by cache cluster {cluster.id}.",
            )
        del self.parameter_groups[group.name]
        self.resource_tags.pop(group.arn, None)

    def _add_parameter_group(self, name: str, family: str, description: str, tags: _Tags) -> ParameterGroup:
        group = ParameterGroup(name, self._arn("parametergroup", name), family, description)
        self.parameter_groups[name] = group
        self._tag(group.arn, tags)
        return group

    def _own_parameter_group(self, name: str) -> ParameterGroup:
        group = self.parameter_group(name)
        if group.is_default:
            raise ElastiCacheException(
                "InvalidCacheParameterGroupState", f"{name} is a default group and cannot be changed."
            )
        return group

    def _parameter_group_for(self, name: str | None, version: str) -> ParameterGroup:
        family = f"memcached{version.rsplit('.', 1)[0]}"
        group = self.parameter_group(name or f"default.{family}")
        if group.family != family:
            raise InvalidParameterCombinationException(
                f"Expected a parameter group of family {family} but {group.name} is of {group.family}."
            )
        return group

    # tags

    def tags_of(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of a resource. Raises InvalidARNFault for an unknown one."""
        if arn not in self.resource_tags:
            raise InvalidARNFault(arn)
        return [{"Key": key, "Value": value} for key, value in sorted(self.resource_tags[arn].items())]

    def add_tags(self, arn: str, tags: _Tags) -> None:
        """Add tags to a resource."""
        self.tags_of(arn)
        self._tag(arn, tags)

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags from a resource."""
        self.tags_of(arn)
        for key in keys:
            self.resource_tags[arn].pop(key, None)

    def _tag(self, arn: str, tags: _Tags) -> None:
        known = self.resource_tags.setdefault(arn, {})
        known |= {each["Key"]: each.get("Value", "") for each in tags}

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:elasticache:{self.region_name}:{self.account_id}:{kind}:{name}"

    def _users(self, uses: Callable[[Cluster], bool]) -> list[Cluster]:
        return [cluster for cluster in self.clusters.values() if uses(cluster)]


class MemcachedResponse(ElastiCacheResponse):  # type: ignore[misc]
    """The ElastiCache API for memcached."""

    @property
    def _memcached(self) -> MemcachedBackend:
        return elasticache_of(self.current_account, self.region)

    def create_cache_cluster(self) -> ActionResult:
        """Answer CreateCacheCluster."""
        return _shown("CacheCluster", self._memcached.create_cluster(self._get_params()).describe("creating"))

    def describe_cache_clusters(self) -> ActionResult:
        """Answer DescribeCacheClusters."""
        wanted = self._get_param("CacheClusterId")
        clusters = [self._memcached.cluster(wanted)] if wanted else _sorted(self._memcached.clusters)
        with_nodes = bool(self._get_param("ShowCacheNodeInfo"))
        return self._page(
            "CacheClusters", "CacheClusterId", [each.describe(with_nodes=with_nodes) for each in clusters]
        )

    def modify_cache_cluster(self) -> ActionResult:
        """Answer ModifyCacheCluster."""
        return _shown(
            "CacheCluster", self._memcached.modify_cluster(self._get_params()).describe("modifying")
        )

    def reboot_cache_cluster(self) -> ActionResult:
        """Answer RebootCacheCluster."""
        cluster = self._memcached.reboot_cluster(
            self._get_param("CacheClusterId"), self._get_param("CacheNodeIdsToReboot", [])
        )
        return _shown("CacheCluster", cluster.describe("rebooting cluster nodes"))

    def delete_cache_cluster(self) -> ActionResult:
        """Answer DeleteCacheCluster."""
        cluster = self._memcached.delete_cluster(self._get_param("CacheClusterId"))
        return _shown("CacheCluster", cluster.describe("deleting"))

    def create_cache_subnet_group(self) -> ActionResult:
        """Answer CreateCacheSubnetGroup."""
        group = self._memcached.create_subnet_group(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds", []),
            self._get_param("Tags", []),
        )
        return _shown("CacheSubnetGroup", group.describe())

    def describe_cache_subnet_groups(self) -> ActionResult:
        """Answer DescribeCacheSubnetGroups."""
        wanted = self._get_param("CacheSubnetGroupName")
        groups = [self._memcached.subnet_group(wanted)] if wanted else _sorted(self._memcached.subnet_groups)
        return self._page("CacheSubnetGroups", "CacheSubnetGroupName", [each.describe() for each in groups])

    def modify_cache_subnet_group(self) -> ActionResult:
        """Answer ModifyCacheSubnetGroup."""
        group = self._memcached.modify_subnet_group(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds"),
        )
        return _shown("CacheSubnetGroup", group.describe())

    def delete_cache_subnet_group(self) -> ActionResult:
        """Answer DeleteCacheSubnetGroup."""
        self._memcached.delete_subnet_group(self._get_param("CacheSubnetGroupName"))
        return EmptyResult()

    def create_cache_parameter_group(self) -> ActionResult:
        """Answer CreateCacheParameterGroup."""
        group = self._memcached.create_parameter_group(
            self._get_param("CacheParameterGroupName"),
            self._get_param("CacheParameterGroupFamily"),
            self._get_param("Description"),
            self._get_param("Tags", []),
        )
        return _shown("CacheParameterGroup", group.describe())

    def describe_cache_parameter_groups(self) -> ActionResult:
        """Answer DescribeCacheParameterGroups."""
        wanted = self._get_param("CacheParameterGroupName")
        known = self._memcached.parameter_groups
        groups = [self._memcached.parameter_group(wanted)] if wanted else _sorted(known)
        return self._page(
            "CacheParameterGroups", "CacheParameterGroupName", [each.describe() for each in groups]
        )

    def describe_cache_parameters(self) -> ActionResult:
        """Answer DescribeCacheParameters."""
        group = self._memcached.parameter_group(self._get_param("CacheParameterGroupName"))
        return self._page("Parameters", "ParameterName", group.describe_parameters(self._get_param("Source")))

    def describe_engine_default_parameters(self) -> ActionResult:
        """Answer DescribeEngineDefaultParameters."""
        family = _one_of(FAMILIES, "CacheParameterGroupFamily", self._get_param("CacheParameterGroupFamily"))
        parameters = self._memcached.parameter_group(f"default.{family}").describe_parameters(None)
        return _shown("EngineDefaults", {"CacheParameterGroupFamily": family, "Parameters": parameters})

    def modify_cache_parameter_group(self) -> ActionResult:
        """Answer ModifyCacheParameterGroup."""
        group = self._memcached.modify_parameter_group(
            self._get_param("CacheParameterGroupName"), self._get_param("ParameterNameValues", [])
        )
        return ActionResult({"CacheParameterGroupName": group.name})

    def reset_cache_parameter_group(self) -> ActionResult:
        """Answer ResetCacheParameterGroup."""
        named = [each["ParameterName"] for each in self._get_param("ParameterNameValues", [])]
        group = self._memcached.reset_parameter_group(
            self._get_param("CacheParameterGroupName"),
            None if self._get_param("ResetAllParameters") else named,
        )
        return ActionResult({"CacheParameterGroupName": group.name})

    def delete_cache_parameter_group(self) -> ActionResult:
        """Answer DeleteCacheParameterGroup."""
        self._memcached.delete_parameter_group(self._get_param("CacheParameterGroupName"))
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        """Answer ListTagsForResource."""
        return ActionResult({"TagList": self._memcached.tags_of(self._get_param("ResourceName"))})

    def add_tags_to_resource(self) -> ActionResult:
        """Answer AddTagsToResource."""
        self._memcached.add_tags(self._get_param("ResourceName"), self._get_param("Tags", []))
        return self.list_tags_for_resource()

    def remove_tags_from_resource(self) -> ActionResult:
        """Answer RemoveTagsFromResource."""
        self._memcached.remove_tags(self._get_param("ResourceName"), self._get_param("TagKeys", []))
        return self.list_tags_for_resource()

    def _page(self, name: str, key: str, values: list[dict[str, Any]]) -> ActionResult:
        """Return one page of values sorted by `key`; the marker is the first key of the next page."""
        size = int(self._get_param("MaxRecords") or 100)
        first = bisect_left([each[key] for each in values], self._get_param("Marker") or "")
        more = values[first + size : first + size + 1]
        return ActionResult({name: values[first : first + size], "Marker": more[0][key] if more else None})

    def create_replication_group(self) -> ActionResult:
        """Refuse: replication is not memcached's."""
        raise NotImplementedError("CreateReplicationGroup")


def elasticache_of(account_id: str, region: str) -> MemcachedBackend:
    """Return ElastiCache of one account in one region."""
    backend: MemcachedBackend = elasticache_backends[account_id][region]
    return backend


def _place(
    group: SubnetGroup, az_mode: str, present: list[str], count: int, preferred: list[str]
) -> list[str]:
    """Return the zone of each of `count` nodes more, as preferred or so that zones fill evenly."""
    available = sorted({subnet.availability_zone for subnet in group.subnets})
    if preferred and len(preferred) != count:
        raise InvalidParameterValueException(
            f"The list of preferred Availability Zones has {len(preferred)} entries and must have {count}, "
            "one for each new node."
        )
    for zone in preferred:
        if zone not in available:
            raise InvalidParameterValueException(
                f"{zone} has no subnet in the cache subnet group {group.name}: choose from {available}."
            )
    if az_mode == "single-az":
        zones = {*present, *preferred}
        if len(zones) > 1 and preferred:
            raise InvalidParameterCombinationException(
                f"Nodes in {sorted(zones)} need the AZMode cross-az, not single-az."
            )
        return preferred or [present[0] if present else available[0]] * count
    if preferred:
        return preferred
    filled = Counter(dict.fromkeys(available, 0))
    filled.update(present)
    chosen = []
    for _ in range(count):
        zone = min(available, key=lambda each: (filled[each], each))
        filled[zone] += 1
        chosen.append(zone)
    return chosen


def _check_az_mode(az_mode: str, count: int) -> str:
    _one_of(("single-az", "cross-az"), "AZMode", az_mode)
    if az_mode == "cross-az" and count < 2:
        raise InvalidParameterCombinationException(
            "Cross-AZ mode needs a NumCacheNodes of at least 2, or else AZMode single-az."
        )
    return az_mode


def _check_known_nodes(cluster: Cluster, node_ids: Iterable[str]) -> None:
    unknown = sorted(set(node_ids) - {node.id for node in cluster.nodes})
    if unknown:
        raise InvalidParameterValueException(f"{cluster.id} has no nodes {', '.join(unknown)}.")


def _one_of(known: Iterable[str], name: str, value: str | None) -> str:
    if value is None or value not in known:
        raise InvalidParameterValueException(
            f"Invalid {name}: {value}. The lab knows {', '.join(sorted(known))}."
        )
    return value


def _short(region: str) -> str:
    """Return a region's short form, such as use1 for us-east-1."""
    words = region.split("-")
    return words[0] + "".join(word[0] for word in words[1:-1]) + words[-1]


def _sorted(known: Mapping[str, Any]) -> list[Any]:
    return [known[name] for name in sorted(known)]


def _shown(name: str, value: dict[str, Any]) -> ActionResult:
    return ActionResult({name: value})
