"""A topology as a tree of text lines, for people. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from vpcache.lab.topology import Interface, Route, RouteTable, RouteTarget, Rule, SecurityGroup, Topology, Vpc


@dataclass(frozen=True, slots=True)
class Branch:
    """A line and the branches below it."""

    text: str
    branches: tuple[Branch, ...] = field(default=())


def tree(
    topology: Topology, names: Mapping[str, Collection[str]] | None = None, faults: Iterable[str] = ()
) -> list[str]:
    """Return the lines of a tree: VPCs, zones, subnets, interfaces; route tables and security groups.

    `names` are the functions and cache nodes of interfaces, by ID; `faults` come last.
    """
    vpcs = sorted(topology.vpcs, key=lambda vpc: (vpc.region, vpc.id))
    roots = [_vpc(vpc, names or {}) for vpc in vpcs]
    if topology.public_functions:
        functions = (Branch(f"{each.name} in {each.region}") for each in topology.public_functions)
        roots.append(Branch("functions outside VPCs", tuple(functions)))
    if active := tuple(Branch(fault) for fault in faults):
        roots.append(Branch("faults", active))
    return [line for root in roots for line in (root.text, *_lines(root.branches))] or ["no VPC yet"]


def _lines(branches: tuple[Branch, ...], indent: str = "") -> Iterable[str]:
    for position, branch in enumerate(branches):
        is_last = position == len(branches) - 1
        yield f"{indent}{'└─' if is_last else '├─'} {branch.text}"
        yield from _lines(branch.branches, f"{indent}{'   ' if is_last else '│  '}")


def _vpc(vpc: Vpc, names: Mapping[str, Collection[str]]) -> Branch:
    zones = sorted({subnet.zone for subnet in vpc.subnets})
    gateway = f", {vpc.internet_gateway_id}" if vpc.internet_gateway_id else ", no internet gateway"
    return Branch(
        f"{vpc.id} {' '.join(map(str, (*vpc.cidrs, *vpc.ipv6_cidrs)))} in {vpc.region}{gateway}",
        (
            *(_zone(vpc, zone, names) for zone in zones),
            *(_table(vpc, table) for table in vpc.route_tables),
            *(_group(vpc, group) for group in vpc.security_groups),
            *(
                Branch(f"{endpoint.id} gateway endpoint of {endpoint.service}")
                for endpoint in vpc.gateway_endpoints
            ),
        ),
    )


def _zone(vpc: Vpc, zone: str, names: Mapping[str, Collection[str]]) -> Branch:
    subnets = (
        Branch(
            f"{subnet.id} {subnet.cidr} by {subnet.route_table_id}",
            tuple(
                _interface(interface, names)
                for interface in vpc.interfaces
                if interface.subnet_id == subnet.id
            ),
        )
        for subnet in vpc.subnets
        if subnet.zone == zone
    )
    return Branch(zone, tuple(subnets))


def _interface(interface: Interface, names: Mapping[str, Collection[str]]) -> Branch:
    addresses = ", ".join(map(str, (*interface.addresses, *interface.ipv6_addresses)))
    public = f" = {interface.public_address}" if interface.public_address else ""
    groups = f" in {', '.join(sorted(interface.security_groups))}" if interface.security_groups else ""
    users = ", ".join(sorted(names.get(interface.id, ())))
    suffix = f": {users}" if users else ""
    return Branch(f"{interface.id} {interface.kind} {addresses}{public}{groups}{suffix}")


def _table(vpc: Vpc, table: RouteTable) -> Branch:
    gateways = {gateway.interface_id: gateway.id for gateway in vpc.nat_gateways}

    def target(route: Route) -> str:
        match route.target:
            case RouteTarget.INTERFACE:
                return gateways.get(str(route.interface_id), str(route.interface_id))
            case RouteTarget.INTERNET_GATEWAY:
                return str(vpc.internet_gateway_id)
            case RouteTarget.EGRESS_ONLY_GATEWAY:
                return "the egress-only internet gateway"
            case RouteTarget.GATEWAY_ENDPOINT:
                return str(route.endpoint_id)
            case RouteTarget.BLACKHOLE:
                return "nowhere (blackhole)"
            case RouteTarget.UNMODELED:
                return route.unmodeled

    routes = tuple(Branch(f"{route.destination} to {target(route)}") for route in table.routes)
    return Branch(table.id, (*(Branch(f"{cidr} local") for cidr in (*vpc.cidrs, *vpc.ipv6_cidrs)), *routes))


def _group(vpc: Vpc, group: SecurityGroup) -> Branch:
    members = sum(group.id in interface.security_groups for interface in vpc.interfaces)
    return Branch(
        f"{group.id}, {members} interface{'' if members == 1 else 's'}",
        (
            *(Branch(f"in: {_traffic(rule)} from {rule.peer}") for rule in group.ingress),
            *(Branch(f"out: {_traffic(rule)} to {rule.peer}") for rule in group.egress),
        ),
    )


def _traffic(rule: Rule) -> str:
    if not rule.ports:
        return rule.protocol
    low, high = rule.ports
    return f"{rule.protocol} {low}" if low == high else f"{rule.protocol} {low}-{high}"
