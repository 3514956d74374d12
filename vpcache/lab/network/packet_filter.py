"""The packet filter of a VPC's router: source and destination checks, network ACLs, security groups. Pure.

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

from vpcache.lab.addresses import resolver_addresses
from vpcache.lab.network.naming import GATEWAY, device, digest, endpoint_device, table_number
from vpcache.lab.network.nft import chain, nft_map, nft_set, table
from vpcache.lab.topology import (
    AclEntry,
    GatewayEndpoint,
    Interface,
    InterfaceKind,
    IpNetwork,
    NetworkAcl,
    RouteTarget,
    Rule,
    SecurityGroup,
    Subnet,
    Vpc,
)

NEIGHBOR_DISCOVERY = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
"""The rule that lets both ends of a link find each other's hardware address for IPv6."""


def packet_filter(vpc: Vpc, isolated: Collection[str]) -> str:
    """Return the nft ruleset of a VPC's router, which drops all packets to and from `isolated` interfaces."""
    grouped = [each for each in vpc.interfaces if each.kind is not InterfaceKind.NAT_GATEWAY]
    profiles = {_profile(interface): interface.security_groups for interface in grouped}
    guards = _acl_chains(vpc)
    has_ipv6 = bool(vpc.ipv6_cidrs)
    return table(
        *_interface_sets(vpc, isolated),
        *_verdict_maps(vpc),
        *_member_sets(vpc),
        *_prerouting_and_postrouting_chains(has_ipv6=has_ipv6),
        *_resolver_chains(vpc),
        _forward_chain(has_acls=bool(guards), has_ipv6=has_ipv6),
        chain("enter", None, ["oifname vmap @entering"]),
        chain("leave_nat", None, ["goto enter"]),
        chain("enter_nat", None, [f'iifname != "{GATEWAY}" accept']),
        *guards,
        *(_group_chains(group, has_ipv6=has_ipv6) for group in vpc.security_groups),
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
        (f"{_quoted(interface)} . {address}" for interface in checked for address in interface.addresses),
    )
    if vpc.ipv6_cidrs:
        yield nft_set(
            "owned_ipv6",
            "ifname . ipv6_addr",
            (f"{_quoted(each)} . {address}" for each in checked for address in each.ipv6_addresses),
        )
        yield nft_set("public_ipv6", "ifname", map(_quoted, _public_ipv6_interfaces(vpc)))


def _public_ipv6_interfaces(vpc: Vpc) -> list[Interface]:
    """Return the interfaces that accept connections over IPv6 from the internet.

    They are those in subnets with a route to the internet gateway. An egress-only internet gateway is
    stateful and forwards responses only.
    https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html
    """
    public_tables = {
        table.id
        for table in vpc.route_tables
        for route in table.routes
        if route.destination.version == 6 and route.target is RouteTarget.INTERNET_GATEWAY
    }
    subnets = vpc.subnets_by_id()
    return [each for each in vpc.interfaces if subnets[each.subnet_id].route_table_id in public_tables]


def _verdict_maps(vpc: Vpc) -> Iterable[str]:
    """Yield the maps from an interface to the mark of its route table, and to its leave and enter chains."""
    subnets = vpc.subnets_by_id()
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


def _prerouting_and_postrouting_chains(*, has_ipv6: bool) -> Iterable[str]:
    ipv6 = [NEIGHBOR_DISCOVERY, "iifname @checked iifname . ip6 saddr != @owned_ipv6 drop"]
    yield chain(
        "arriving",
        "filter hook prerouting priority raw; policy accept",
        [
            "iifname @isolated drop",
            *(ipv6 if has_ipv6 else ()),
            "iifname @checked iifname . ip saddr != @owned drop",
            "meta mark set iifname map @route_table",
        ],
    )
    yield chain(
        "departing", "filter hook postrouting priority raw; policy accept", ["oifname @isolated drop"]
    )


def _resolver_chains(vpc: Vpc) -> Iterable[str]:
    neighbors = [NEIGHBOR_DISCOVERY] if vpc.ipv6_cidrs else []
    resolver = f"{{ {', '.join(map(str, resolver_addresses(vpc.cidr)))} }} meta l4proto {{ tcp, udp }}"
    yield chain(
        "input",
        "filter hook input priority filter; policy drop",
        [f'iifname != "{GATEWAY}" ip daddr {resolver} th dport 53 accept', *neighbors],
    )
    # the router's own ICMP errors are dropped: AWS sends none
    yield chain(
        "output",
        "filter hook output priority filter; policy drop",
        [f"ip saddr {resolver} th sport 53 accept", *neighbors],
    )


def _forward_chain(*, has_acls: bool, has_ipv6: bool) -> str:
    # network ACLs are stateless: they see each packet, also those of known connections
    guards = ["iifname vmap @guards_out", "oifname vmap @guards_in"] if has_acls else []
    ipv6 = [
        "oifname @checked oifname . ip6 daddr != @owned_ipv6 drop",
        f'iifname "{GATEWAY}" meta nfproto ipv6 oifname != @public_ipv6 drop',
    ]
    return chain(
        "forward",
        "filter hook forward priority filter; policy drop",
        [
            *guards,
            "ct state established,related accept",
            "ct state invalid drop",
            "oifname @checked oifname . ip daddr != @owned drop",
            *(ipv6 if has_ipv6 else ()),
            "iifname vmap @leaving",
        ],
    )


