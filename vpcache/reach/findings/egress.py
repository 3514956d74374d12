"""Subnets whose way to the internet fails, or depends on another zone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.lab.prover.path import Stage
from vpcache.lab.topology import InterfaceKind, Route, RouteTarget, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.routes import HTTPS
from vpcache.reach.findings.rules import NO_PUBLIC_ADDRESS, NO_WAY_OUT, SHARED_NAT_GATEWAY
from vpcache.reach.findings.view import HOST, View, listed, subnet_ends

_WAY = (Stage.ROUTE, Stage.NAT_GATEWAY, Stage.INTERNET_GATEWAY)


def without_public_address(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find interfaces without a public address whose packets to the internet go to the internet gateway."""
    clients = [each for each in view.clients(vpc) if each.public_address is None]
    for table_id, ends in view.by_table(vpc, clients).items():
        route = view.route(vpc, ends[0], HOST.address)
        if route is None or route.target is not RouteTarget.INTERNET_GATEWAY:
            continue
        has_functions = any(each.interface.kind is InterfaceKind.FUNCTION for each in ends)
        yield Finding(
            NO_PUBLIC_ADDRESS,
            Severity.ERROR if has_functions else Severity.WARNING,
            table_id,
            f"{route.destination} of {view.resource(table_id)} leads to {view.target(vpc, route)}, which "
            f"drops the packets from {view.listed(ends)} for lack of a public address; "
            "lead the route to a NAT gateway in a public subnet",
        )


def without_way_out(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find functions in subnets without a default route, or whose NAT gateway has no way out.

    `without_public_address` and `routes.black_hole_routes` find the other ways that fail.
    """
    functions = [each for each in view.clients(vpc) if each.interface.kind is InterfaceKind.FUNCTION]
    for table_id, ends in view.by_table(vpc, functions).items():
        route = view.route(vpc, ends[0], HOST.address)
        if route is not None and not _leads_to_known_nat_gateway(view, vpc, route):
            continue
        steps = view.path(ends[0], HOST).steps
        lost = next((step for step in steps if step.stage in _WAY and not step.permitted), None)
        if lost is None:
            continue
        endpoints = _endpoints(view, vpc, table_id)
        within = f"only {endpoints}" if endpoints else "neither the internet nor AWS's services"
        yield Finding(
            NO_WAY_OUT,
            Severity.NOTE if endpoints else Severity.WARNING,
            table_id,
            f"no way out of the VPC for {view.listed(ends)}, because {lost.decide(HTTPS)[1]}: within reach "
            f"are {within}; route the subnet to a NAT gateway in a public subnet, or create endpoints for "
            "the services that the functions call",
        )


def _leads_to_known_nat_gateway(view: View, vpc: Vpc, route: Route) -> bool:
    """Return whether a route leads to a NAT gateway whose public address a plan knows already."""
    gateway = view.filters(vpc).nat_interface(route)
    return gateway is not None and gateway.public_address is not None


def _endpoints(view: View, vpc: Vpc, table_id: str) -> str:
    """Return the endpoints that a subnet reaches, in words."""
    routes = (route for table in vpc.route_tables if table.id == table_id for route in table.routes)
    gateways = [view.resource(route.endpoint_id) for route in routes if route.endpoint_id]
    interfaces = [each for each in vpc.interfaces if each.kind is InterfaceKind.ENDPOINT]
    return listed([*gateways, *map(view.name, interfaces)])


def shared_nat_gateways(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find NAT gateways by which subnets of other zones leave."""
    filters, zones = view.filters(vpc), dict[str, dict[str, None]]()
    for end in subnet_ends(vpc):
        if gateway := filters.nat_interface(view.route(vpc, end, HOST.address)):
            zones.setdefault(gateway.id, {})[end.interface.zone] = None
    for interface in vpc.interfaces:
        own = interface.zone
        others = listed(each for each in zones.get(interface.id, ()) if each not in ("", own))
        if own and others:
            nat = filters.nat_id(interface)
            yield Finding(
                SHARED_NAT_GATEWAY,
                Severity.WARNING,
                nat,
                f"{view.resource(nat)} in {own} is the way out of {others}, too: an outage of {own} takes "
                f"that of {others} along; create a NAT gateway and a route table in each zone",
            )
