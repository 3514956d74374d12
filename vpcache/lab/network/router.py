"""A VPC's router: route tables, source and destination checks, network ACLs, security groups. Pure.

The graph of nft chains. P is a profile, a set of security groups that some interfaces share; G is a group.

    prerouting    arriving     drop packets of isolated interfaces and forged source addresses;
                               mark the packet with the number of its subnet's route table
    (routing)     ip rules     first the table of the VPC's own addresses, then the table of the mark
    input         input        accept DNS requests to the resolver, drop the rest
    output        output       accept the resolver's answers, drop the rest
    forward       forward      1. outgoing and incoming network ACL of the packet's subnets (stateless):
                                    jump out_SUBNET, goto out_ACL; jump in_SUBNET, goto in_ACL
                               2. accept packets of known connections, drop invalid ones
                               3. drop packets for an address that the outgoing interface does not have
                               4. vmap @leaving, chosen by the incoming interface:
                                    interface with groups     leave_P: jump out_G for each group;
                                                              a matching egress rule: goto enter
                                    NAT gateway               leave_nat: goto enter
                                    internet gateway          goto enter
                  enter        vmap @entering, chosen by the outgoing interface:
                                    interface with groups     enter_P: jump in_G for each group;
                                                              a matching ingress rule: accept; then drop
                                    NAT gateway               enter_nat: accept, except from the internet
                                    internet gateway          accept
                                    gateway endpoint          accept
    postrouting   departing    drop packets to isolated interfaces

`forward` has the policy drop: a packet that no chain accepts is dropped.
"""

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
from vpcache.lab.network.steps import IpEntry, Namespace
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
_LOCAL_TABLE = 100  # the kernel's routing table of the VPC's own addresses; it precedes all route tables
_LOCAL_PRIORITY, _ROUTE_TABLE_PRIORITY = 100, 200  # of the kernel's routing rules
FORWARDING = (
    ("net/ipv4/ip_forward", "1"),
    # a new namespace copies these from the host, a new device copies them from `default`
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
)


def router(vpc: Vpc, isolated: Collection[str]) -> Namespace:
    """Return the namespace of a VPC's router, which drops all packets to and from `isolated` interfaces."""
    subnets = _subnets(vpc)
    entries = [
        *(IpEntry("address", f"{address}/32 dev lo") for address in resolver_addresses(vpc.cidr)),
        IpEntry("rule", f"priority {_LOCAL_PRIORITY} lookup {_LOCAL_TABLE}"),
        *(IpEntry("route", f"blackhole {cidr} table {_LOCAL_TABLE}") for cidr in vpc.cidrs),
        IpEntry("route", f"blackhole {LINK_LOCAL} table {_LOCAL_TABLE}"),
    ]
    if vpc.internet_gateway_id:
        entries.append(IpEntry("address", f"{PEER_ADDRESS}/32 dev {GATEWAY}"))
    for endpoint in vpc.gateway_endpoints:
        entries.append(IpEntry("address", f"{PEER_ADDRESS}/32 dev {endpoint_device(endpoint.id)}"))
    for interface in vpc.interfaces:
        link = device(interface.id)
        entries.append(
            IpEntry("address", f"{subnets[interface.subnet_id].cidr.network_address + 1}/32 dev {link}")
        )
        entries += [
            IpEntry("route", f"{address} dev {link} table {_LOCAL_TABLE} scope link")
            for address in addresses(interface)
        ]
    interfaces = {interface.id: interface for interface in vpc.interfaces}
    for route_table in vpc.route_tables:
        number = table_number(route_table.id)
        routes = [_route_entry(vpc, route, interfaces) for route in route_table.routes]
        entries.append(IpEntry("rule", f"priority {_ROUTE_TABLE_PRIORITY} fwmark {number} lookup {number}"))
        entries += [IpEntry("route", f"{route} table {number}") for route in routes]
    return Namespace(tuple(entries), FORWARDING, _ruleset(vpc, isolated))


def addresses(interface: Interface) -> tuple[IPv4Address, ...]:
    """Return all private addresses of an interface, the primary one first."""
    return (interface.address, *interface.secondary_addresses)


def _subnets(vpc: Vpc) -> dict[str, Subnet]:
    return {subnet.id: subnet for subnet in vpc.subnets}


