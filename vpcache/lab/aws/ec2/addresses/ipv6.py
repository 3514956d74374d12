"""IPv6 addresses of network interfaces."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import IPv6Address, IPv6Network
from itertools import islice
from typing import Any

from moto.ec2.exceptions import EC2ClientError

from vpcache.lab.aws.ec2.addresses.elastic_ips import AddressesBackend
from vpcache.lab.aws.ec2.validation import invalid_parameter

RESERVED_ADDRESSES = 4
"""How many addresses at the start of a subnet AWS reserves, beside the last one."""


class Ipv6AddressesBackend(AddressesBackend):
    """The part of EC2 for the IPv6 addresses of interfaces."""

    def assign_ipv6_addresses(
        self, eni_id: str, ipv6_addresses: Sequence[str] | None = None, ipv6_count: int | None = None
    ) -> Any:
        """Add IPv6 addresses to an interface, the ones named or a number of free ones.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignIpv6Addresses.html
        """
        interface = self.get_network_interface(eni_id)
        interface.ipv6_addresses += self.choose_ipv6_addresses(
            interface.subnet, ipv6_addresses or (), ipv6_count or 0
        )
        return interface

    def unassign_ipv6_addresses(self, eni_id: str, ips: Sequence[str] | None = None) -> list[str]:
        """Remove IPv6 addresses from an interface and return them.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignIpv6Addresses.html
        """
        interface = self.get_network_interface(eni_id)
        removed = [_canonical(each) for each in ips or ()]
        if absent := [each for each in removed if each not in interface.ipv6_addresses]:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Some of [{', '.join(absent)}] addresses are not assigned to interface {eni_id}",
            )
        interface.ipv6_addresses = [each for each in interface.ipv6_addresses if each not in removed]
        return removed

    def choose_ipv6_addresses(self, subnet: Any, requested: Collection[str], count: int) -> list[str]:
        """Return the requested addresses, checked, or the `count` lowest free ones of a subnet."""
        if count < 0:
            raise invalid_parameter("Ipv6AddressCount", count)
        if requested and count:
            raise EC2ClientError(
                "InvalidParameterCombination", "Ipv6Addresses cannot be used with Ipv6AddressCount."
            )
        if not requested and not count:
            return []
        network = ipv6_block(subnet)
        if network is None:
            raise EC2ClientError(
                "InvalidParameterValue", f"The subnet '{subnet.id}' does not have an IPv6 CIDR block."
            )
        taken = {
            address
            for interface in self.enis.values()
            if interface.subnet.id == subnet.id
            for address in interface.ipv6_addresses
        }
        first = network.network_address + RESERVED_ADDRESSES
        chosen = list(dict.fromkeys(map(_canonical, requested)))
        for address in chosen:
            if not first <= IPv6Address(address) < network.broadcast_address:
                raise EC2ClientError(
                    "InvalidParameterValue", f"Address {address} does not fall within {network}"
                )
            if address in taken:
                raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")
        usable = (str(first + offset) for offset in range(network.num_addresses - RESERVED_ADDRESSES - 1))
        return chosen + list(islice((each for each in usable if each not in taken), count))


def ipv6_block(subnet: Any) -> IPv6Network | None:
    """Return the IPv6 CIDR block of a subnet, None if it has none."""
    blocks = [each["ipv6CidrBlock"] for each in subnet.ipv6_cidr_block_association_set]
    return IPv6Network(blocks[0]) if blocks else None


def _canonical(address: str) -> str:
    try:
        return str(IPv6Address(address))
    except ValueError as error:
        raise EC2ClientError("InvalidParameterValue", f"Address {address} is invalid") from error
