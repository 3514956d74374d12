"""Rules for the parameters of memcached clusters. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException

_OF_OTHER_ENGINES = (
    "AuthToken",
    "AuthTokenUpdateStrategy",
    "FinalSnapshotIdentifier",
    "SnapshotArns",
    "SnapshotName",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
)
_IDENTIFIER = re.compile(r"[A-Za-z](?:-?[A-Za-z0-9])*")
_MAX_CLUSTER_ID = 50
_SUBNET_GROUP_NAME = re.compile(r"[A-Za-z0-9-]{1,255}")


def check_engine(request: Mapping[str, Any]) -> None:
    """Raise InvalidParameterCombinationException for a parameter that only other engines have.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheCluster.html
    """
    for name in _OF_OTHER_ENGINES:
        if request.get(name):
            raise InvalidParameterCombinationException(
                f"The parameter {name} is not supported by the engine memcached."
            )


def check_cluster_id(cluster_id: str) -> None:
    """Raise InvalidParameterValueException if a cluster cannot have an ID."""
    if len(cluster_id) > _MAX_CLUSTER_ID:
        raise InvalidParameterValueException(
            f"The parameter CacheClusterIdentifier must have at most {_MAX_CLUSTER_ID} characters."
        )
    check_identifier("CacheClusterIdentifier", cluster_id)


def check_identifier(parameter: str, text: str) -> None:
    """Raise InvalidParameterValueException if a text is not an identifier."""
    if not _IDENTIFIER.fullmatch(text):
        raise InvalidParameterValueException(
            f"The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; "
            "must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or "
            "contain two consecutive hyphens."
        )


def check_subnet_group_name(name: str) -> None:
    """Raise InvalidParameterValueException if a subnet group cannot have a name."""
    if not _SUBNET_GROUP_NAME.fullmatch(name):
        raise InvalidParameterValueException(
            "The parameter CacheSubnetGroupName must contain no more than 255 letters, digits and hyphens."
        )
