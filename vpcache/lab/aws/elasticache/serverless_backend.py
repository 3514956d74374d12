"""The part of ElastiCache for serverless caches for memcached.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/WhatIs.corecomponents.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.elasticache.exceptions import ElastiCacheException, InvalidParameterValueException

from vpcache.lab.aws.changes import ScheduleChange
from vpcache.lab.aws.ec2.interfaces import ManagedInterface
from vpcache.lab.aws.ec2.validation import is_true
from vpcache.lab.aws.elasticache.groups import CacheGroupsBackend
from vpcache.lab.aws.elasticache.serverless import (
    ServerlessCacheModel,
    check_engine,
    check_group_count,
    check_subnets,
    parse_description,
    parse_limits,
    parse_name,
)
from vpcache.lab.settings import LabSettings


class UnknownServerlessCacheError(ElastiCacheException):  # type: ignore[misc]  # moto's classes are Any
    """A serverless cache does not exist."""

    code = "ServerlessCacheNotFoundFault"

    def __init__(self, name: str) -> None:
        super().__init__(f"Serverless cache {name} not found.")


class ServerlessCachesBackend(CacheGroupsBackend):
    """Serverless caches. The transitional statuses are shown for the time in the settings."""

    _settings: Callable[[], LabSettings]
    _schedule: ScheduleChange

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.serverless_caches: dict[str, ServerlessCacheModel] = {}  # those in deletion, too

    def serverless_cache(self, name: str) -> ServerlessCacheModel:
        """Return a serverless cache. Raises UnknownServerlessCacheError."""
        cache = self.serverless_caches.get(name.lower())
        if not cache:
            raise UnknownServerlessCacheError(name)
        return cache

    def create_serverless_cache(self, request: Mapping[str, Any]) -> ServerlessCacheModel:
        """Create a serverless cache from the parameters of CreateServerlessCache."""
        name = parse_name(request)
        check_engine(request)
        if name in self.serverless_caches:
            raise ElastiCacheException(
                "ServerlessCacheAlreadyExistsFault", f"Serverless cache {name} already exists."
            )
        description, limits = parse_description(request), parse_limits(request, {})
        subnets = self._serverless_subnets(request.get("SubnetIds") or [])
        vpc_id = subnets[0].vpc_id
        group_ids = self._parse_groups(vpc_id, request.get("SecurityGroupIds") or [])
        cache = ServerlessCacheModel(
            name=name,
            arn=self._arn("serverlesscache", name),
            vpc_id=vpc_id,
            description=description,
            label=self._label,
            suffix=self._suffix,
            limits=limits,
            kms_key_id=request.get("KmsKeyId"),
            security_group_ids=group_ids,
            interfaces=self._create_endpoint(name, subnets, group_ids),
            created=utcnow(),
        )
        self.serverless_caches = self.serverless_caches | {name: cache}  # a new dict: reads hold no lock
        self._tag(cache.arn, request.get("Tags") or ())
        cache.transition.begin("creating", self._settings().transition_ms)
        return cache

    def modify_serverless_cache(self, request: Mapping[str, Any]) -> ServerlessCacheModel:
        """Modify a serverless cache by the parameters of ModifyServerlessCache."""
        cache = self._available_serverless_cache(request["ServerlessCacheName"])
        check_engine(request)
        description = parse_description(request, cache.description)
        limits = parse_limits(request, cache.limits)
        if request.get("SecurityGroupIds"):
            cache.security_group_ids = self._parse_groups(cache.vpc_id, request["SecurityGroupIds"])
            for interface in cache.interfaces:
                self._ec2.modify_network_interface_attribute(interface.id, cache.security_group_ids)
        cache.description, cache.limits = description, limits
        cache.transition.begin("modifying", self._settings().transition_ms)
        return cache

    def delete_serverless_cache(self, name: str) -> ServerlessCacheModel:
        """Delete a serverless cache. It occupies its interfaces and name until the deletion is complete."""
        cache = self._available_serverless_cache(name)
        cache.is_deleting = True
        if milliseconds := self._settings().transition_ms:
            self._schedule(milliseconds / 1000, partial(self._finish_serverless_deletion, cache))
        else:
            self._finish_serverless_deletion(cache)
        return cache

    def _finish_serverless_deletion(self, cache: ServerlessCacheModel) -> None:
        for interface in cache.interfaces:
            self._ec2.delete_managed_interface(interface.id)
        self.resource_tags.pop(cache.arn, None)
        self.serverless_caches = {
            name: each for name, each in self.serverless_caches.items() if each is not cache
        }

    def _available_serverless_cache(self, name: str) -> ServerlessCacheModel:
        """Return a cache that can be changed. Raises ElastiCacheException."""
        cache = self.serverless_cache(name)
        if cache.status != "available":
            raise ElastiCacheException(
                "InvalidServerlessCacheStateFault",
                f"Serverless cache {cache.name} is not in a valid state ({cache.status}): wait until it is "
                "available.",
            )
        return cache

    def check_taggable(self, kind: str, name: str) -> None:
        """Raise ElastiCacheException if a resource has no tags; those of a busy cache cannot be read."""
        if kind == "serverlesscache":
            self._available_serverless_cache(name)
        else:
            super().check_taggable(kind, name)

    def _serverless_subnets(self, subnet_ids: list[str]) -> list[Any]:
        """Return the subnets of a new cache, by default up to three of the default VPC's."""
        if subnet_ids:
            subnets = self._checked_subnets(subnet_ids)
        else:
            default = [each for each in self._ec2.describe_subnets() if is_true(each.default_for_az)]
            subnets = sorted(default, key=lambda each: each.availability_zone)[:3]
        check_subnets(subnets)
        return subnets

    def _parse_groups(self, vpc_id: str, group_ids: list[str]) -> list[str]:
        check_group_count(group_ids)
        return self._checked_groups(vpc_id, group_ids)

    def _create_endpoint(self, name: str, subnets: list[Any], group_ids: list[str]) -> list[ManagedInterface]:
        """Create an interface in each subnet, or none. Raises ElastiCache's errors."""
        interfaces: list[ManagedInterface] = []
        try:
            for subnet in subnets:
                interfaces.append(
                    self._ec2.create_managed_interface(
                        subnet,
                        "vpc_endpoint",
                        f"ElastiCache serverless {name}",
                        requester_id=self.REQUESTER,
                        group_ids=group_ids,
                    )
                )
        except EC2ClientError as error:
            for interface in interfaces:
                self._ec2.delete_managed_interface(interface.id)
            raise InvalidParameterValueException(error.message) from error
        return interfaces
