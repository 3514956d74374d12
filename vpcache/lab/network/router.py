"""A VPC's router: its addresses, routing rules and route tables. Pure.

The kernel looks packets up in the table of the VPC's own addresses first, then in the table of the mark that
`packet_filter` gave them: that of the route table of their subnet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from vpcache.lab.addresses import resolver_addresses
from vpcache.lab.network.naming import (
    GATEWAY,
    GATEWAY_ADDRESS,
    GATEWAY_IPV6,
    LINK_LOCAL,
    PEER_ADDRESS,
    PEER_IPV6,
    device,
    endpoint_device,
    table_number,
)
from vpcache.lab.network.packet_filter import packet_filter
from vpcache.lab.network.steps import IpEntry, Namespace
from vpcache.lab.topology import Interface, Route, RouteTarget, Subnet, Vpc

_LOCAL_TABLE = 100  # the kernel's routing table of the VPC's own addresses; it precedes all route tables
_LOCAL_PRIORITY, _ROUTE_TABLE_PRIORITY = 100, 200  # of the kernel's routing rules
FORWARDING = (
    ("net/ipv4/ip_forward", "1"),
    # a new namespace copies these from the host, a new device copies them from `default`
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
    ("net/ipv6/conf/all/forwarding", "1"),
)


def router(vpc: Vpc, isolated: Collection[str]) -> Namespace:
    """Return the namespace of a VPC's router, which drops all packets to and from `isolated` interfaces."""
    subnets = vpc.subnets_by_id()
    interfaces = {interface.id: interface for interface in vpc.interfaces}
    entries = [
        *(IpEntry("address", f"{address}/32 dev lo") for address in resolver_addresses(vpc.cidr)),
        IpEntry("rule", f"priority {_LOCAL_PRIORITY} lookup {_LOCAL_TABLE}"),
        *(IpEntry("route", f"blackhole {cidr} table {_LOCAL_TABLE}") for cidr in vpc.cidrs),
        IpEntry("route", f"blackhole {LINK_LOCAL} table {_LOCAL_TABLE}"),
        *_gateway_addresses(vpc),
        *(entry for each in vpc.interfaces for entry in _interface_entries(each, subnets[each.subnet_id])),
        *(_ipv6_entries(vpc) if vpc.ipv6_cidrs else ()),
        *_route_tables(vpc, interfaces),
    ]
    return Namespace(tuple(entries), FORWARDING, packet_filter(vpc, isolated))


def _gateway_addresses(vpc: Vpc) -> Iterable[IpEntry]:
    """Yield the router's addresses on its links to gateways."""
    if vpc.has_gateway:
        yield IpEntry("address", f"{PEER_ADDRESS}/32 dev {GATEWAY}")
    for endpoint in vpc.gateway_endpoints:
        yield IpEntry("address", f"{PEER_ADDRESS}/32 dev {endpoint_device(endpoint.id)}")


def _interface_entries(interface: Interface, subnet: Subnet) -> Iterable[IpEntry]:
    """Yield the router's address on the link to an interface, and the routes to the interface."""
    link = device(interface.id)
    yield IpEntry("address", f"{subnet.cidr.network_address + 1}/32 dev {link}")
    for address in interface.addresses:
        yield IpEntry("route", f"{address} dev {link} table {_LOCAL_TABLE} scope link")


def _ipv6_entries(vpc: Vpc) -> Iterable[IpEntry]:
    """Yield the same for IPv6. The router has the same link-local address on each link."""
    yield IpEntry("rule", f"priority {_LOCAL_PRIORITY} lookup {_LOCAL_TABLE}", version=6)
    for cidr in vpc.ipv6_cidrs:
        yield IpEntry("route", f"blackhole {cidr} table {_LOCAL_TABLE}")
    if vpc.has_gateway:
        yield IpEntry("address", f"{PEER_IPV6}/64 dev {GATEWAY} nodad")
    for interface in vpc.interfaces:
        if interface.ipv6_addresses:
            link = device(interface.id)
            yield IpEntry("address", f"{PEER_IPV6}/64 dev {link} nodad")
            for address in interface.ipv6_addresses:
                yield IpEntry("route", f"{address} dev {link} table {_LOCAL_TABLE}")


def _route_tables(vpc: Vpc, interfaces: Mapping[str, Interface]) -> Iterable[IpEntry]:
    """Yield the routes of each route table, and the rules that lead packets with its mark to them."""
    for route_table in vpc.route_tables:
        number = table_number(route_table.id)
        lookup = f"priority {_ROUTE_TABLE_PRIORITY} fwmark {number} lookup {number}"
        yield IpEntry("rule", lookup)
        if vpc.ipv6_cidrs:
            yield IpEntry("rule", lookup, version=6)
        for route in route_table.routes:
            if vpc.ipv6_cidrs or route.destination.version == 4:
                yield IpEntry("route", f"{_route_entry(vpc, route, interfaces)} table {number}")


def _route_entry(vpc: Vpc, route: Route, interfaces: Mapping[str, Interface]) -> str:
    is_ipv6 = route.destination.version == 6
    interface = interfaces.get(route.interface_id or "")
    match route.target:
        case RouteTarget.INTERNET_GATEWAY if vpc.internet_gateway_id:
            address = GATEWAY_IPV6 if is_ipv6 else GATEWAY_ADDRESS
            return f"{route.destination} via {address} dev {GATEWAY} onlink"
        case RouteTarget.EGRESS_ONLY_GATEWAY if is_ipv6 and vpc.has_egress_only_gateway:
            return f"{route.destination} via {GATEWAY_IPV6} dev {GATEWAY} onlink"
        case RouteTarget.INTERFACE if interface and (interface.ipv6_addresses or not is_ipv6):
            next_hop = interface.ipv6_addresses[0] if is_ipv6 else interface.address
            return f"{route.destination} via {next_hop} dev {device(interface.id)} onlink"
        case RouteTarget.GATEWAY_ENDPOINT if route.endpoint_id:
            return (
                f"{route.destination} via {GATEWAY_ADDRESS} dev {endpoint_device(route.endpoint_id)} onlink"
            )
    return f"blackhole {route.destination}"
