"""Routes that lead nowhere, or elsewhere than a wider route. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import Attached, Internet
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import IpNetwork, Route, RouteTable, RouteTarget, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import BLACK_HOLE_ROUTE, OVERLAPPING_ROUTE
from vpcache.reach.findings.view import HOSTS, View, subnet_ends

HTTPS = Flow("tcp", 443)


def black_hole_routes(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find routes to targets that do not exist, in the route tables of subnets."""
    subnets = view.by_table(vpc, subnet_ends(vpc))
    clients = view.by_table(vpc, view.clients(vpc))
    for table in vpc.route_tables:
        for route in table.routes:
            if route.target is not RouteTarget.BLACKHOLE or table.id not in subnets:
                continue
            losing = view.listed(clients.get(table.id, ())) or view.subnets(subnets[table.id])
            yield Finding(
                BLACK_HOLE_ROUTE,
                Severity.ERROR if table.id in clients else Severity.WARNING,
                table.id,
                f"{route.destination} of {view.resource(table.id)} is a black hole, as after the removal of "
                f"a NAT gateway: packets from {losing} to {route.destination} are lost; "
                "lead the route to a target that exists, or remove it",
            )


@dataclass(frozen=True)
class _Overlap:
    """A route and a wider route of the same table, and an address for which each of them decides."""

    table: RouteTable
    specific: Route
    general: Route
    inside: IpAddress
    outside: IpAddress


def overlapping_routes(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find routes to a NAT gateway or internet gateway beside a wider route to another one.

    The route with the longest prefix decides:
    https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
    """
    clients = view.by_table(vpc, view.clients(vpc))
    for table in vpc.route_tables:
        for specific in table.routes:
            version = specific.destination.version
            losing = [each for each in clients.get(table.id, ()) if each.address.version == version]
            if losing and (overlap := _overlap(view, vpc, table, specific, losing[0])):
                yield _finding(view, vpc, overlap, losing)


def _overlap(view: View, vpc: Vpc, table: RouteTable, specific: Route, end: Attached) -> _Overlap | None:
    general = _wider(table, specific)
    targets = [view.target(vpc, each) for each in (specific, general) if each]
    if general is None or not all(targets) or targets[0] == targets[1]:
        return None
    block = specific.destination
    addresses = (block[0], block[-1], HOSTS[block.version].address, _beside(block))
    deciding = [view.route(vpc, end, each) for each in addresses]
    if specific not in deciding or general not in deciding:
        return None  # narrower routes decide
    inside, outside = (addresses[deciding.index(each)] for each in (specific, general))
    return _Overlap(table, specific, general, inside, outside)


def _finding(view: View, vpc: Vpc, overlap: _Overlap, clients: list[Attached]) -> Finding:
    block, general = overlap.specific.destination, view.target(vpc, overlap.general)
    here, there = (view.path(clients[0], Internet(each)) for each in (overlap.inside, overlap.outside))
    return Finding(
        OVERLAPPING_ROUTE,
        Severity.ERROR if there.permitted and not here.permitted else Severity.WARNING,
        overlap.table.id,
        f"{block} of {view.resource(overlap.table.id)} leads to {view.target(vpc, overlap.specific)}, not as "
        f"{overlap.general.destination} to {general}: packets from {view.listed(clients)} to {block} "
        f"{_outcome(view, here)}, and to other addresses {_outcome(view, there)}; remove the more specific "
        f"route, or lead it to {general}",
    )


def _wider(table: RouteTable, specific: Route) -> Route | None:
    """Return the route that would decide without `specific`."""
    wider = [each for each in table.routes if _contains(each.destination, specific.destination)]
    return max(wider, key=lambda each: each.destination.prefixlen, default=None)


def _contains(one: IpNetwork, other: IpNetwork) -> bool:
    return one.prefixlen < other.prefixlen and other.network_address in one


def _beside(block: IpNetwork) -> IpAddress:
    """Return the first address of the other half of the block that contains `block`."""
    last_bit = 1 << (block.max_prefixlen - block.prefixlen)
    return block.network_address.__class__(int(block.network_address) ^ last_bit)


def _outcome(view: View, path: Path) -> str:
    if path.permitted and path.seen_as:
        return f"leave as {view.network.address_name(path.seen_as)}"
    blocking = next(step for step in path.steps if HTTPS.number not in step.permitted)
    return f"are lost, because {blocking.decide(HTTPS)[1]}"
