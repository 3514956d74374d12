"""ElastiCache's subnet groups, parameter groups and tags."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from moto.elasticache.exceptions import (
    CacheSubnetGroupAlreadyExists,
    CacheSubnetGroupNotFound,
    ElastiCacheException,
    InvalidARNFault,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    InvalidSubnet,
)
from moto.elasticache.models import ElastiCacheBackend

from vpcache.lab.aws.ec2.backend import Ec2Backend, ec2_of
from vpcache.lab.aws.elasticache.checks import check_identifier, check_subnet_group_name
from vpcache.lab.aws.elasticache.models import ClusterModel, ParameterGroup, SubnetGroup
from vpcache.lab.aws.elasticache.parameters import FAMILIES
from vpcache.lab.aws.elasticache.placement import require_choice
from vpcache.lab.aws.regions import short_form

_Tags = Sequence[Mapping[str, str]]


class UnavailableClusterError(ElastiCacheException):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The tags of a cluster cannot be accessed, because it does not exist or is not available."""

    code = "CacheClusterNotFound"

    def __init__(self, cluster_id: str) -> None:
        super().__init__(f"{cluster_id} is either not present or not available.")


class CacheGroupsBackend(ElastiCacheBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of ElastiCache for subnet groups, parameter groups (AWS's default ones included) and tags."""

    REQUESTER = "amazon-elasticache"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clusters: dict[str, ClusterModel] = {}
        self.deleting: dict[str, ClusterModel] = {}  # deletion is in progress
        self.subnet_groups: dict[str, SubnetGroup] = {}
        self.parameter_groups: dict[str, ParameterGroup] = {}
        self.resource_tags: dict[str, dict[str, str]] = {}
        for family in FAMILIES:
            self._add_parameter_group(
                f"default.{family}", family, f"Default parameter group for {family}", ()
            )

    @property
    def _ec2(self) -> Ec2Backend:
        return ec2_of(self.account_id, self.region_name)

    # subnet groups

    def create_subnet_group(
        self, name: str, description: str, subnet_ids: list[str], tags: _Tags
    ) -> SubnetGroup:
        """Create a subnet group from subnets of one VPC."""
        check_subnet_group_name(name)
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
        """Modify a subnet group; subnets with nodes cannot be removed."""
        group = self.subnet_group(name)
        subnets = self._checked_subnets(subnet_ids) if subnet_ids else group.subnets
        if subnets[0].vpc_id != group.vpc_id:
            raise InvalidSubnet(subnets[0].id)
        remaining = {subnet.id for subnet in subnets}
        for cluster in self._users(lambda each: each.subnet_group is group):
            for node in cluster.nodes:
                if node.interface.subnet_id not in remaining:
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
        existing = {subnet.id: subnet for subnet in self._ec2.describe_subnets()}
        for subnet_id in subnet_ids:
            if subnet_id not in existing or existing[subnet_id].vpc_id != existing[subnet_ids[0]].vpc_id:
                raise InvalidSubnet(subnet_id)
        return [existing[subnet_id] for subnet_id in sorted(set(subnet_ids))]

    # parameter groups

    def create_parameter_group(self, name: str, family: str, description: str, tags: _Tags) -> ParameterGroup:
        """Create a parameter group with the defaults of its family."""
        check_identifier("CacheParameterGroupName", name)
        name = name.lower()
        if name in self.parameter_groups:
            raise ElastiCacheException(
                "CacheParameterGroupAlreadyExists", f"CacheParameterGroup {name} already exists."
            )
        return self._add_parameter_group(
            name, require_choice(FAMILIES, "CacheParameterGroupFamily", family), description, tags
        )

    def parameter_group(self, name: str) -> ParameterGroup:
        """Return a parameter group. Raises CacheParameterGroupNotFound."""
        if name.lower() not in self.parameter_groups:
            raise ElastiCacheException(
                "CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found."
            )
        return self.parameter_groups[name.lower()]

    def modify_parameter_group(self, name: str, changes: Iterable[Mapping[str, str]]) -> ParameterGroup:
        """Set parameters; existing nodes apply them when they are rebooted."""
        group = self._customer_parameter_group(name)
        parameters = FAMILIES[group.family]
        values = {each["ParameterName"]: each.get("ParameterValue", "") for each in changes}
        for parameter_name, value in values.items():
            if parameter_name not in parameters or not parameters[parameter_name].modifiable:
                raise InvalidParameterValueException(
                    f"The parameter {parameter_name} of {group.family} does not exist or cannot be modified."
                )
            if not parameters[parameter_name].allows(value):
                raise InvalidParameterValueException(
                    f"The parameter {parameter_name} cannot be {value}: "
                    f"allowed is {parameters[parameter_name].allowed}."
                )
        group.changed |= values
        return group

    def reset_parameter_group(self, name: str, names: Iterable[str] | None) -> ParameterGroup:
        """Reset parameters to the family's defaults; None means all."""
        group = self._customer_parameter_group(name)
        for parameter_name in list(group.changed) if names is None else names:
            group.changed.pop(parameter_name, None)
        return group

    def delete_parameter_group(self, name: str) -> None:
        """Delete a parameter group that no cluster uses."""
        group = self._customer_parameter_group(name)
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

    def _customer_parameter_group(self, name: str) -> ParameterGroup:
        """Return a parameter group that can be changed. Raises ElastiCacheException for default groups."""
        group = self.parameter_group(name)
        if group.is_default:
            raise ElastiCacheException(
                "InvalidCacheParameterGroupState", f"{name} is a default group and cannot be changed."
            )
        return group

    def _parameter_group_for(self, name: str | None, version: str) -> ParameterGroup:
        """Return a parameter group for an engine version, by default AWS's. Raises ElastiCache's errors."""
        family = f"memcached{version.rsplit('.', 1)[0]}"
        group = self.parameter_group(name or f"default.{family}")
        if group.family != family:
            raise InvalidParameterCombinationException(
                f"Expected a parameter group of family {family} but {group.name} is of {group.family}."
            )
        return group

    # tags

    def tags_of(self, arn: str) -> list[dict[str, str]]:
        """Return the tags of a resource. Raises ElastiCacheException, also for an unavailable cluster.

        https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ListTagsForResource.html
        https://github.com/turbot/steampipe-plugin-aws/issues/446
        """
        kind, _, name = "".join(arn.split(":", 5)[5:]).partition(":")
        if arn != self._arn(kind, name):
            raise InvalidARNFault(arn)
        self.check_taggable(kind, name)
        return [{"Key": key, "Value": value} for key, value in sorted(self.resource_tags[arn].items())]

    def check_taggable(self, kind: str, name: str) -> None:
        """Raise ElastiCacheException if a resource does not exist, or if it is not available."""
        match kind:
            case "cluster":
                if name not in self.clusters or not self.clusters[name].is_available:
                    raise UnavailableClusterError(name)
            case "subnetgroup":
                self.subnet_group(name)
            case "parametergroup":
                self.parameter_group(name)
            case _:
                raise InvalidARNFault(self._arn(kind, name))

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
        current = self.resource_tags.setdefault(arn, {})
        current |= {each["Key"]: each.get("Value", "") for each in tags}

    @property
    def _label(self) -> str:
        """The six characters in the host names of this account's caches in the region."""
        return hashlib.sha256(f"{self.account_id}/{self.region_name}".encode()).hexdigest()[:6]

    @property
    def _suffix(self) -> str:
        """The end of the host names of the region's caches."""
        return f"{short_form(self.region_name)}.cache.amazonaws.com"

    def _checked_groups(self, vpc_id: str, group_ids: list[str]) -> list[str]:
        """Return security groups of a VPC, by default its default group. Raises for other groups."""
        existing = self._ec2.groups[vpc_id]
        for group_id in group_ids:
            if group_id not in existing:
                raise InvalidParameterValueException(
                    f"Some security group Ids are invalid: {group_id} is not in {vpc_id}."
                )
        return group_ids or [group.id for group in existing.values() if group.is_default]

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:elasticache:{self.region_name}:{self.account_id}:{kind}:{name}"

    def _users(self, uses: Callable[[ClusterModel], bool]) -> list[ClusterModel]:
        return [each for each in (*self.clusters.values(), *self.deleting.values()) if uses(each)]
