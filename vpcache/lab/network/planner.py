"""The planner: turns a topology into the desired network of namespaces, links, entries and rulesets. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address

from vpcache.lab.addresses import FUNCTIONS_ADDRESS, FUNCTIONS_RESOLVER, IPV6_HOSTS, SERVICE_ADDRESSES
from vpcache.lab.network.naming import (
    ETHERNET,
    FUNCTIONS,
    GATEWAY,
    GATEWAY_ADDRESS,
    GATEWAY_IPV6,
    INSIDE,
    INTERNET,
    INTERNET_CLIENT,
    INTERNET_HOSTS,
    INTERNET_IPV6_CLIENT,
    OUTSIDE,
    PEER_ADDRESS,
    PEER_IPV6,
    device,
    endpoint_device,
    endpoint_namespace,
    gateway_namespace,
    interface_namespace,
    router_namespace,
    uplink,
)
from vpcache.lab.network.nft import chain, nft_map, nft_set, table
from vpcache.lab.network.packet_filter import NEIGHBOR_DISCOVERY
from vpcache.lab.network.router import FORWARDING, router
from vpcache.lab.network.steps import IpEntry, Link, Namespace, Network
from vpcache.lab.settings import NAT_IDLE_SECONDS
from vpcache.lab.topology import GatewayEndpoint, Interface, InterfaceKind, Topology, Vpc


def plan(
    topology: Topology,
    isolated: frozenset[str] = frozenset(),
    down_hosts: frozenset[IPv4Address] = frozenset(),
    nat_idle_seconds: int = NAT_IDLE_SECONDS,
) -> Network:
    """Return the desired network of `topology`.

    All packets to and from the interfaces with the IDs `isolated` and the internet addresses `down_hosts` are
    dropped. NAT gateways drop connections that are idle for `nat_idle_seconds`.
    """
    namespaces = {INTERNET: _internet(topology, down_hosts)}
    links = []
    for vpc in topology.vpcs:
        hub = router_namespace(vpc.id)
        namespaces[hub] = router(vpc, isolated)
        for interface in vpc.interfaces:
            namespace = interface_namespace(interface.id)
            namespaces[namespace] = _interface(vpc, interface, nat_idle_seconds)
            links.append(Link(hub, device(interface.id), namespace, ETHERNET))
        for endpoint in vpc.gateway_endpoints:
            namespace = endpoint_namespace(endpoint.id)
            namespaces[namespace] = _endpoint(vpc, endpoint)
            links.append(Link(hub, endpoint_device(endpoint.id), namespace, INSIDE))
        if vpc.has_gateway:
            gateway = gateway_namespace(vpc.id)
            namespaces[gateway] = _gateway(vpc)
            links.append(Link(hub, GATEWAY, gateway, INSIDE))
            links.append(Link(INTERNET, uplink(vpc.id), gateway, OUTSIDE))
    if topology.public_functions:
        namespaces[FUNCTIONS] = _public_functions()
        links.append(Link(INTERNET, FUNCTIONS, FUNCTIONS, ETHERNET))
    return Network(namespaces, tuple(links))


def _elastic_ips(vpc: Vpc) -> list[tuple[IPv4Address, IPv4Address]]:
    """Return the pairs of private address and elastic IP that the VPC's internet gateway translates."""
    if not vpc.internet_gateway_id:
        return []
    primary = [
        (interface.address, interface.public_address)
        for interface in vpc.interfaces
        if interface.public_address
    ]
    return primary + [pair for interface in vpc.interfaces for pair in interface.secondary_elastic_ips]