def _member_sets(vpc: Vpc) -> Iterable[str]:
    """Yield the addresses of the members of each security group that a rule refers to."""
    rules = [rule for group in vpc.security_groups for rule in (*group.ingress, *group.egress)]
    for group in sorted({rule.peer for rule in rules if isinstance(rule.peer, str)}):
        members = [interface for interface in vpc.interfaces if group in interface.security_groups]
        member_addresses = (address for interface in members for address in interface.addresses)
        yield nft_set(f"members_{group}", "ipv4_addr", member_addresses)
        if vpc.ipv6_cidrs:
            ipv6_addresses = (address for interface in members for address in interface.ipv6_addresses)
            yield nft_set(f"ipv6_members_{group}", "ipv6_addr", ipv6_addresses)


def _group_chains(group: SecurityGroup, *, has_ipv6: bool) -> str:
    egress = [f"{_traffic(rule)}{peer} goto enter" for rule, peer in _peers(group.egress, "daddr", has_ipv6)]
    ingress = [f"{_traffic(rule)}{peer} accept" for rule, peer in _peers(group.ingress, "saddr", has_ipv6)]
    return chain(f"out_{group.id}", None, egress) + chain(f"in_{group.id}", None, ingress)


def _peers(rules: Iterable[Rule], side: str, has_ipv6: bool) -> Iterable[tuple[Rule, str]]:
    """Yield each rule with the expressions that match its peer: for a group, one for each IP version."""
    for rule in rules:
        if not isinstance(rule.peer, str):
            yield rule, _cidr_match(rule.peer, side)
            continue
        yield rule, f"ip {side} @members_{rule.peer}"
        if has_ipv6:
            yield rule, f"ip6 {side} @ipv6_members_{rule.peer}"


def _cidr_match(cidr: IpNetwork, side: str) -> str:
    return f"{'ip' if cidr.version == 4 else 'ip6'} {side} {cidr}"


def _profile_chains(vpc: Vpc, profile: str, groups: Collection[str]) -> str:
    groups_in_order = [group.id for group in vpc.security_groups if group.id in groups]
    return "".join(
        (
            chain(f"leave_{profile}", None, [f"jump out_{group}" for group in groups_in_order]),
            chain(f"enter_{profile}", None, [*(f"jump in_{group}" for group in groups_in_order), "drop"]),
        )
    )


def _traffic(rule: Rule | AclEntry) -> str:
    """Return the part of a rule that matches protocol, ports or ICMP messages."""
    name = "ipv6-icmp" if rule.protocol == "icmpv6" else rule.protocol
    protocol = "" if rule.protocol == "all" else f"meta l4proto {name} "
    if not rule.ports:
        return protocol
    low, high = rule.ports
    if rule.protocol in ("icmp", "icmpv6"):
        kind, code = (
            f"{rule.protocol} {name} {value} " if value >= 0 else ""
            for name, value in (("type", low), ("code", high))
        )
        return f"{protocol}{kind}{code}"
    return f"{protocol}th dport {low}-{high} "


def _acl_chains(vpc: Vpc) -> tuple[str, ...]:
    """Return the chains of network ACLs and the maps that lead to them, nothing if all ACLs allow everything.

    A network ACL does not apply to packets within its subnet.
    """
    versions = (4, 6) if vpc.ipv6_cidrs else (4,)
    filtered = [
        (subnet, acl)
        for acl in vpc.network_acls
        if not _allows_everything(acl, versions)
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
        f"{_traffic(entry)}{_cidr_match(entry.cidr, side)} {'return' if entry.allows else 'drop'}"
        for entry in sorted(entries, key=lambda each: each.number)
    ]


def _allows_everything(acl: NetworkAcl, versions: Collection[int]) -> bool:
    """Return whether an ACL allows all packets of the IP versions, as the default ACL of a VPC does."""
    return all(
        _first_allows_everything([each for each in entries if each.cidr.version == version])
        for entries in (acl.ingress, acl.egress)
        for version in versions
    )


def _first_allows_everything(entries: Iterable[AclEntry]) -> bool:
    first = min(entries, key=lambda each: each.number, default=None)
    return bool(first and first.allows and first.protocol == "all" and first.cidr.prefixlen == 0)


def _quoted(interface: Interface) -> str:
    return f'"{device(interface.id)}"'


def _endpoint_quoted(endpoint: GatewayEndpoint) -> str:
    return f'"{endpoint_device(endpoint.id)}"'


def _profile(interface: Interface) -> str:
    """Return a name shared by all interfaces with the same security groups."""
    if interface.kind is InterfaceKind.NAT_GATEWAY:
        return "nat"
    return digest(" ".join(sorted(interface.security_groups)), 6).hex()
