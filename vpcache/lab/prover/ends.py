"""The ends of a connection: interfaces of VPCs, and hosts of the internet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network

from vpcache.lab.addresses import IpAddress
from vpcache.lab.topology import Interface, IpNetwork, Topology, Vpc

NOT_PUBLIC = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "224.0.0.0/3",
        ),
    )
)
"""The blocks that no host of the internet has: https://www.iana.org/assignments/iana-ipv4-special-registry.

The blocks for documentation are missing: they are the internet of the lab and of examples.
"""
_PUBLIC_IPV6 = IPv6Network("2000::/3")


def is_public(address: IpAddress) -> bool:
    """Return whether a host of the internet can have an address."""
    if address.version == 6:
        return address in _PUBLIC_IPV6
    return not any(address in block for block in NOT_PUBLIC)


@dataclass(frozen=True, slots=True)
class Internet:
    """A host outside the VPCs, on the internet unless its address is private."""

    address: IpAddress


@dataclass(frozen=True, slots=True)
class Attached:
    """An interface of a VPC that sends from, or is reached at, one of its addresses.

    `address` is a private IPv4 address or an IPv6 address. With `by_public_address`, packets go to the public
    address, through the internet gateway.
    """

    vpc_id: str
    interface: Interface
    address: IpAddress
    by_public_address: bool = False

    @property
    def public_address(self) -> IpAddress | None:
        """The address that the internet sees: the elastic IP of an IPv4 address, an IPv6 address itself."""
        if self.address.version == 6:
            return self.address
        if self.address == self.interface.address:
            return self.interface.public_address
        return dict(self.interface.secondary_elastic_ips).get(self.address)


@dataclass(frozen=True, slots=True)
class Unused:
    """An address of a VPC that no interface has."""

    vpc_id: str
    address: IpAddress


End = Internet | Attached | Unused


def end_at(topology: Topology, address: IpAddress, vpc_id: str | None = None) -> End:
    """Return the end with an address, as the VPC `vpc_id` or, without one, the internet sees it."""
    vpc = next((each for each in topology.vpcs if each.id == vpc_id), None)
    if vpc:
        blocks: tuple[IpNetwork, ...] = (*vpc.cidrs, *vpc.ipv6_cidrs)
        if any(address in block for block in blocks):
            inside = (end for end in attached(vpc) if end.address == address)
            return next(inside, Unused(vpc.id, address))
    ends = (end for each in topology.vpcs for end in attached(each))
    public = (replace(end, by_public_address=True) for end in ends if end.public_address == address)
    return next(public, Internet(address))


def attached(vpc: Vpc) -> Iterator[Attached]:
    """Yield all addresses of all interfaces of a VPC."""
    for interface in vpc.interfaces:
        addresses: tuple[IpAddress, ...] = (*interface.addresses, *interface.ipv6_addresses)
        for address in addresses:
            yield Attached(vpc.id, interface, address)
