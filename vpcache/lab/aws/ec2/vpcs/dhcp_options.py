"""DHCP options sets, with the region's default one.

https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend

from vpcache.lab.aws.ec2.interfaces import ensure_unused

_DOMAINS = {"us-east-1": "ec2.internal"}  # of the other regions: <region>.compute.internal


class DhcpOptionsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for DHCP options."""

    _default_options: Any = None

    def create_dhcp_options(self, *arguments: Any, **options: Any) -> Any:
        """Create DHCP options, with their owner."""
        dhcp_options = super().create_dhcp_options(*arguments, **options)
        dhcp_options.owner_id = self.account_id
        return dhcp_options

    def create_vpc(self, *arguments: Any, **options: Any) -> Any:
        """Create a VPC with the default DHCP options set, which AWS creates with the first VPC."""
        vpc = super().create_vpc(*arguments, **options)
        if self._default_options is None or self._default_options.id not in self.dhcp_options_sets:
            domain = _DOMAINS.get(self.region_name, f"{self.region_name}.compute.internal")
            self._default_options = self.create_dhcp_options(["AmazonProvidedDNS"], [domain])
        vpc.dhcp_options = self._default_options
        return vpc

    def delete_vpc(self, vpc_id: str) -> Any:
        """Delete a VPC. Its DHCP options remain, which moto would delete too."""
        vpc = self.vpcs[vpc_id]
        if vpc.dhcp_options and vpc.dhcp_options.vpc is vpc:
            vpc.dhcp_options.vpc = None
        vpc.dhcp_options = None
        return super().delete_vpc(vpc_id)

    def delete_dhcp_options_set(self, options_id: str | None) -> None:
        """Delete DHCP options that no VPC uses."""
        ensure_unused(
            f"The dhcpOptions '{options_id}' has dependencies and cannot be deleted.",
            [each.id for each in self.vpcs.values() if each.dhcp_options_id == options_id],
        )
        super().delete_dhcp_options_set(options_id)
