"""The default VPC and its default subnets.

https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import DefaultVpcDoesNotExistError, EC2ClientError
from moto.ec2.models import EC2Backend

_SUBNET_PREFIX = 20


class DefaultVpcBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for the default VPC."""

    def create_default_vpc(self) -> Any:
        """Create the default VPC with a subnet per zone, an internet gateway and a route to it."""
        vpc = super().create_default_vpc()
        gateway = self.create_internet_gateway()
        self.attach_internet_gateway(gateway.id, vpc.id)
        (table,) = [each for each in self.route_tables.values() if each.vpc_id == vpc.id]
        self.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)
        return vpc

    def create_default_subnet(self, availability_zone: str) -> Any:
        """Create a zone's default subnet, in the first free part of the default VPC."""
        vpc = self.get_default_vpc()
        if vpc is None:
            raise DefaultVpcDoesNotExistError
        subnets = [each for each in self.describe_subnets() if each.vpc_id == vpc.id]
        for each in subnets:
            if each.default_for_az and each.availability_zone == availability_zone:
                raise EC2ClientError(
                    "DefaultSubnetAlreadyExistsInAvailabilityZone",
                    f"'{each.id}' is already the default subnet in {availability_zone}.",
                )
        taken = [IPv4Network(each.cidr_block) for each in subnets if each.cidr_block]
        parts = IPv4Network(vpc.cidr_block).subnets(new_prefix=_SUBNET_PREFIX)
        free = next((part for part in parts if not any(map(part.overlaps, taken))), None)
        if free is None:
            raise EC2ClientError(
                "InsufficientCidrBlocks", f"The default VPC {vpc.id} has no free /{_SUBNET_PREFIX}."
            )
        subnet = self.create_subnet(vpc.id, str(free), availability_zone=availability_zone)
        subnet.default_for_az = subnet.map_public_ip_on_launch = True
        return subnet