def _route_entry(vpc: Vpc, route: Route, interfaces: dict[str, Interface]) -> str:
    if route.target is RouteTarget.INTERNET_GATEWAY and vpc.internet_gateway_id:
        return f"{route.destination} via {GATEWAY_ADDRESS} dev {GATEWAY} onlink"
    if route.target is RouteTarget.INTERFACE and route.interface_id in interfaces:
        interface = interfaces[route.interface_id]
        return f"{route.destination} via {interface.address} dev {device(interface.id)} onlink"
    if route.target is RouteTarget.GATEWAY_ENDPOINT and route.endpoint_id:
        return f"{route.destination} via {GATEWAY_ADDRESS} dev {endpoint_device(route.endpoint_id)} onlink"
    return f"blackhole {route.destination}"


def _ruleset(vpc: Vpc, isolated: Collection[str]) -> str:
    grouped = [each for each in vpc.interfaces if each.kind is not InterfaceKind.NAT_GATEWAY]
    profiles = {_profile(interface): interface.security_groups for interface in grouped}
    guards = _acl_chains(vpc)
    return table(
        *_interface_sets(vpc, isolated),
        *_verdict_maps(vpc),
        *_member_sets(vpc),
        *_prerouting_and_postrouting_chains(),
        *_resolver_chains(vpc),
        _forward_chain(has_acls=bool(guards)),
        chain("enter", None, ["oifname vmap @entering"]),
        chain("leave_nat", None, ["goto enter"]),
        chain("enter_nat", None, [f'iifname != "{GATEWAY}" accept']),
        *guards,
        *(_group_chains(group) for group in vpc.security_groups),
        *(_profile_chains(vpc, profile, groups) for profile, groups in profiles.items()),
    )


def _interface_sets(vpc: Vpc, isolated: Collection[str]) -> Iterable[str]:
    """Yield the sets of isolated interfaces, and of the addresses that checked interfaces may use."""
    checked = [
        interface
        for interface in vpc.interfaces
        if interface.kind is not InterfaceKind.NAT_GATEWAY and interface.source_dest_check
    ]
    yield nft_set("isolated", "ifname", (_quoted(each) for each in vpc.interfaces if each.id in isolated))
    yield nft_set("checked", "ifname", map(_quoted, checked))
    yield nft_set(
        "owned",
        "ifname . ipv4_addr",
        (f"{_quoted(interface)} . {address}" for interface in checked for address in addresses(interface)),
    )


def _verdict_maps(vpc: Vpc) -> Iterable[str]:
    """Yield the maps from an interface to the mark of its route table, and to its leave and enter chains."""
    subnets = _subnets(vpc)
    gateway = f'"{GATEWAY}"'
    endpoints = [(_endpoint_quoted(endpoint), "accept") for endpoint in vpc.gateway_endpoints]
    marks = [
        (_quoted(interface), table_number(subnets[interface.subnet_id].route_table_id))
        for interface in vpc.interfaces
    ]
    leaving = [(_quoted(interface), f"goto leave_{_profile(interface)}") for interface in vpc.interfaces]
    entering = [(_quoted(interface), f"goto enter_{_profile(interface)}") for interface in vpc.interfaces]
    yield nft_map("route_table", "ifname : mark", marks)
    yield nft_map("leaving", "ifname : verdict", [(gateway, "goto enter"), *leaving])
    yield nft_map("entering", "ifname : verdict", [(gateway, "accept"), *endpoints, *entering])


def _prerouting_and_postrouting_chains() -> Iterable[str]:
    yield chain(
        "arriving",
        "filter hook prerouting priority raw; policy accept",
        [
            "iifname @isolated drop",
            "iifname @checked iifname . ip saddr != @owned drop",
            "meta mark set iifname map @route_table",
        ],
    )
    yield chain(
        "departing", "filter hook postrouting priority raw; policy accept", ["oifname @isolated drop"]
    )


def _resolver_chains(vpc: Vpc) -> Iterable[str]:
    resolver = f"{{ {', '.join(map(str, resolver_addresses(vpc.cidr)))} }} meta l4proto {{ tcp, udp }}"
    yield chain(
        "input",
        "filter hook input priority filter; policy drop",
        [f'iifname != "{GATEWAY}" ip daddr {resolver} th dport 53 accept'],
    )
    # the router's own ICMP errors are dropped: AWS sends none
    yield chain(
        "output",
        "filter hook output priority filter; policy drop",
        [f"ip saddr {resolver} th sport 53 accept"],
    )


def _forward_chain(*, has_acls: bool) -> str:
    # network ACLs are stateless: they see each packet, also those of known connections
    guards = ["iifname vmap @guards_out", "oifname vmap @guards_in"] if has_acls else []
    return chain(
        "forward",
        "filter hook forward priority filter; policy drop",
        [
            *guards,
            "ct state established,related accept",
            "ct state invalid drop",
            "oifname @checked oifname . ip daddr != @owned drop",
            "iifname vmap @leaving",
        ],
    )


