"""The public addresses of NAT gateways and network interfaces: those of their elastic IPs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from vpcache.terraform.resources import Resource, Resources

STAND_INS = IPv4Network("198.18.0.0/15")
"""The public addresses of elastic IPs in plans: of RFC 2544, so that no host of the internet has them."""


_GATEWAYS = STAND_INS.num_addresses // 2


class PublicAddresses:
    """Looks up public addresses.

    A new elastic IP has none in the plan: it gets one of `STAND_INS`, and so does a public NAT gateway whose
    elastic IP is not in the document.
    """

    def __init__(self, state: Resources) -> None:
        self._state = state

    @cached_property
    def names(self) -> dict[str, str]:
        """The Terraform addresses of the elastic IPs with stand-ins, by stand-in."""
        by_id = {each.id: each.address for each in self._state.of("aws_eip", "aws_nat_gateway")}
        found = (*self._of_eip.items(), *self._of_gateway.items())
        return {str(address): by_id.get(id_, id_) for id_, address in found if address in STAND_INS}

    def of_nat_gateway(self, gateway: Resource) -> IPv4Address | None:
        """Return the address of a NAT gateway, None if it is private."""
        known = _address(gateway.text("public_ip")) or self._of_eip.get(gateway.text("allocation_id"))
        return known or self._of_gateway.get(gateway.id)

    def of_interface(self, interface_id: str) -> dict[str, IPv4Address]:
        """Return the addresses of an interface by its private addresses, empty for the primary one."""
        return {private: public for id_, private, public in self._associations if id_ == interface_id}

    @cached_property
    def _of_eip(self) -> dict[str, IPv4Address]:
        return {
            each.id: _address(each.text("public_ip")) or STAND_INS[number]
            for number, each in enumerate(self._state.of("aws_eip"), 1)
        }

    @cached_property
    def _of_gateway(self) -> dict[str, IPv4Address]:
        public = (
            each for each in self._state.of("aws_nat_gateway") if each.text("connectivity_type") != "private"
        )
        without = (each for each in public if each.text("allocation_id") not in self._of_eip)
        return {each.id: STAND_INS[_GATEWAYS + number] for number, each in enumerate(without)}

    @cached_property
    def _associations(self) -> list[tuple[str, str, IPv4Address]]:
        return list(self._associated())

    def _associated(self) -> Iterator[tuple[str, str, IPv4Address]]:
        for each in self._state.of("aws_eip"):
            if interface := each.text("network_interface"):
                private = each.text("associate_with_private_ip")
                yield interface, private, self._of_eip[each.id]
        for each in self._state.of("aws_eip_association"):
            public = self._of_eip.get(each.text("allocation_id")) or _address(each.text("public_ip"))
            if public and (interface := each.text("network_interface_id")):
                yield interface, each.text("private_ip_address"), public


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None
