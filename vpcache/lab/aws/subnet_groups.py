"""Subnet groups of RDS and Redshift: records, as the lab has no databases."""

from __future__ import annotations

from typing import Any

from moto.rds import urls as rds_urls
from moto.rds.exceptions import DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import RDSBackend
from moto.redshift import urls as redshift_urls
from moto.redshift.exceptions import RedshiftClientError
from moto.redshift.models import RedshiftBackend

_MIN_ZONES = 2


class DatabasesBackend(RDSBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """RDS of one region: its subnet groups.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
    """

    @property
    def _url_module(self) -> Any:
        return rds_urls

    def create_subnet_group(
        self, subnet_name: str, description: str, subnets: list[Any], tags: list[dict[str, str]]
    ) -> Any:
        """Create a subnet group, of subnets of one VPC in two zones or more."""
        if subnet_name in self.subnet_groups:
            raise RDSClientError(
                "DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists."
            )
        _check(subnets)
        group = super().create_subnet_group(subnet_name, description, subnets, tags)
        group.supported_network_types = ["IPV4"]
        return group

    def modify_db_subnet_group(self, subnet_name: str, description: str, subnets: list[Any]) -> Any:
        """Change a subnet group. moto forgets it."""
        if subnet_name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        _check(subnets)
        group = super().modify_db_subnet_group(subnet_name, description, subnets)
        group.vpc_id = subnets[0].vpc_id
        self.subnet_groups[subnet_name] = group
        return group


class WarehousesBackend(RedshiftBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """Redshift of one region: its subnet groups.

    https://docs.aws.amazon.com/redshift/latest/APIReference/API_CreateClusterSubnetGroup.html
    """

    @property
    def _url_module(self) -> Any:
        return redshift_urls

    def create_cluster_subnet_group(
        self,
        cluster_subnet_group_name: str,
        description: str,
        subnet_ids: list[str],
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Create a subnet group, of existing subnets of one VPC."""
        name = cluster_subnet_group_name.lower()
        if name in self.subnet_groups:
            raise RedshiftClientError(
                "ClusterSubnetGroupAlreadyExists", f"The cluster subnet group '{name}' already exists."
            )
        subnets = [self.ec2_backend.get_subnet(each) for each in subnet_ids]
        if len({subnet.vpc_id for subnet in subnets}) != 1:
            raise RedshiftClientError("InvalidSubnet", "The subnets are not all in the same VPC.")
        return super().create_cluster_subnet_group(name, description, subnet_ids, *arguments, **options)


def _check(subnets: list[Any]) -> None:
    """Raise RDSClientError if a subnet group cannot have these subnets."""
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise RDSClientError("InvalidSubnet", "The subnets are not all in the same VPC.")
    zones = sorted({subnet.availability_zone for subnet in subnets})
    if len(zones) < _MIN_ZONES:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "
            f"Current AZ coverage: {', '.join(zones)}. Add subnets to cover at least {_MIN_ZONES} AZs.",
        )
