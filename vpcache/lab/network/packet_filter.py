"""The packet filter of a VPC's router: source and destination checks, network ACLs, security groups. Pure.

The graph of nft chains. P is a profile, a set of security groups that some interfaces share; G is a group.

    prerouting    arriving     drop packets of isolated interfaces and forged source addresses;
                               mark the packet with the number of its subnet's route table
    (routing)     ip rules     first the table of the VPC's own addresses, then the table of the mark
    input         input        accept DNS requests to the resolver, drop the rest
    output        output       accept the resolver's answers, drop the rest
    forward       forward      1. outgoing network ACL of the packet's subnet (stateless):
                                    jump out_SUBNET, goto out_ACL
                               2. packets of known connections: goto known; drop invalid ones
                               3. drop packets for an address that the outgoing interface does not have
                               4. vmap @leaving, chosen by the incoming interface:
                                    interface with groups     leave_P: jump out_G for each group;
                                                              a matching egress rule: goto enter;
                                                              then goto group_egress
                                    NAT gateway               leave_nat: goto enter
                                    internet gateway          goto enter
                  known        incoming network ACL (jump in_SUBNET, goto in_ACL), accept
                  enter        1. incoming network ACL
                               2. vmap @entering, chosen by the outgoing interface:
                                    interface with groups     enter_P: jump in_G for each group;
                                                              a matching ingress rule: accept;
                                                              then goto group_ingress
                                    NAT gateway               enter_nat: accept, except from the internet
                                    internet gateway          accept
                                    gateway endpoint          accept
                  group_egress, group_ingress, acl_egress, acl_ingress
                               log the packet's header with this verdict, drop
                  accepted     log what passes interfaces of a flow log
    postrouting   departing    drop packets to isolated interfaces

`forward` has the policy drop: a packet that no chain accepts is dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from vpcache.lab.addresses import resolver_addresses
from vpcache.lab.flows.packets import Verdict
from vpcache.lab.network.acl_filter import acl_chains, cidr_match, quoted, traffic
from vpcache.lab.network.naming import (
    GATEWAY,
    LOG_GROUP,
    LOGGED_BYTES,
    digest,
    endpoint_device,
    table_number,
)
from vpcache.lab.network.nft import chain, log, nft_map, nft_set, table
from vpcache.lab.topology import (
    GatewayEndpoint,
    Interface,
    InterfaceKind,
    RouteTarget,
    Rule,
    SecurityGroup,
    Vpc,
)

NEIGHBOR_DISCOVERY = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
"""The rule that lets both ends of a link find each other's hardware address for IPv6."""


def packet_filter(vpc: Vpc, isolated: Collection[str]) -> str:
    """Return the nft ruleset of a VPC's router, which drops all packets to and from `isolated` interfaces."""
    grouped = [each for each in vpc.interfaces if each.kind is not InterfaceKind.NAT_GATEWAY]
    profiles = {_profile(interface): interface.security_groups for interface in grouped}
    guards = acl_chains(vpc)
    has_ipv6 = bool(vpc.ipv6_cidrs)
    return table(
        *_interface_sets(vpc, isolated),
        *_verdict_maps(vpc),
        *_member_sets(vpc),
        *_prerouting_and_postrouting_chains(has_ipv6=has_ipv6),
        *_resolver_chains(vpc),
        _forward_chain(has_acls=bool(guards), has_ipv6=has_ipv6),
        *_verdict_chains(vpc, has_acls=bool(guards)),
        chain("leave_nat", None, ["goto enter"]),
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
    yield nft_set("isolated", "ifname", (quoted(each) for each in vpc.interfaces if each.id in isolated))
    yield nft_set("checked", "ifname", map(quoted, checked))
    yield nft_set(
        "owned",
        "ifname . ipv4_addr",
        (f"{quoted(interface)} . {address}" for interface in checked for address in interface.addresses),
    )
    if vpc.ipv6_cidrs:
        yield nft_set(
            "owned_ipv6",
            "ifname . ipv6_addr",
            (f"{quoted(each)} . {address}" for each in checked for address in each.ipv6_addresses),
        )
        yield nft_set("public_ipv6", "ifname", map(quoted, _public_ipv6_interfaces(vpc)))


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
        (quoted(interface), table_number(subnets[interface.subnet_id].route_table_id))
        for interface in vpc.interfaces
    ]
    leaving = [(quoted(interface), f"goto leave_{_profile(interface)}") for interface in vpc.interfaces]
    entering = [(quoted(interface), f"goto enter_{_profile(interface)}") for interface in vpc.interfaces]
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
    guards = ["iifname vmap @guards_out"] if has_acls else []
    ipv6 = [
        "oifname @checked oifname . ip6 daddr != @owned_ipv6 drop",
        f'iifname "{GATEWAY}" meta nfproto ipv6 oifname != @public_ipv6 drop',
    ]
    return chain(
        "forward",
        "filter hook forward priority filter; policy drop",
        [
            *guards,
            f"ct state established,related {'goto known' if has_acls else 'accept'}",
            "ct state invalid drop",
            "oifname @checked oifname . ip daddr != @owned drop",
            *(ipv6 if has_ipv6 else ()),
            "iifname vmap @leaving",
        ],
    )


