from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.clusters import create_cluster, describe_cluster
from tests.support.served.region import api_error, error_code


@pytest.mark.parametrize("name", ["1cache", "my--cache", "cache-", "my_cache", "cache.one", "a" * 51])
def test_invalid_cluster_name_is_rejected(elasticache: Any, name: str) -> None:
    with pytest.raises(elasticache.exceptions.InvalidParameterValueException):
        create_cluster(elasticache, name)


@pytest.mark.parametrize("name", ["c", "my-cache-1", "a" * 50])
def test_valid_cluster_name_is_accepted(elasticache: Any, name: str) -> None:
    assert create_cluster(elasticache, name)["CacheClusterId"] == name


def test_invalid_group_names_are_rejected(elasticache: Any, network: Any) -> None:
    parameter_group = {"CacheParameterGroupFamily": "memcached1.6", "Description": "test"}
    subnets = {"CacheSubnetGroupDescription": "test", "SubnetIds": list(network.private.values())}
    for name in ("a_b", "a.b", ""):
        code = error_code(elasticache.create_cache_subnet_group, CacheSubnetGroupName=name, **subnets)
        assert code in ("InvalidParameterValue", "ValidationError")
    for name in ("1a", "a--b", "a-"):
        code = error_code(
            elasticache.create_cache_parameter_group, CacheParameterGroupName=name, **parameter_group
        )
        assert code == "InvalidParameterValue"


def test_cluster_does_not_grow_beyond_the_quota(elasticache: Any) -> None:
    create_cluster(elasticache)

    code = error_code(
        elasticache.modify_cache_cluster, CacheClusterId="cache", NumCacheNodes=61, ApplyImmediately=True
    )

    assert code == "InvalidParameterValue"
    assert len(describe_cluster(elasticache)["CacheNodes"]) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SnapshotRetentionLimit", 1),
        ("SnapshotWindow", "05:00-09:00"),
        ("SnapshotName", "snapshot"),
        ("SnapshotArns", ["arn:aws:s3:::bucket/object"]),
        ("AuthToken", "a-token-of-16-characters"),
    ],
)
def test_parameter_of_another_engine_is_rejected(elasticache: Any, name: str, value: Any) -> None:
    with pytest.raises(
        elasticache.exceptions.InvalidParameterCombinationException, match=rf"parameter {name} "
    ):
        create_cluster(elasticache, **{name: value})


def test_parameter_of_another_engine_is_rejected_in_a_change(elasticache: Any) -> None:
    create_cluster(elasticache)
    cluster = {"CacheClusterId": "cache"}

    for call, change in (
        (elasticache.modify_cache_cluster, {"SnapshotRetentionLimit": 1}),
        (elasticache.modify_cache_cluster, {"AuthToken": "a-token-of-16-characters"}),
        (elasticache.delete_cache_cluster, {"FinalSnapshotIdentifier": "last"}),
    ):
        error = api_error(call, **cluster, **change)
        assert error.code == "InvalidParameterCombination"
        assert next(iter(change)) in error.message
