"""The network interfaces of VPCs, from EC2's descriptions. Pure."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address

from vpcache.lab.topology import Interface, InterfaceKind
from vpcache.reach.aws_source.descriptions import Descriptions, Item, of_vpc

_KINDS = {
    "lambda": InterfaceKind.FUNCTION,
    "nat_gateway": InterfaceKind.NAT_GATEWAY,
    "vpc_endpoint": InterfaceKind.ENDPOINT,
}


def interfaces(found: Descriptions, vpc_id: str, cache_nodes: Collection[str]) -> tuple[Interface, ...]:
    """Return the interfaces of a VPC that have an IPv4 address, sorted by ID.

    `cache_nodes` has the IDs of those of cache nodes, which have no dedicated type.
    """
    made = (
        _interface(each, is_node=each["NetworkInterfaceId"] in cache_nodes)
        for each in of_vpc(found.interfaces, vpc_id)
        if "PrivateIpAddress" in each
    )
    return tuple(sorted(made, key=lambda interface: interface.id))


def _interface(interface: Item, *, is_node: bool) -> Interface:
    """Return an interface with all its addresses.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html
    """
    secondary = [each for each in interface["PrivateIpAddresses"] if not each["Primary"]]
    other = InterfaceKind.CACHE_NODE if is_node else InterfaceKind.PLAIN
    return Interface(
        id=interface["NetworkInterfaceId"],
        kind=_KINDS.get(interface["InterfaceType"], other),
        subnet_id=interface["SubnetId"],
        zone=interface["AvailabilityZone"],
        address=IPv4Address(interface["PrivateIpAddress"]),
        secondary_addresses=tuple(IPv4Address(each["PrivateIpAddress"]) for each in secondary),
        security_groups=frozenset(group["GroupId"] for group in interface["Groups"]),
        public_address=_public(interface),
        secondary_elastic_ips=tuple(
            (IPv4Address(each["PrivateIpAddress"]), public) for each in secondary if (public := _public(each))
        ),
        source_dest_check=interface["SourceDestCheck"],
        ipv6_addresses=tuple(IPv6Address(each["Ipv6Address"]) for each in interface.get("Ipv6Addresses", ())),
    )


def _public(item: Item) -> IPv4Address | None:
    address = item.get("Association", {}).get("PublicIp")
    return IPv4Address(address) if address else None