def _internet(topology: Topology, down_hosts: Collection[IPv4Address]) -> Namespace:
    entries = [IpEntry("route", f"local {INTERNET_HOSTS} dev lo")]
    has_ipv6 = any(vpc.ipv6_cidrs for vpc in topology.vpcs)
    if has_ipv6:
        hosts = (INTERNET_IPV6_CLIENT, *IPV6_HOSTS.values())
        entries += [IpEntry("address", f"{address}/128 dev lo nodad") for address in hosts]
    for vpc in topology.vpcs:
        if vpc.has_gateway:
            entries.append(IpEntry("address", f"{PEER_ADDRESS}/32 dev {uplink(vpc.id)}"))
        for _, public in _elastic_ips(vpc):
            path = f"via {GATEWAY_ADDRESS} dev {uplink(vpc.id)} onlink src {INTERNET_CLIENT}"
            entries.append(IpEntry("route", f"{public} {path}"))
        if vpc.has_gateway and vpc.ipv6_cidrs:
            link = uplink(vpc.id)
            entries.append(IpEntry("address", f"{PEER_IPV6}/64 dev {link} nodad"))
            path = f"via {GATEWAY_IPV6} dev {link} src {INTERNET_IPV6_CLIENT}"
            entries += [IpEntry("route", f"{cidr} {path}") for cidr in vpc.ipv6_cidrs]
    if topology.public_functions:
        entries.append(IpEntry("address", f"{PEER_ADDRESS}/32 dev {FUNCTIONS}"))
        entries.append(IpEntry("route", f"{FUNCTIONS_ADDRESS} dev {FUNCTIONS} scope link"))
    ruleset = table(
        nft_set("down", "ipv4_addr", down_hosts),
        chain("arriving", "filter hook prerouting priority raw; policy accept", ["ip daddr @down drop"]),
        chain("answering", "filter hook output priority filter; policy accept", ["ip saddr @down drop"]),
    )
    return Namespace(tuple(entries), FORWARDING, ruleset)


def _public_functions() -> Namespace:
    """Return the namespace of functions outside a VPC: they see the internet, which cannot call them."""
    entries = (
        IpEntry("address", f"{FUNCTIONS_ADDRESS}/32 dev {ETHERNET}"),
        IpEntry("address", f"{FUNCTIONS_RESOLVER}/32 dev lo"),
        IpEntry("route", f"default via {PEER_ADDRESS} dev {ETHERNET} onlink"),
    )
    ruleset = table(
        chain(
            "input",
            "filter hook input priority filter; policy drop",
            [
                "icmp type destination-unreachable drop",  # a private address is silent, as on AWS
                "iif lo accept",
                "ct state established,related accept",
            ],
        )
    )
    return Namespace(entries, (), ruleset)


def _gateway(vpc: Vpc) -> Namespace:
    entries = (
        IpEntry("address", f"{GATEWAY_ADDRESS}/32 dev {INSIDE}"),
        IpEntry("address", f"{GATEWAY_ADDRESS}/32 dev {OUTSIDE}"),
        *_routes_inside(vpc),
        IpEntry("route", f"default via {PEER_ADDRESS} dev {OUTSIDE} onlink"),
        *(_ipv6_gateway_entries(vpc) if vpc.ipv6_cidrs else ()),
    )
    # stateless, as on AWS: a removed elastic IP cuts its connections
    pairs = _elastic_ips(vpc)
    from_internet, to_internet = _ipv6_gateway_rules(vpc) if vpc.ipv6_cidrs else ((), ())
    ruleset = table(
        nft_map("public", "ipv4_addr : ipv4_addr", pairs),
        nft_map("private", "ipv4_addr : ipv4_addr", [(public, private) for private, public in pairs]),
        chain(
            "arriving",
            "filter hook prerouting priority raw; policy drop",
            [
                f'iifname "{INSIDE}" accept',
                f'iifname "{OUTSIDE}" ip daddr set ip daddr map @private accept',
                *from_internet,
            ],
        ),
        chain(
            "departing",
            "filter hook postrouting priority raw; policy drop",
            [
                f'oifname "{INSIDE}" accept',
                f'oifname "{OUTSIDE}" ip saddr set ip saddr map @public accept',
                *to_internet,
            ],
        ),
    )
    return Namespace(entries, FORWARDING, ruleset)


