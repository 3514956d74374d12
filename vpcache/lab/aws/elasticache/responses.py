"""The ElastiCache API's handlers for memcached."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException, InvalidParameterValueException
from moto.elasticache.responses import ElastiCacheResponse
from moto.elasticache.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.elasticache.backend import MemcachedBackend, elasticache_of
from vpcache.lab.aws.elasticache.checks import check_engine
from vpcache.lab.aws.elasticache.parameters import FAMILIES, VERSIONS
from vpcache.lab.aws.elasticache.placement import require_choice

(_FAMILY,) = FAMILIES


class MemcachedResponse(ElastiCacheResponse):  # type: ignore[misc]
    """The ElastiCache API for memcached."""

    @property
    def _memcached(self) -> MemcachedBackend:
        return elasticache_of(self.current_account, self.region)

    def create_cache_cluster(self) -> ActionResult:
        """Answer CreateCacheCluster."""
        return _result(
            "CacheCluster", self._memcached.create_cluster(self._get_params()).describe("creating")
        )

    def describe_cache_clusters(self) -> ActionResult:
        """Answer DescribeCacheClusters."""
        cluster_id = self._get_param("CacheClusterId")
        clusters = (
            [self._memcached.visible_cluster(cluster_id)]
            if cluster_id
            else _sorted(self._memcached.visible_clusters())
        )
        with_nodes = bool(self._get_param("ShowCacheNodeInfo"))
        return self._page(
            "CacheClusters", "CacheClusterId", [each.describe(with_nodes=with_nodes) for each in clusters]
        )

    def modify_cache_cluster(self) -> ActionResult:
        """Answer ModifyCacheCluster."""
        if self._get_int_param("NumCacheNodes") == 0:
            raise InvalidParameterValueException("The parameter NumCacheNodes must be at least 1.")
        return _result(
            "CacheCluster", self._memcached.modify_cluster(self._get_params()).describe("modifying")
        )

    def reboot_cache_cluster(self) -> ActionResult:
        """Answer RebootCacheCluster."""
        cluster = self._memcached.reboot_cluster(
            self._get_param("CacheClusterId"), self._get_param("CacheNodeIdsToReboot", [])
        )
        return _result("CacheCluster", cluster.describe("rebooting cluster nodes"))

    def delete_cache_cluster(self) -> ActionResult:
        """Answer DeleteCacheCluster."""
        check_engine(self._get_params())
        cluster = self._memcached.delete_cluster(self._get_param("CacheClusterId"))
        return _result("CacheCluster", cluster.describe("deleting"))

    def create_serverless_cache(self) -> ActionResult:
        """Answer CreateServerlessCache."""
        cache = self._memcached.create_serverless_cache(self._get_params())
        return _result("ServerlessCache", cache.describe("creating"))

    def describe_serverless_caches(self) -> ActionResult:
        """Answer DescribeServerlessCaches."""
        name = self._get_param("ServerlessCacheName")
        caches = (
            [self._memcached.serverless_cache(name)] if name else _sorted(self._memcached.serverless_caches)
        )
        key, values = "ServerlessCacheName", [each.describe() for each in caches]
        page, token = self._cut(key, values, size="MaxResults", marker="NextToken", default=50)
        return ActionResult({"ServerlessCaches": page, "NextToken": token})

    def modify_serverless_cache(self) -> ActionResult:
        """Answer ModifyServerlessCache."""
        cache = self._memcached.modify_serverless_cache(self._get_params())
        return _result("ServerlessCache", cache.describe("modifying"))

    def delete_serverless_cache(self) -> ActionResult:
        """Answer DeleteServerlessCache."""
        cache = self._memcached.delete_serverless_cache(self._get_param("ServerlessCacheName"))
        return _result("ServerlessCache", cache.describe("deleting"))

    def create_cache_subnet_group(self) -> ActionResult:
        """Answer CreateCacheSubnetGroup."""
        group = self._memcached.create_subnet_group(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds", []),
            self._get_param("Tags", []),
        )
        return _result("CacheSubnetGroup", group.describe())

    def describe_cache_subnet_groups(self) -> ActionResult:
        """Answer DescribeCacheSubnetGroups."""
        name = self._get_param("CacheSubnetGroupName")
        groups = [self._memcached.subnet_group(name)] if name else _sorted(self._memcached.subnet_groups)
        return self._page("CacheSubnetGroups", "CacheSubnetGroupName", [each.describe() for each in groups])

    def modify_cache_subnet_group(self) -> ActionResult:
        """Answer ModifyCacheSubnetGroup."""
        group = self._memcached.modify_subnet_group(
            self._get_param("CacheSubnetGroupName"),
            self._get_param("CacheSubnetGroupDescription"),
            self._get_param("SubnetIds"),
        )
        return _result("CacheSubnetGroup", group.describe())

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
        return _result("CacheParameterGroup", group.describe())

    def describe_cache_parameter_groups(self) -> ActionResult:
        """Answer DescribeCacheParameterGroups."""
        name = self._get_param("CacheParameterGroupName")
        groups = (
            [self._memcached.parameter_group(name)] if name else _sorted(self._memcached.parameter_groups)
        )
        return self._page(
            "CacheParameterGroups", "CacheParameterGroupName", [each.describe() for each in groups]
        )

    def describe_cache_parameters(self) -> ActionResult:
        """Answer DescribeCacheParameters."""
        group = self._memcached.parameter_group(self._get_param("CacheParameterGroupName"))
        return self._page("Parameters", "ParameterName", group.describe_parameters(self._get_param("Source")))

    def describe_engine_default_parameters(self) -> ActionResult:
        """Answer DescribeEngineDefaultParameters."""
        family = require_choice(
            FAMILIES, "CacheParameterGroupFamily", self._get_param("CacheParameterGroupFamily")
        )
        parameters = self._memcached.parameter_group(f"default.{family}").describe_parameters(None)
        return _result("EngineDefaults", {"CacheParameterGroupFamily": family, "Parameters": parameters})

    def modify_cache_parameter_group(self) -> ActionResult:
        """Answer ModifyCacheParameterGroup."""
        group = self._memcached.modify_parameter_group(
            self._get_param("CacheParameterGroupName"), self._get_param("ParameterNameValues", [])
        )
        return ActionResult({"CacheParameterGroupName": group.name})

    def reset_cache_parameter_group(self) -> ActionResult:
        """Answer ResetCacheParameterGroup."""
        names = [each["ParameterName"] for each in self._get_param("ParameterNameValues", [])]
        group = self._memcached.reset_parameter_group(
            self._get_param("CacheParameterGroupName"),
            None if self._get_param("ResetAllParameters") else names,
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
        """Return a page of values sorted by `key`."""
        page, marker = self._cut(key, values, size="MaxRecords", marker="Marker", default=100)
        return ActionResult({name: page, "Marker": marker})

    def _cut(
        self, key: str, values: list[dict[str, Any]], *, size: str, marker: str, default: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return a page of values sorted by `key`, and the first key of the next page.

        `size` and `marker` are the names of the parameters.
        """
        count = int(self._get_param(size) or default)
        if count < 1:
            raise InvalidParameterValueException(f"The parameter {size} cannot be {count}.")
        first = bisect_left([each[key] for each in values], self._get_param(marker) or "")
        end = first + count
        return values[first:end], values[end][key] if end < len(values) else None

    def describe_cache_engine_versions(self) -> ActionResult:
        """Answer DescribeCacheEngineVersions."""
        engine = self._get_param("Engine") or "memcached"
        version, family = self._get_param("EngineVersion"), self._get_param("CacheParameterGroupFamily")
        if self._get_param("DefaultOnly"):
            version = VERSIONS[-1]
        versions = [
            {
                "Engine": "memcached",
                "EngineVersion": each,
                "CacheParameterGroupFamily": _FAMILY,
                "CacheEngineDescription": "memcached",
                "CacheEngineVersionDescription": f"memcached version {each}",
            }
            for each in VERSIONS
            if engine == "memcached" and version in (None, each) and family in (None, _FAMILY)
        ]
        return self._page("CacheEngineVersions", "EngineVersion", versions)

    def create_snapshot(self) -> ActionResult:
        """Reject CreateSnapshot, as AWS does: memcached has no snapshots."""
        raise ElastiCacheException(
            "SnapshotFeatureNotSupportedFault", "Snapshots are not supported for memcached clusters."
        )

    def create_replication_group(self) -> ActionResult:
        """Reject CreateReplicationGroup: memcached has no replication."""
        raise NotImplementedError("Only memcached is supported, which has no replication groups.")


def _sorted(resources: Mapping[str, Any]) -> list[Any]:
    """Return resources sorted by name, from a copy because reads hold no lock."""
    snapshot = dict(resources)
    return [snapshot[name] for name in sorted(snapshot)]


def _result(name: str, value: dict[str, Any]) -> ActionResult:
    return ActionResult({name: value})


MEMCACHED_URLS = UrlModule(url_bases, {"{0}/$": MemcachedResponse.dispatch})
"""The dispatch table of the ElastiCache API."""
