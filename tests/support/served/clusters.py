"""Memcached clusters in a served region, for tests of ElastiCache's API."""

from __future__ import annotations

from typing import Any


def create_cluster(elasticache: Any, name: str = "cache", **options: Any) -> dict[str, Any]:
    defaults = {
        "Engine": "memcached",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheNodes": 2,
        "AZMode": "cross-az",
        "CacheSubnetGroupName": "private",
    }
    response = elasticache.create_cache_cluster(CacheClusterId=name, **defaults | options)
    return dict(response["CacheCluster"])


def describe_cluster(elasticache: Any, name: str = "cache") -> dict[str, Any]:
    answer = elasticache.describe_cache_clusters(CacheClusterId=name, ShowCacheNodeInfo=True)
    (cluster,) = answer["CacheClusters"]
    return dict(cluster)