def _ipv6_gateway_entries(vpc: Vpc) -> Iterable[IpEntry]:
    for link in (INSIDE, OUTSIDE):
        yield IpEntry("address", f"{GATEWAY_IPV6}/64 dev {link} nodad")
    for cidr in vpc.ipv6_cidrs:
        yield IpEntry("route", f"{cidr} via {PEER_IPV6} dev {INSIDE}")
    yield IpEntry("route", f"::/0 via {PEER_IPV6} dev {OUTSIDE}")


def _ipv6_gateway_rules(vpc: Vpc) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the rules for packets of IPv6 from and to the internet, which no gateway translates."""
    inside = f"{{ {', '.join(map(str, vpc.ipv6_cidrs))} }}"
    return (
        (NEIGHBOR_DISCOVERY, f'iifname "{OUTSIDE}" ip6 daddr {inside} accept'),
        (NEIGHBOR_DISCOVERY, f'oifname "{OUTSIDE}" ip6 saddr {inside} accept'),
    )


def _interface(vpc: Vpc, interface: Interface, nat_idle_seconds: int) -> Namespace:
    subnet = vpc.subnets_by_id()[interface.subnet_id]
    router_address = subnet.cidr.network_address + 1
    entries = (
        *(
            IpEntry("address", f"{address}/{subnet.cidr.prefixlen} dev {ETHERNET} noprefixroute")
            for address in interface.addresses
        ),
        IpEntry("route", f"{router_address} dev {ETHERNET} scope link"),
        IpEntry("route", f"default via {router_address} dev {ETHERNET}"),
        *_ipv6_interface_entries(interface),
    )
    if interface.kind is not InterfaceKind.NAT_GATEWAY:
        return Namespace(entries)
    inside = f"{{ {', '.join(map(str, vpc.cidrs))} }}"
    ruleset = table(
        chain("input", "filter hook input priority filter; policy drop"),
        chain(
            "forward",
            "filter hook forward priority filter; policy drop",
            [
                "ct state established,related accept",
                f"ct state new ip saddr {inside} accept",
                # a connection that was idle for too long
                f"ct state invalid ip saddr {inside} meta l4proto tcp reject with tcp reset",
            ],
        ),
        chain(
            "departing",
            "nat hook postrouting priority srcnat; policy accept",
            [f"snat ip to {interface.address}"],
        ),
    )
    timeouts = ("tcp_timeout_established", "udp_timeout", "udp_timeout_stream", "icmp_timeout")
    idle = (
        ("net/netfilter/nf_conntrack_tcp_loose", "0"),  # packets of an unknown connection do not start one
        *((f"net/netfilter/nf_conntrack_{name}", str(nat_idle_seconds)) for name in timeouts),
    )
    return Namespace(entries, (*FORWARDING, *idle), ruleset)


def _ipv6_interface_entries(interface: Interface) -> Iterable[IpEntry]:
    if interface.ipv6_addresses:
        for address in interface.ipv6_addresses:
            yield IpEntry("address", f"{address}/128 dev {ETHERNET} nodad")
        yield IpEntry("route", f"::/0 via {PEER_IPV6} dev {ETHERNET}")


def _endpoint(vpc: Vpc, endpoint: GatewayEndpoint) -> Namespace:
    """Return the namespace of a gateway endpoint: its service answers there on its public address."""
    return Namespace(
        (
            IpEntry("address", f"{SERVICE_ADDRESSES[endpoint.service]}/32 dev lo"),
            IpEntry("address", f"{GATEWAY_ADDRESS}/32 dev {INSIDE}"),
            *_routes_inside(vpc),
        )
    )


def _routes_inside(vpc: Vpc) -> Iterable[IpEntry]:
    """Yield the routes of a gateway's namespace to the VPC's CIDR blocks."""
    for cidr in vpc.cidrs:
        yield IpEntry("route", f"{cidr} via {PEER_ADDRESS} dev {INSIDE} onlink")
