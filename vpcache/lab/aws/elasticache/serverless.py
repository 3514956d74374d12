"""Serverless caches for memcached: the rules for their parameters, and their descriptions. Pure.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateServerlessCache.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException

from vpcache.lab.aws.ec2.interfaces import ManagedInterface
from vpcache.lab.aws.elasticache.checks import check_identifier
from vpcache.lab.aws.transitions import Transition

PORTS = (11211, 11212)
"""The first is the port of the endpoint.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/set-up.html#elasticache-install-grant-access-VPN
"""
MAJOR_VERSION, FULL_VERSION = "1.6", "1.6.22"
_OTHER_ENGINES = ("redis", "valkey")
_MAX_NAME = 40
_MAX_DESCRIPTION = 255
_MAX_GROUPS = 5
_SUBNETS = range(2, 4)  # AWS selects two or three itself, and PrivateLink takes one subnet in each zone
_LIMITS = {"DataStorage": range(1, 5001), "ECPUPerSecond": range(1000, 15_000_001)}
"""The values of usage limits.

https://docs.aws.amazon.com/cdk/api/v2/docs/@aws-cdk_aws-elasticache-alpha.CacheUsageLimitsProperty.html
"""
_DEFAULT_GB = 1  # the memory of a process without a limit: AWS meters at least this

UsageLimits = dict[str, dict[str, Any]]
"""`CacheUsageLimits` of the API."""


@dataclass
class ServerlessCacheModel:
    """A serverless cache, with an interface of its VPC endpoint in each of its subnets."""

    name: str
    arn: str
    vpc_id: str
    description: str
    label: str  # the six characters after the cache's name in its host name
    suffix: str
    limits: UsageLimits
    kms_key_id: str | None
    security_group_ids: list[str]
    interfaces: list[ManagedInterface]
    created: datetime
    transition: Transition = field(default_factory=Transition)
    is_deleting: bool = False

    @property
    def status(self) -> str:
        """The status that the API shows."""
        return "deleting" if self.is_deleting else self.transition.state("available")

    @property
    def hostname(self) -> str:
        """The host name of the endpoint."""
        return f"{self.name}-{self.label}.serverless.{self.suffix}"

    @property
    def memory_mb(self) -> int:
        """The memory of the memcached process in MiB: the limit of the stored data, or AWS's minimum."""
        return int(self.limits.get("DataStorage", {}).get("Maximum") or _DEFAULT_GB) * 1024

    def describe(self, status: str | None = None) -> dict[str, Any]:
        """Return the cache as the API shows it, by default with its current status."""
        status = status or self.status
        description: dict[str, Any] = {
            "ServerlessCacheName": self.name,
            "ARN": self.arn,
            "Description": self.description,
            "CreateTime": self.created,
            "Status": status,
            "Engine": "memcached",
            "MajorEngineVersion": MAJOR_VERSION,
            "FullEngineVersion": FULL_VERSION,
            "SecurityGroupIds": self.security_group_ids,
            "SubnetIds": sorted(each.subnet_id for each in self.interfaces),
            "SnapshotRetentionLimit": 0,
            "StorageEncryptionType": "sse-kms" if self.kms_key_id else "sse-elasticache",
            "NetworkType": "ipv4",
            "ConnectionType": "vpc",
        }
        if self.limits:
            description["CacheUsageLimits"] = self.limits
        if self.kms_key_id:
            description["KmsKeyId"] = self.kms_key_id
        if status != "creating":
            description["Endpoint"] = {"Address": self.hostname, "Port": PORTS[0]}
        return description


def parse_name(request: Mapping[str, Any]) -> str:
    """Return the name of a new cache, in lower case. Raises InvalidParameterValueException."""
    name = str(request["ServerlessCacheName"]).lower()
    if len(name) > _MAX_NAME:
        raise InvalidParameterValueException(
            f"The parameter ServerlessCacheName must have at most {_MAX_NAME} characters."
        )
    check_identifier("ServerlessCacheName", name)
    return name


def check_engine(request: Mapping[str, Any]) -> None:
    """Raise for an engine or a version that is not memcached's.

    Raises NotImplementedError for the other engines of AWS, InvalidParameterValueException for unknown ones,
    InvalidParameterCombinationException for a user group, which memcached lacks.
    """
    engine = request.get("Engine") or "memcached"
    if engine in _OTHER_ENGINES:
        raise NotImplementedError(
            f"The Engine {engine} of serverless caches is not emulated: only memcached is."
        )
    if engine != "memcached":
        raise InvalidParameterValueException(f"Invalid Engine: {engine}.")
    version = request.get("MajorEngineVersion") or MAJOR_VERSION
    if version != MAJOR_VERSION:
        raise InvalidParameterValueException(
            f"Invalid MajorEngineVersion: {version}. The engine memcached has {MAJOR_VERSION}."
        )
    if request.get("UserGroupId"):
        raise InvalidParameterCombinationException(
            "The parameter UserGroupId is not supported by the engine memcached."
        )


def parse_description(request: Mapping[str, Any], current: str = "") -> str:
    """Return the description of a cache, by default the current one. Raises for a too long one."""
    description = request.get("Description")
    if description is None:
        return current
    if len(description) > _MAX_DESCRIPTION:
        raise InvalidParameterValueException(
            f"The parameter Description must have at most {_MAX_DESCRIPTION} characters."
        )
    return str(description)


def parse_limits(request: Mapping[str, Any], current: UsageLimits) -> UsageLimits:
    """Return the usage limits after a request. Raises InvalidParameterValueException."""
    limits = {name: dict(values) for name, values in current.items()}
    for name, allowed in _LIMITS.items():
        given = (request.get("CacheUsageLimits") or {}).get(name)
        if not given:
            continue
        bounds = {bound: int(given[bound]) for bound in ("Minimum", "Maximum") if given.get(bound)}
        for bound, value in bounds.items():
            if value not in allowed:
                raise InvalidParameterValueException(
                    f"The {bound} of {name} is {value}: it must be from {allowed[0]} to {allowed[-1]}."
                )
        if bounds.get("Minimum", 0) > bounds.get("Maximum", allowed[-1]):
            raise InvalidParameterValueException(f"The Minimum of {name} must not exceed its Maximum.")
        limits[name] = {**bounds, **({"Unit": "GB"} if name == "DataStorage" else {})}
    return limits


def check_subnets(subnets: Iterable[Any]) -> None:
    """Raise InvalidParameterValueException unless two or three subnets are in as many zones.

    A VPC endpoint has at most one subnet in each zone.
    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    zones = [each.availability_zone for each in subnets]
    if len(zones) not in _SUBNETS or len(set(zones)) < len(zones):
        raise InvalidParameterValueException(
            "SubnetIds must name two or three subnets in different Availability Zones, "
            f"not {len(zones)} in {', '.join(sorted(set(zones))) or 'none'}."
        )


def check_group_count(group_ids: list[str]) -> None:
    """Raise InvalidParameterValueException for more security groups than an interface can have."""
    if len(group_ids) > _MAX_GROUPS:
        raise InvalidParameterValueException(
            f"SecurityGroupIds must name at most {_MAX_GROUPS} groups, not {len(group_ids)}."
        )
