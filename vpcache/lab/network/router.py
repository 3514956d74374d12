"""A VPC's router: routes by route table, addresses checked, network ACLs, security groups. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv4Network

from vpcache.lab.addresses import resolver_addresses
from vpcache.lab.network.naming import (
    GATEWAY,
    GATEWAY_ADDRESS,
    LINK_LOCAL,
    PEER_ADDRESS,
    device,
    digest,
    endpoint_device,
    table_number,
)
from vpcache.lab.network.nft import chain, nft_map, nft_set, table
from vpcache.lab.network.steps import Line, Namespace
from vpcache.lab.topology import (
    AclEntry,
    GatewayEndpoint,
    Interface,
    InterfaceKind,
    NetworkAcl,
    Route,
    RouteTarget,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)

_ANYWHERE = IPv4Network("0.0.0.0/0")
_LOCAL_TABLE = 100  # the kernel's routing table for what is inside the VPC, before all route tables
_LOCAL_PRIORITY, _ROUTE_TABLE_PRIORITY = 100, 200  # of the kernel's routing rules
FORWARDING = (
    ("net/ipv4/ip_forward", "1"),
    # a new namespace has these from the host, a new device has them from `default`
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
)


def router(vpc: Vpc, isolated: Collection[str]) -> Namespace:
    """Return the router of a VPC, which lets nothing pass to or from the interfaces that are `isolated`."""
    subnets = _subnets(vpc)
    lines = [
        *(Line("address", f"{address}/32 dev lo") for address in resolver_addresses(vpc.cidr)),
        Line("rule", f"priority {_LOCAL_PRIORITY} lookup {_LOCAL_TABLE}"),
        Line("route", f"blackhole {vpc.cidr} table {_LOCAL_TABLE}"),
        Line("route", f"blackhole {LINK_LOCAL} table {_LOCAL_TABLE}"),
    ]
    if vpc.internet_gateway_id:
        lines.append(Line("address", f"{PEER_ADDRESS}/32 dev {GATEWAY}"))
    for endpoint in vpc.gateway_endpoints:
        lines.append(Line("address", f"{PEER_ADDRESS}/32 dev {endpoint_device(endpoint.id)}"))
    for interface in vpc.interfaces:
        wire = device(interface.id)
        lines.append(
            Line("address", f"{subnets[interface.subnet_id].cidr.network_address + 1}/32 dev {wire}")
        )
        lines += [
            Line("route", f"{address} dev {wire} table {_LOCAL_TABLE} scope link")
            for address in addresses(interface)
        ]
    interfaces = {interface.id: interface for interface in vpc.interfaces}
    for route_table in vpc.route_tables:
        number = table_number(route_table.id)
        lines.append(Line("rule", f"priority {_ROUTE_TABLE_PRIORITY} fwmark {number} lookup {number}"))
        lines += [
            Line("route", f"{_way(vpc, route, interfaces)} table {number}") for route in route_table.routes
        ]
    return Namespace(tuple(lines), FORWARDING, _ruleset(vpc, isolated))


def addresses(interface: Interface) -> tuple[IPv4Address, ...]:
    """Return all private addresses of an interface, the primary one first."""
    return (interface.address, *interface.secondary_addresses)


def _subnets(vpc: Vpc) -> dict[str, Subnet]:
    return {subnet.id: subnet for subnet in vpc.subnets}


def _way(vpc: Vpc, route: Route, interfaces: dict[str, Interface]) -> str:
    if route.target is RouteTarget.INTERNET_GATEWAY and vpc.internet_gateway_id:
        return f"{route.destination} via {GATEWAY_ADDRESS} dev {GATEWAY} onlink"
    if route.target is RouteTarget.INTERFACE and route.interface_id in interfaces:
        interface = interfaces[route.interface_id]
        return f"{route.destination} via {interface.address} dev {device(interface.id)} onlink"
    if route.target is RouteTarget.GATEWAY_ENDPOINT and route.endpoint_id:
        return f"{route.destination} via {GATEWAY_ADDRESS} dev {endpoint_device(route.endpoint_id)} onlink"
    return f"blackhole {route.destination}"


def _ruleset(vpc: Vpc, isolated: Collection[str]) -> str:
    subnets = _subnets(vpc)
    grouped = [each for each in vpc.interfaces if each.kind is not InterfaceKind.NAT_GATEWAY]
    checked = [each for each in grouped if each.source_dest_check]
    profiles = {_profile(each): each.security_groups for each in grouped}
    endpoints = [(_endpoint_quoted(each), "accept") for each in vpc.gateway_endpoints]
    guards = _guards(vpc)
    resolver = f"{{ {', '.join(map(str, resolver_addresses(vpc.cidr)))} }} meta l4proto {{ tcp, udp }}"
    return table(
        nft_set(
            "isolated",
            "ifname",
            (_quoted(each) for each in vpc.interfaces if each.id in isolated),
        ),
        nft_set("checked", "ifname", map(_quoted, checked)),
        nft_set(
            "owned",
            "ifname . ipv4_addr",
            (f"{_quoted(each)} . {address}" for each in checked for address in addresses(each)),
        ),
        nft_map(
            "route_table",
            "ifname : mark",
            (
                (_quoted(each), table_number(subnets[each.subnet_id].route_table_id))
                for each in vpc.interfaces
            ),
        ),
        nft_map(
            "leaving",
            "ifname : verdict",
            (
                (f'"{GATEWAY}"', "goto enter"),
                *((_quoted(each), f"goto leave_{_profile(each)}") for each in vpc.interfaces),
            ),
        ),
        nft_map(
            "entering",
            "ifname : verdict",
            (
                (f'"{GATEWAY}"', "accept"),
                *endpoints,
                *((_quoted(each), f"goto enter_{_profile(each)}") for each in vpc.interfaces),
            ),
        ),
        *_member_sets(vpc),
        chain(
            "arriving",
            "filter hook prerouting priority raw; policy accept",
            [
                "iifname @isolated drop",
                "iifname @checked iifname . ip saddr != @owned drop",
                "meta mark set iifname map @route_table",
            ],
        ),
        chain(
            "departing",
            "filter hook postrouting priority raw; policy accept",
            ["oifname @isolated drop"],
        ),
        chain(
            "input",
            "filter hook input priority filter; policy drop",
            [f'iifname != "{GATEWAY}" ip daddr {resolver} th dport 53 accept'],
        ),
        # nothing but the resolver's answers: the router's ICMP errors would tell what AWS keeps silent
        chain(
            "output",
            "filter hook output priority filter; policy drop",
            [f"ip saddr {resolver} th sport 53 accept"],
        ),
        chain(
            "forward",
            "filter hook forward priority filter; policy drop",
            [
                # network ACLs know no flows: each packet is looked at
                *(["iifname vmap @guards_out", "oifname vmap @guards_in"] if guards else []),
                "ct state established,related accept",
                "ct state invalid drop",
                "oifname @checked oifname . ip daddr != @owned drop",
                "iifname vmap @leaving",
            ],
        ),
        chain("enter", None, ["oifname vmap @entering"]),
        chain("leave_nat", None, ["goto enter"]),
        chain("enter_nat", None, [f'iifname != "{GATEWAY}" accept']),
        *guards,
        *(_group_chains(group) for group in vpc.security_groups),
        *(_profile_chains(vpc, profile, groups) for profile, groups in profiles.items()),
    )


def _member_sets(vpc: Vpc) -> Iterable[str]:
    """Yield a set of addresses for each security group that a rule speaks of."""
    rules = [rule for group in vpc.security_groups for rule in (*group.ingress, *group.egress)]
    for group in sorted({rule.peer for rule in rules if isinstance(rule.peer, str)}):
        members = [each for each in vpc.interfaces if group in each.security_groups]
        yield nft_set(
            f"members_{group}", "ipv4_addr", (address for each in members for address in addresses(each))
        )


def _group_chains(group: SecurityGroup) -> str:
    return "".join(
        (
            chain(f"out_{group.id}", None, [f"{_match(rule, 'daddr')} goto enter" for rule in group.egress]),
            chain(f"in_{group.id}", None, [f"{_match(rule, 'saddr')} accept" for rule in group.ingress]),
        )
    )


def _profile_chains(vpc: Vpc, profile: str, groups: Collection[str]) -> str:
    known = [group.id for group in vpc.security_groups if group.id in groups]
    return "".join(
        (
            chain(f"leave_{profile}", None, [f"jump out_{group}" for group in known]),
            chain(f"enter_{profile}", None, [*(f"jump in_{group}" for group in known), "drop"]),
        )
    )


def _match(rule: Rule, side: str) -> str:
    peer = f"@members_{rule.peer}" if isinstance(rule.peer, str) else str(rule.peer)
    return f"{_traffic(rule)}ip {side} {peer}"


def _traffic(rule: Rule | AclEntry) -> str:
    """Return what a rule says of protocol, ports or ICMP messages."""
    protocol = "" if rule.protocol == "all" else f"meta l4proto {rule.protocol} "
    if not rule.ports:
        return protocol
    low, high = rule.ports
    if rule.protocol == "icmp":
        kind, code = (
            f"icmp {name} {value} " if value >= 0 else "" for name, value in (("type", low), ("code", high))
        )
        return f"{protocol}{kind}{code}"
    return f"{protocol}th dport {low}-{high} "


def _guards(vpc: Vpc) -> tuple[str, ...]:
    """Return the chains of network ACLs and the way into them, nothing where all of them let all pass.

    What stays inside a subnet does not meet its ACL.
    """
    guarded = [
        (subnet, acl)
        for acl in vpc.network_acls
        if not _is_open(acl)
        for subnet in vpc.subnets
        if subnet.id in acl.subnet_ids
    ]
    if not guarded:
        return ()
    subnets = {subnet.id for subnet, _ in guarded}
    interfaces = [each for each in vpc.interfaces if each.subnet_id in subnets]
    parts = [
        nft_map(
            f"guards_{way}",
            "ifname : verdict",
            ((_quoted(each), f"jump {way}_{each.subnet_id}") for each in interfaces),
        )
        for way in ("out", "in")
    ]
    for subnet, acl in guarded:
        inside = f"inside_{subnet.id}"
        own = (_quoted(each) for each in interfaces if each.subnet_id == subnet.id)
        parts += [
            nft_set(inside, "ifname", own),
            chain(f"out_{subnet.id}", None, [f"oifname @{inside} return", f"goto out_{acl.id}"]),
            chain(f"in_{subnet.id}", None, [f"iifname @{inside} return", f"goto in_{acl.id}"]),
        ]
    for acl in {acl.id: acl for _, acl in guarded}.values():
        parts += [
            chain(f"out_{acl.id}", None, [*_acl_rules(acl.egress, "daddr"), "drop"]),
            chain(f"in_{acl.id}", None, [*_acl_rules(acl.ingress, "saddr"), "drop"]),
        ]
    return tuple(parts)


def _acl_rules(entries: Iterable[AclEntry], side: str) -> list[str]:
    return [
        f"{_traffic(entry)}ip {side} {entry.cidr} {'return' if entry.allows else 'drop'}"
        for entry in sorted(entries, key=lambda each: each.number)
    ]


def _is_open(acl: NetworkAcl) -> bool:
    """Tell whether an ACL lets everything pass, as a VPC's own does."""
    firsts = [
        min(entries, key=lambda each: each.number, default=None) for entries in (acl.ingress, acl.egress)
    ]
    return all(
        first and first.allows and first.protocol == "all" and first.cidr == _ANYWHERE for first in firsts
    )


def _quoted(interface: Interface) -> str:
    return f'"{device(interface.id)}"'


def _endpoint_quoted(endpoint: GatewayEndpoint) -> str:
    return f'"{endpoint_device(endpoint.id)}"'


def _profile(interface: Interface) -> str:
    """Return a name shared by the interfaces that are under the same security groups."""
    if interface.kind is InterfaceKind.NAT_GATEWAY:
        return "nat"
    return digest(" ".join(sorted(interface.security_groups)), 6).hex()
