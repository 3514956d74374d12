"""The network that a topology means to the kernel: namespaces, links, `ip` lines, nft rulesets. All pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from vpcache.lab.resolver import resolver_address
from vpcache.lab.topology import (
    Interface,
    InterfaceKind,
    Route,
    RouteTarget,
    Rule,
    SecurityGroup,
    Subnet,
    Topology,
    Vpc,
)

T = TypeVar("T")

INTERNET = "internet"
"""The namespace of all that lives outside every VPC."""
INTERNET_HOSTS = IPv4Network("198.51.100.0/24")
"""Each address of this range is the internet's own: a service there may bind any of them."""
INTERNET_CLIENT = INTERNET_HOSTS.network_address + 1
"""The address that a connection from the internet to an elastic IP has unless it binds another."""

_ETHERNET = "eth0"  # an interface's device in its own namespace
_GATEWAY = "gateway"  # the router's device towards the internet gateway
_INSIDE, _OUTSIDE = "vpc", "internet"  # the internet gateway's devices
_GATEWAY_ADDRESS = IPv4Address("169.254.0.2")  # of the internet gateway, on both its links
_PEER_ADDRESS = IPv4Address("169.254.0.1")  # of whoever is at the other end of such a link
_LINK_LOCAL = IPv4Network("169.254.0.0/16")
_LOCAL_TABLE = 100  # the kernel's routing table for what is inside the VPC, before all route tables
_LOCAL_PRIORITY, _ROUTE_TABLE_PRIORITY = 100, 200  # of the kernel's routing rules
_FIRST_TABLE = 1000  # numbers below are the kernel's and ours
_FORWARDING = (
    ("net/ipv4/ip_forward", "1"),
    # a new namespace has these from the host, a new device has them from `default`
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv4/conf/all/send_redirects", "0"),
    ("net/ipv4/conf/default/send_redirects", "0"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """What `ip <object> add <arguments>` makes and `ip <object> del <arguments>` takes away."""

    object: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace: its lines in the order in which they can be added, its sysctls by path,
    its nft ruleset."""

    lines: tuple[Line, ...] = ()
    sysctls: tuple[tuple[str, str], ...] = ()
    ruleset: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A veth pair between two namespaces."""

    namespace: str
    device: str
    peer_namespace: str
    peer_device: str


@dataclass(frozen=True, slots=True)
class Network:
    """Namespaces by name, and the links between them."""

    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class IpBatch:
    """Commands for one `ip -batch` in `namespace`, or in none of the network's if None."""

    namespace: str | None
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sysctls:
    """Values to write under /proc/sys, as `namespace` sees it."""

    namespace: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Text for one `nft -f -` in `namespace`; it replaces all rules there in one transaction."""

    namespace: str
    text: str


Step = IpBatch | Sysctls | Ruleset


def router_namespace(vpc_id: str) -> str:
    """Return the namespace of a VPC's router, where its resolver listens."""
    return f"router-{vpc_id}"


def gateway_namespace(vpc_id: str) -> str:
    """Return the namespace of the internet gateway attached to a VPC."""
    return f"gateway-{vpc_id}"


def interface_namespace(interface_id: str) -> str:
    """Return the namespace of a network interface, where the processes behind it live."""
    return f"interface-{interface_id}"


def plan(
    topology: Topology,
    severed: frozenset[str] = frozenset(),
    down_hosts: frozenset[IPv4Address] = frozenset(),
) -> Network:
    """Return the network that `topology` means.

    No packet passes to or from the interfaces whose ids are `severed`, nor the internet's `down_hosts`.
    """
    namespaces = {INTERNET: _internet(topology, down_hosts)}
    links = []
    for vpc in topology.vpcs:
        router = router_namespace(vpc.id)
        namespaces[router] = _router(vpc, severed)
        for interface in vpc.interfaces:
            namespace = interface_namespace(interface.id)
            namespaces[namespace] = _interface(vpc, interface)
            links.append(Link(router, _device(interface.id), namespace, _ETHERNET))
        if vpc.internet_gateway_id:
            gateway = gateway_namespace(vpc.id)
            namespaces[gateway] = _gateway(vpc)
            links.append(Link(router, _GATEWAY, gateway, _INSIDE))
            links.append(Link(INTERNET, _uplink(vpc.id), gateway, _OUTSIDE))
    return Network(namespaces, tuple(links))


def changes(old: Network, new: Network) -> tuple[Step, ...]:
    """Return the steps that make `new` out of a standing `old`, none if they are equal.

    Links are deleted by name, since a namespace lives on, with its links, as long as a process in it does.
    A namespace's rules stand before its new links come up.
    """
    return (*_removals(old, new), *_additions(old, new))


def _removals(old: Network, new: Network) -> Iterable[Step]:
    yield from _batches(
        (name, f"{line.object} del {line.arguments}")
        for name in old.namespaces
        if name in new.namespaces
        for line in reversed(_without(old.namespaces[name].lines, new.namespaces[name].lines))
    )
    yield from _batches(
        (link.namespace, f"link del {link.device}") for link in _without(old.links, new.links)
    )
    if dead := _without(old.namespaces, new.namespaces):
        yield IpBatch(None, tuple(f"netns del {name}" for name in dead))


def _additions(old: Network, new: Network) -> Iterable[Step]:
    born, links = _without(new.namespaces, old.namespaces), _without(new.links, old.links)
    pairs = [
        (namespace, old.namespaces.get(name, Namespace()), name) for name, namespace in new.namespaces.items()
    ]
    if born:
        yield IpBatch(None, tuple(f"netns add {name}" for name in born))
    for wanted, standing, name in pairs:
        if values := _without(wanted.sysctls, standing.sysctls):
            yield Sysctls(name, values)
    if links:
        yield IpBatch(None, tuple(_creation(link) for link in links))
    for wanted, standing, name in pairs:
        if wanted.ruleset != standing.ruleset:
            yield Ruleset(name, f"flush ruleset\n{wanted.ruleset}")
    yield from _batches(
        [
            *((name, "link set lo up") for name in born),
            *((end, f"link set {device} up") for link in links for end, device in _ends(link)),
            *(
                (name, f"{line.object} add {line.arguments}")
                for wanted, standing, name in pairs
                for line in _without(wanted.lines, standing.lines)
            ),
        ]
    )


def _without(items: Iterable[T], others: Iterable[T]) -> tuple[T, ...]:
    absent = set(others)
    return tuple(item for item in items if item not in absent)


def _batches(commands: Iterable[tuple[str, str]]) -> Iterable[IpBatch]:
    """Gather (namespace, command) pairs into one batch for each namespace."""
    by_namespace: dict[str, list[str]] = {}
    for namespace, command in commands:
        by_namespace.setdefault(namespace, []).append(command)
    return (IpBatch(namespace, tuple(batch)) for namespace, batch in by_namespace.items())


def _creation(link: Link) -> str:
    return (
        f"link add {link.device} netns {link.namespace} type veth "
        f"peer name {link.peer_device} netns {link.peer_namespace}"
    )


def _ends(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    return (link.namespace, link.device), (link.peer_namespace, link.peer_device)


def _digest(identity: str, size: int) -> bytes:
    return blake2b(identity.encode(), digest_size=size).digest()


def _device(interface_id: str) -> str:
    """Return the router's device towards an interface: at most 15 characters, as the kernel wants."""
    return f"e-{_digest(interface_id, 6).hex()}"


def _uplink(vpc_id: str) -> str:
    """Return the internet's device towards a VPC's internet gateway."""
    return f"g-{_digest(vpc_id, 6).hex()}"


def _table(route_table_id: str) -> int:
    """Return the number of a route table: the kernel's table and the mark of packets under it."""
    return _FIRST_TABLE + int.from_bytes(_digest(route_table_id, 4)) % (2**31 - _FIRST_TABLE)


def _profile(interface: Interface) -> str:
    """Return a name shared by the interfaces that are under the same security groups."""
    if interface.kind is InterfaceKind.NAT_GATEWAY:
        return "nat"
    return _digest(" ".join(sorted(interface.security_groups)), 6).hex()


def _addresses(interface: Interface) -> tuple[IPv4Address, ...]:
    return (interface.address, *interface.secondary_addresses)


def _elastic(vpc: Vpc) -> list[tuple[IPv4Address, IPv4Address]]:
    """Return the pairs of private and elastic address that the VPC's internet gateway maps."""
    if not vpc.internet_gateway_id:
        return []
    return [(each.address, each.public_address) for each in vpc.interfaces if each.public_address]


def _internet(topology: Topology, down_hosts: Collection[IPv4Address]) -> Namespace:
    lines = [Line("route", f"local {INTERNET_HOSTS} dev lo")]
    for vpc in topology.vpcs:
        if vpc.internet_gateway_id:
            lines.append(Line("address", f"{_PEER_ADDRESS}/32 dev {_uplink(vpc.id)}"))
        for _, public in _elastic(vpc):
            way = f"via {_GATEWAY_ADDRESS} dev {_uplink(vpc.id)} onlink src {INTERNET_CLIENT}"
            lines.append(Line("route", f"{public} {way}"))
    ruleset = _table_text(
        _set("down", "ipv4_addr", down_hosts),
        _chain("arriving", "filter hook prerouting priority raw; policy accept", ["ip daddr @down drop"]),
        _chain("answering", "filter hook output priority filter; policy accept", ["ip saddr @down drop"]),
    )
    return Namespace(tuple(lines), _FORWARDING, ruleset)


def _gateway(vpc: Vpc) -> Namespace:
    lines = (
        Line("address", f"{_GATEWAY_ADDRESS}/32 dev {_INSIDE}"),
        Line("address", f"{_GATEWAY_ADDRESS}/32 dev {_OUTSIDE}"),
        Line("route", f"{vpc.cidr} via {_PEER_ADDRESS} dev {_INSIDE} onlink"),
        Line("route", f"default via {_PEER_ADDRESS} dev {_OUTSIDE} onlink"),
    )
    # without connection tracking, as on AWS: a mapping that is gone cuts its flows
    pairs = _elastic(vpc)
    ruleset = _table_text(
        _map("public", "ipv4_addr : ipv4_addr", pairs),
        _map("private", "ipv4_addr : ipv4_addr", [(public, private) for private, public in pairs]),
        _chain(
            "arriving",
            "filter hook prerouting priority raw; policy drop",
            [
                f'iifname "{_INSIDE}" accept',
                f'iifname "{_OUTSIDE}" ip daddr set ip daddr map @private accept',
            ],
        ),
        _chain(
            "departing",
            "filter hook postrouting priority raw; policy drop",
            [f'oifname "{_INSIDE}" accept', f'oifname "{_OUTSIDE}" ip saddr set ip saddr map @public accept'],
        ),
    )
    return Namespace(lines, _FORWARDING, ruleset)


def _interface(vpc: Vpc, interface: Interface) -> Namespace:
    subnet = _subnets(vpc)[interface.subnet_id]
    router = subnet.cidr.network_address + 1
    lines = (
        *(
            Line("address", f"{address}/{subnet.cidr.prefixlen} dev {_ETHERNET} noprefixroute")
            for address in _addresses(interface)
        ),
        Line("route", f"{router} dev {_ETHERNET} scope link"),
        Line("route", f"default via {router} dev {_ETHERNET}"),
    )
    if interface.kind is not InterfaceKind.NAT_GATEWAY:
        return Namespace(lines)
    ruleset = _table_text(
        _chain("input", "filter hook input priority filter; policy drop"),
        _chain(
            "forward",
            "filter hook forward priority filter; policy drop",
            [
                "ct state established,related accept",
                f"ct state new ip saddr {vpc.cidr} accept",
            ],
        ),
        _chain(
            "departing",
            "nat hook postrouting priority srcnat; policy accept",
            [f"snat ip to {interface.address}"],
        ),
    )
    return Namespace(lines, _FORWARDING, ruleset)


def _subnets(vpc: Vpc) -> dict[str, Subnet]:
    return {subnet.id: subnet for subnet in vpc.subnets}


def _router(vpc: Vpc, severed: Collection[str]) -> Namespace:
    subnets = _subnets(vpc)
    lines = [
        Line("address", f"{resolver_address(vpc.cidr)}/32 dev lo"),
        Line("rule", f"priority {_LOCAL_PRIORITY} lookup {_LOCAL_TABLE}"),
        Line("route", f"blackhole {vpc.cidr} table {_LOCAL_TABLE}"),
        Line("route", f"blackhole {_LINK_LOCAL} table {_LOCAL_TABLE}"),
    ]
    if vpc.internet_gateway_id:
        lines.append(Line("address", f"{_PEER_ADDRESS}/32 dev {_GATEWAY}"))
    for interface in vpc.interfaces:
        device = _device(interface.id)
        lines.append(
            Line("address", f"{subnets[interface.subnet_id].cidr.network_address + 1}/32 dev {device}")
        )
        lines += [
            Line("route", f"{address} dev {device} table {_LOCAL_TABLE} scope link")
            for address in _addresses(interface)
        ]
    for table in vpc.route_tables:
        number = _table(table.id)
        lines.append(Line("rule", f"priority {_ROUTE_TABLE_PRIORITY} fwmark {number} lookup {number}"))
        lines += [Line("route", f"{_way(vpc, route)} table {number}") for route in table.routes]
    return Namespace(tuple(lines), _FORWARDING, _router_ruleset(vpc, severed))


def _way(vpc: Vpc, route: Route) -> str:
    interfaces = {interface.id: interface for interface in vpc.interfaces}
    if route.target is RouteTarget.INTERNET_GATEWAY and vpc.internet_gateway_id:
        return f"{route.destination} via {_GATEWAY_ADDRESS} dev {_GATEWAY} onlink"
    if route.target is RouteTarget.INTERFACE and route.interface_id in interfaces:
        interface = interfaces[route.interface_id]
        return f"{route.destination} via {interface.address} dev {_device(interface.id)} onlink"
    return f"blackhole {route.destination}"


def _router_ruleset(vpc: Vpc, severed: Collection[str]) -> str:
    subnets = _subnets(vpc)
    checked = [each for each in vpc.interfaces if each.kind is not InterfaceKind.NAT_GATEWAY]
    profiles = {_profile(each): each.security_groups for each in checked}
    resolver = f"{resolver_address(vpc.cidr)} meta l4proto {{ tcp, udp }}"
    return _table_text(
        _set("severed", "ifname", (_quoted(each) for each in vpc.interfaces if each.id in severed)),
        _set("checked", "ifname", map(_quoted, checked)),
        _set(
            "owned",
            "ifname . ipv4_addr",
            (f"{_quoted(each)} . {address}" for each in checked for address in _addresses(each)),
        ),
        _map(
            "route_table",
            "ifname : mark",
            ((_quoted(each), _table(subnets[each.subnet_id].route_table_id)) for each in vpc.interfaces),
        ),
        _map(
            "leaving",
            "ifname : verdict",
            (
                (f'"{_GATEWAY}"', "goto enter"),
                *((_quoted(each), f"goto leave_{_profile(each)}") for each in vpc.interfaces),
            ),
        ),
        _map(
            "entering",
            "ifname : verdict",
            (
                (f'"{_GATEWAY}"', "accept"),
                *((_quoted(each), f"goto enter_{_profile(each)}") for each in vpc.interfaces),
            ),
        ),
        *_member_sets(vpc),
        _chain(
            "arriving",
            "filter hook prerouting priority raw; policy accept",
            [
                "iifname @severed drop",
                "iifname @checked iifname . ip saddr != @owned drop",
                "meta mark set iifname map @route_table",
            ],
        ),
        _chain("departing", "filter hook postrouting priority raw; policy accept", ["oifname @severed drop"]),
        _chain(
            "input",
            "filter hook input priority filter; policy drop",
            [f'iifname != "{_GATEWAY}" ip daddr {resolver} th dport 53 accept'],
        ),
        # nothing but the resolver's answers: the router's ICMP errors would tell what AWS keeps silent
        _chain(
            "output",
            "filter hook output priority filter; policy drop",
            [f"ip saddr {resolver} th sport 53 accept"],
        ),
        _chain(
            "forward",
            "filter hook forward priority filter; policy drop",
            [
                "ct state established,related accept",
                "ct state invalid drop",
                "oifname @checked oifname . ip daddr != @owned drop",
                "iifname vmap @leaving",
            ],
        ),
        _chain("enter", None, ["oifname vmap @entering"]),
        _chain("leave_nat", None, ["goto enter"]),
        _chain("enter_nat", None, [f'iifname != "{_GATEWAY}" accept']),
        *(_group_chains(group) for group in vpc.security_groups),
        *(_profile_chains(vpc, profile, groups) for profile, groups in profiles.items()),
    )


def _member_sets(vpc: Vpc) -> Iterable[str]:
    """Yield a set of addresses for each security group that a rule speaks of."""
    rules = [rule for group in vpc.security_groups for rule in (*group.ingress, *group.egress)]
    for group in sorted({rule.peer for rule in rules if isinstance(rule.peer, str)}):
        members = [each for each in vpc.interfaces if group in each.security_groups]
        yield _set(
            f"members_{group}", "ipv4_addr", (address for each in members for address in _addresses(each))
        )


def _group_chains(group: SecurityGroup) -> str:
    return "".join(
        (
            _chain(f"out_{group.id}", None, [f"{_match(rule, 'daddr')} goto enter" for rule in group.egress]),
            _chain(f"in_{group.id}", None, [f"{_match(rule, 'saddr')} accept" for rule in group.ingress]),
        )
    )


def _profile_chains(vpc: Vpc, profile: str, groups: Collection[str]) -> str:
    known = [group.id for group in vpc.security_groups if group.id in groups]
    return "".join(
        (
            _chain(f"leave_{profile}", None, [f"jump out_{group}" for group in known]),
            _chain(f"enter_{profile}", None, [*(f"jump in_{group}" for group in known), "drop"]),
        )
    )


def _match(rule: Rule, side: str) -> str:
    peer = f"@members_{rule.peer}" if isinstance(rule.peer, str) else str(rule.peer)
    protocol = "" if rule.protocol == "all" else f"meta l4proto {rule.protocol} "
    ports = f"th dport {rule.ports[0]}-{rule.ports[1]} " if rule.ports else ""
    return f"{protocol}{ports}ip {side} {peer}"


def _quoted(interface: Interface) -> str:
    return f'"{_device(interface.id)}"'


def _table_text(*parts: str) -> str:
    return f"table inet lab {{\n{''.join(parts)}}}\n"


def _set(name: str, kind: str, elements: Iterable[object]) -> str:
    return _elements("set", name, kind, [str(element) for element in elements])


def _map(name: str, kind: str, pairs: Iterable[tuple[object, object]]) -> str:
    return _elements("map", name, kind, [f"{key} : {value}" for key, value in pairs])


def _elements(what: str, name: str, kind: str, elements: list[str]) -> str:
    contents = (
        f" elements = {{ {', '.join(sorted(elements))} }};" if elements else ""
    )  # nft refuses an empty list
    return f"{what} {name} {{ type {kind};{contents} }}\n"


def _chain(name: str, base: str | None, rules: Iterable[str] = ()) -> str:
    lines = [f"chain {name} {{", *([f"type {base};"] if base else []), *rules, "}"]
    return "".join(f"{line}\n" for line in lines)
