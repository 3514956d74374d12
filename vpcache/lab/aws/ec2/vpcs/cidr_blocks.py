"""CIDR blocks of VPCs and subnets.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

from __future__ import annotations

import copy
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidVpcCidrBlockAssociationIdError,
    VPCCidrBlockAssociationError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models import vpcs as moto_vpcs
from moto.ec2.models.subnets import Subnet
from moto.ec2.utils import random_ipv6_cidr

from vpcache.lab.aws.ec2.validation import (
    canonical_cidr,
    check_ipv6_cidr,
    check_subnet_cidr,
    check_vpc_cidr,
)

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_NEVER_ADDED = IPv4Network("198.19.0.0/16")
_SUBNET_IPV6_LENGTHS = range(44, 65, 4)
_ASSOCIATED = "associated"


class CidrBlocksBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for CIDR blocks."""

    def associate_vpc_cidr_block(
        self, vpc_id: str, cidr_block: str | None, amazon_provided_ipv6_cidr_block: bool | None
    ) -> dict[str, Any]:
        """Add a secondary IPv4 CIDR block, or an IPv6 CIDR block from Amazon, to a VPC."""
        vpc = self.get_vpc(vpc_id)
        if amazon_provided_ipv6_cidr_block:
            association = super().associate_vpc_cidr_block(vpc_id, None, True)
            association["network_border_group"] = self.region_name
            self.add_ipv6_entries(vpc_id)
            return dict(association)
        if not cidr_block:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter CidrBlock")
        _check_addition(vpc, cidr_block)
        return dict(super().associate_vpc_cidr_block(vpc_id, canonical_cidr(cidr_block), False))

    def disassociate_vpc_cidr_block(self, association_id: str) -> dict[str, Any]:
        """Remove a CIDR block without subnets from a VPC, with its local routes."""
        vpc = next(
            (each for each in self.vpcs.values() if association_id in each._cidr_block_association_set), None
        )
        if vpc is None:
            raise InvalidVpcCidrBlockAssociationIdError(association_id)
        block = vpc._cidr_block_association_set[association_id]["cidr_block"]
        if block == vpc.cidr_block:
            raise VPCCidrBlockAssociationError(association_id)
        for subnet in self.describe_subnets():
            if subnet.vpc_id == vpc.id and any(_is_within(each, block) for each in _blocks(subnet)):
                raise EC2ClientError(
                    "InvalidCidrBlock.InUse",
                    f"The vpc {vpc.id} currently has a subnet within CIDR block {block}",
                )
        response: dict[str, Any] = vpc.disassociate_vpc_cidr_block(association_id)
        del vpc._cidr_block_association_set[association_id]
        for table in self.route_tables.values():
            if table.vpc_id == vpc.id:
                table._routes = {
                    key: route
                    for key, route in table._routes.items()
                    if not (
                        route.local
                        and block in (route.destination_cidr_block, route.destination_ipv6_cidr_block)
                    )
                }
        return response

    def checked_subnet_ipv6_cidr(self, vpc_id: str, block: str) -> str:
        """Return an IPv6 CIDR block as AWS shows it. Raises EC2ClientError if no subnet can have it."""
        check_ipv6_cidr(block)
        network = IPv6Network(block, strict=False)
        vpc = self.get_vpc(vpc_id)
        if network.prefixlen not in _SUBNET_IPV6_LENGTHS or not any(
            _is_within(block, each["cidr_block"]) for each in vpc.ipv6_cidr_block_association_set
        ):
            raise EC2ClientError("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
        for subnet in self.describe_subnets():
            if subnet.vpc_id == vpc_id and any(
                ":" in each and IPv6Network(each).overlaps(network) for each in _blocks(subnet)
            ):
                raise EC2ClientError(
                    "InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet"
                )
        return str(network)

    def associate_subnet_cidr_block(self, subnet_id: str, ipv6_cidr_block: str) -> dict[str, Any]:
        """Add an IPv6 CIDR block to a subnet that has none."""
        subnet = self.get_subnet(subnet_id)
        if not ipv6_cidr_block:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter Ipv6CidrBlock")
        if subnet.ipv6_cidr_block_association_set:
            raise EC2ClientError("CidrLimitExceeded", f"The subnet '{subnet_id}' has an IPv6 CIDR block.")
        block = self.checked_subnet_ipv6_cidr(subnet.vpc_id, ipv6_cidr_block)
        return _shown(super().associate_subnet_cidr_block(subnet_id, block), _ASSOCIATED)

    def disassociate_subnet_cidr_block(self, association_id: str) -> tuple[str, dict[str, Any]]:
        """Remove an IPv6 CIDR block from a subnet."""
        subnet_id, association = super().disassociate_subnet_cidr_block(association_id)
        self.get_subnet(subnet_id).ipv6_cidr_block_associations.pop(association_id)
        return subnet_id, _shown(association, "disassociated")


def apply_ipv6_rules_to_moto() -> None:
    """Let moto name and describe IPv6 CIDR blocks as AWS does, in the whole process.

    moto writes blocks with leading zeros, and nests the state of a subnet's block.
    """
    moto_vpcs.random_ipv6_cidr = lambda: str(IPv6Network(random_ipv6_cidr()))
    Subnet.ipv6_cidr_block_association_set = property(
        lambda subnet: [_shown(each, _ASSOCIATED) for each in subnet.ipv6_cidr_block_associations.values()]
    )


def _shown(association: dict[str, Any], state: str) -> dict[str, Any]:
    """Return the association of a subnet with an IPv6 CIDR block as AWS describes it."""
    return {**copy.copy(association), "ipv6CidrBlockState": {"State": state}}


def _blocks(subnet: Any) -> list[str]:
    """Return the CIDR blocks of a subnet."""
    return [
        *([subnet.cidr_block] if subnet.cidr_block else []),
        *(each["ipv6CidrBlock"] for each in subnet.ipv6_cidr_block_association_set),
    ]


def _is_within(block: str, outer: str) -> bool:
    inner, other = ip_network(block, strict=False), ip_network(outer, strict=False)
    if isinstance(inner, IPv4Network):
        return isinstance(other, IPv4Network) and inner.subnet_of(other)
    return isinstance(other, IPv6Network) and inner.subnet_of(other)


def _check_addition(vpc: Any, block: str) -> None:
    """Raise EC2ClientError if a VPC cannot get another IPv4 CIDR block."""
    check_subnet_cidr(block)
    check_vpc_cidr(block)
    network = IPv4Network(block, strict=False)
    own = [IPv4Network(each["cidr_block"]) for each in vpc.cidr_block_association_set]
    if any(map(network.overlaps, own)):
        raise EC2ClientError(
            "InvalidVpc.Range", f"The CIDR '{block}' conflicts with another CIDR of {vpc.id}."
        )
    ranges = [each for each in _PRIVATE if any(map(each.overlaps, own))]
    others = [each for each in _PRIVATE if each not in ranges]
    if network.overlaps(_NEVER_ADDED) or (ranges and any(map(network.overlaps, others))):
        raise EC2ClientError(
            "InvalidVpc.Range",
            f"The CIDR '{block}' is restricted. Use a CIDR from the same private address range as the "
            "current VPC CIDR, or use a publicly-routable CIDR.",
        )
