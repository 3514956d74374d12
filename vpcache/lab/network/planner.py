"""The network that a topology means to the kernel: namespaces, links, `ip` lines, nft rulesets. All pure."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address

from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.network.naming import (
    ETHERNET,
    GATEWAY,
    GATEWAY_ADDRESS,
    INSIDE,
    INTERNET,
    INTERNET_CLIENT,
    INTERNET_HOSTS,
    OUTSIDE,
    PEER_ADDRESS,
    device,
    endpoint_device,
    endpoint_namespace,
    gateway_namespace,
    interface_namespace,
    router_namespace,
    uplink,
)
from vpcache.lab.network.nft import chain, nft_map, nft_set, table
from vpcache.lab.network.router import FORWARDING, addresses, router
from vpcache.lab.network.steps import Line, Link, Namespace, Network
from vpcache.lab.settings import NAT_IDLE_SECONDS
from vpcache.lab.topology import GatewayEndpoint, Interface, InterfaceKind, Topology, Vpc


def plan(
    topology: Topology,
    isolated: frozenset[str] = frozenset(),
    down_hosts: frozenset[IPv4Address] = frozenset(),
    nat_idle_seconds: int = NAT_IDLE_SECONDS,
) -> Network:
    """Return the network that `topology` means.

    No packet passes to or from the interfaces whose ids are `isolated`, nor the internet's `down_hosts`. NAT
    gateways forget flows that are idle for `nat_idle_seconds`.
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
        if vpc.internet_gateway_id:
            gateway = gateway_namespace(vpc.id)
            namespaces[gateway] = _gateway(vpc)
            links.append(Link(hub, GATEWAY, gateway, INSIDE))
            links.append(Link(INTERNET, uplink(vpc.id), gateway, OUTSIDE))
    return Network(namespaces, tuple(links))


def _elastic(vpc: Vpc) -> list[tuple[IPv4Address, IPv4Address]]:
    """Return the pairs of private and elastic address that the VPC's internet gateway maps."""
    if not vpc.internet_gateway_id:
        return []
    return [(each.address, each.public_address) for each in vpc.interfaces if each.public_address]


def _internet(topology: Topology, down_hosts: Collection[IPv4Address]) -> Namespace:
    lines = [Line("route", f"local {INTERNET_HOSTS} dev lo")]
    for vpc in topology.vpcs:
        if vpc.internet_gateway_id:
            lines.append(Line("address", f"{PEER_ADDRESS}/32 dev {uplink(vpc.id)}"))
        for _, public in _elastic(vpc):
            way = f"via {GATEWAY_ADDRESS} dev {uplink(vpc.id)} onlink src {INTERNET_CLIENT}"
            lines.append(Line("route", f"{public} {way}"))
    ruleset = table(
        nft_set("down", "ipv4_addr", down_hosts),
        chain("arriving", "filter hook prerouting priority raw; policy accept", ["ip daddr @down drop"]),
        chain("answering", "filter hook output priority filter; policy accept", ["ip saddr @down drop"]),
    )
    return Namespace(tuple(lines), FORWARDING, ruleset)


def _gateway(vpc: Vpc) -> Namespace:
    lines = (
        Line("address", f"{GATEWAY_ADDRESS}/32 dev {INSIDE}"),
        Line("address", f"{GATEWAY_ADDRESS}/32 dev {OUTSIDE}"),
        Line("route", f"{vpc.cidr} via {PEER_ADDRESS} dev {INSIDE} onlink"),
        Line("route", f"default via {PEER_ADDRESS} dev {OUTSIDE} onlink"),
    )
    # without connection tracking, as on AWS: a mapping that is gone cuts its flows
    pairs = _elastic(vpc)
    ruleset = table(
        nft_map("public", "ipv4_addr : ipv4_addr", pairs),
        nft_map("private", "ipv4_addr : ipv4_addr", [(public, private) for private, public in pairs]),
        chain(
            "arriving",
            "filter hook prerouting priority raw; policy drop",
            [
                f'iifname "{INSIDE}" accept',
                f'iifname "{OUTSIDE}" ip daddr set ip daddr map @private accept',
            ],
        ),
        chain(
            "departing",
            "filter hook postrouting priority raw; policy drop",
            [f'oifname "{INSIDE}" accept', f'oifname "{OUTSIDE}" ip saddr set ip saddr map @public accept'],
        ),
    )
    return Namespace(lines, FORWARDING, ruleset)


def _interface(vpc: Vpc, interface: Interface, nat_idle_seconds: int) -> Namespace:
    subnet = next(each for each in vpc.subnets if each.id == interface.subnet_id)
    router_address = subnet.cidr.network_address + 1
    lines = (
        *(
            Line("address", f"{address}/{subnet.cidr.prefixlen} dev {ETHERNET} noprefixroute")
            for address in addresses(interface)
        ),
        Line("route", f"{router_address} dev {ETHERNET} scope link"),
        Line("route", f"default via {router_address} dev {ETHERNET}"),
    )
    if interface.kind is not InterfaceKind.NAT_GATEWAY:
        return Namespace(lines)
    ruleset = table(
        chain("input", "filter hook input priority filter; policy drop"),
        chain(
            "forward",
            "filter hook forward priority filter; policy drop",
            [
                "ct state established,related accept",
                f"ct state new ip saddr {vpc.cidr} accept",
                # a flow that was idle for too long
                f"ct state invalid ip saddr {vpc.cidr} meta l4proto tcp reject with tcp reset",
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
        ("net/netfilter/nf_conntrack_tcp_loose", "0"),  # a packet in mid-flow makes no new flow
        *((f"net/netfilter/nf_conntrack_{name}", str(nat_idle_seconds)) for name in timeouts),
    )
    return Namespace(lines, (*FORWARDING, *idle), ruleset)


def _endpoint(vpc: Vpc, endpoint: GatewayEndpoint) -> Namespace:
    """Return a place where a service answers on its public address, reached through a VPC's router alone."""
    return Namespace(
        (
            Line("address", f"{SERVICE_ADDRESSES[endpoint.service]}/32 dev lo"),
            Line("address", f"{GATEWAY_ADDRESS}/32 dev {INSIDE}"),
            Line("route", f"{vpc.cidr} via {PEER_ADDRESS} dev {INSIDE} onlink"),
        )
    )