def _verdict_chains(vpc: Vpc, *, has_acls: bool) -> Iterable[str]:
    """Yield the chains that decide about packets that may leave, and those that log the decisions.

    A NAT gateway has no security group, so a flow log shows what the internet sends to it as accepted,
    although the gateway drops it: https://repost.aws/knowledge-center/vpc-analyze-inbound-traffic-nat-gateway
    """
    guards = ["oifname vmap @guards_in"] if has_acls else []
    accepted = _log(Verdict.ACCEPTED)
    logged = vpc.interfaces_with_accepted_traffic_logged()
    for verdict in (Verdict.GROUP_EGRESS, Verdict.GROUP_INGRESS, Verdict.ACL_EGRESS, Verdict.ACL_INGRESS):
        yield chain(_chain_name(verdict), None, [_log(verdict), "drop"])
    if logged:
        yield nft_set("logged", "ifname", map(quoted, logged))
        yield chain("log_accepted", None, [accepted])
        yield chain(
            _chain_name(Verdict.ACCEPTED),
            "filter hook forward priority filter + 10; policy accept",
            ["iifname @logged goto log_accepted", "oifname @logged goto log_accepted"],
        )
    if has_acls:
        yield chain("known", None, [*guards, "accept"])
    yield chain("enter", None, [*guards, "oifname vmap @entering"])
    from_internet = [f"oifname @logged {accepted}"] if logged else []
    yield chain("enter_nat", None, [f'iifname != "{GATEWAY}" accept', *from_internet])


def _log(verdict: Verdict) -> str:
    return log(verdict, LOG_GROUP, LOGGED_BYTES)


def _chain_name(verdict: Verdict) -> str:
    return verdict.replace(" ", "_")


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
    egress = [f"{traffic(rule)}{peer} goto enter" for rule, peer in _peers(group.egress, "daddr", has_ipv6)]
    ingress = [f"{traffic(rule)}{peer} accept" for rule, peer in _peers(group.ingress, "saddr", has_ipv6)]
    return chain(f"out_{group.id}", None, egress) + chain(f"in_{group.id}", None, ingress)


def _peers(rules: Iterable[Rule], side: str, has_ipv6: bool) -> Iterable[tuple[Rule, str]]:
    """Yield each rule with the expressions that match its peer: for a group, one for each IP version."""
    for rule in rules:
        if not isinstance(rule.peer, str):
            yield rule, cidr_match(rule.peer, side)
            continue
        yield rule, f"ip {side} @members_{rule.peer}"
        if has_ipv6:
            yield rule, f"ip6 {side} @ipv6_members_{rule.peer}"


def _profile_chains(vpc: Vpc, profile: str, groups: Collection[str]) -> str:
    groups_in_order = [group.id for group in vpc.security_groups if group.id in groups]
    return "".join(
        (
            chain(
                f"leave_{profile}",
                None,
                [*(f"jump out_{group}" for group in groups_in_order), "goto group_egress"],
            ),
            chain(
                f"enter_{profile}",
                None,
                [*(f"jump in_{group}" for group in groups_in_order), "goto group_ingress"],
            ),
        )
    )


def _endpoint_quoted(endpoint: GatewayEndpoint) -> str:
    return f'"{endpoint_device(endpoint.id)}"'


def _profile(interface: Interface) -> str:
    """Return a name shared by all interfaces with the same security groups."""
    if interface.kind is InterfaceKind.NAT_GATEWAY:
        return "nat"
    return digest(" ".join(sorted(interface.security_groups)), 6).hex()