def _member_sets(vpc: Vpc) -> Iterable[str]:
    """Yield the addresses of the members of each security group that a rule refers to."""
    rules = [rule for group in vpc.security_groups for rule in (*group.ingress, *group.egress)]
    for group in sorted({rule.peer for rule in rules if isinstance(rule.peer, str)}):
        members = [interface for interface in vpc.interfaces if group in interface.security_groups]
        member_addresses = (address for interface in members for address in addresses(interface))
        yield nft_set(f"members_{group}", "ipv4_addr", member_addresses)


def _group_chains(group: SecurityGroup) -> str:
    return "".join(
        (
            chain(f"out_{group.id}", None, [f"{_match(rule, 'daddr')} goto enter" for rule in group.egress]),
            chain(f"in_{group.id}", None, [f"{_match(rule, 'saddr')} accept" for rule in group.ingress]),
        )
    )


def _profile_chains(vpc: Vpc, profile: str, groups: Collection[str]) -> str:
    groups_in_order = [group.id for group in vpc.security_groups if group.id in groups]
    return "".join(
        (
            chain(f"leave_{profile}", None, [f"jump out_{group}" for group in groups_in_order]),
            chain(f"enter_{profile}", None, [*(f"jump in_{group}" for group in groups_in_order), "drop"]),
        )
    )


def _match(rule: Rule, side: str) -> str:
    peer = f"@members_{rule.peer}" if isinstance(rule.peer, str) else str(rule.peer)
    return f"{_traffic(rule)}ip {side} {peer}"


def _traffic(rule: Rule | AclEntry) -> str:
    """Return the part of a rule that matches protocol, ports or ICMP messages."""
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


def _acl_chains(vpc: Vpc) -> tuple[str, ...]:
    """Return the chains of network ACLs and the maps that lead to them, nothing if all ACLs allow everything.

    A network ACL does not apply to packets within its subnet.
    """
    filtered = [
        (subnet, acl)
        for acl in vpc.network_acls
        if not _allows_everything(acl)
        for subnet in vpc.subnets
        if subnet.id in acl.subnet_ids
    ]
    if not filtered:
        return ()
    subnet_ids = {subnet.id for subnet, _ in filtered}
    interfaces = [interface for interface in vpc.interfaces if interface.subnet_id in subnet_ids]
    acls = {acl.id: acl for _, acl in filtered}
    return (
        *_guard_maps(interfaces),
        *(text for subnet, acl in filtered for text in _subnet_chains(subnet, acl, interfaces)),
        *(text for acl in acls.values() for text in _entry_chains(acl)),
    )


def _guard_maps(interfaces: Collection[Interface]) -> Iterable[str]:
    for direction in ("out", "in"):
        jumps = [(_quoted(interface), f"jump {direction}_{interface.subnet_id}") for interface in interfaces]
        yield nft_map(f"guards_{direction}", "ifname : verdict", jumps)


def _subnet_chains(subnet: Subnet, acl: NetworkAcl, interfaces: Iterable[Interface]) -> Iterable[str]:
    """Yield the chains that lead from a subnet to its ACL, except for packets that stay in the subnet."""
    inside = f"inside_{subnet.id}"
    members = [_quoted(interface) for interface in interfaces if interface.subnet_id == subnet.id]
    yield nft_set(inside, "ifname", members)
    yield chain(f"out_{subnet.id}", None, [f"oifname @{inside} return", f"goto out_{acl.id}"])
    yield chain(f"in_{subnet.id}", None, [f"iifname @{inside} return", f"goto in_{acl.id}"])


def _entry_chains(acl: NetworkAcl) -> Iterable[str]:
    yield chain(f"out_{acl.id}", None, [*_acl_rules(acl.egress, "daddr"), "drop"])
    yield chain(f"in_{acl.id}", None, [*_acl_rules(acl.ingress, "saddr"), "drop"])


def _acl_rules(entries: Iterable[AclEntry], side: str) -> list[str]:
    return [
        f"{_traffic(entry)}ip {side} {entry.cidr} {'return' if entry.allows else 'drop'}"
        for entry in sorted(entries, key=lambda each: each.number)
    ]


def _allows_everything(acl: NetworkAcl) -> bool:
    """Return whether an ACL allows everything, as the default ACL of a VPC does."""
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
    """Return a name shared by all interfaces with the same security groups."""
    if interface.kind is InterfaceKind.NAT_GATEWAY:
        return "nat"
    return digest(" ".join(sorted(interface.security_groups)), 6).hex()
