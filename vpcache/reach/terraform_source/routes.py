"""The route tables of a VPC from Terraform's resources. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from vpcache.lab.topology import Route, RouteTable, RouteTarget
from vpcache.reach.terraform_source.prefix_lists import is_gateway, prefix_lists, service_blocks
from vpcache.reach.terraform_source.unmodeled import unmodeled_target
from vpcache.terraform.resources import Resources

_TABLES = ("aws_route_table", "aws_default_route_table")
_DESTINATIONS = (
    "destination_cidr_block",
    "destination_ipv6_cidr_block",
    "cidr_block",
    "ipv6_cidr_block",
)


def subnet_tables(state: Resources, vpc_id: str, subnet_ids: list[str]) -> dict[str, str]:
    """Return the ID of the effective route table of each subnet, empty if it is not in the state."""
    associated = {
        each.text("subnet_id"): each.text("route_table_id")
        for each in state.of("aws_route_table_association")
        if each.text("subnet_id")
    }
    main = dict(_main_tables(state)).get(vpc_id, "")
    return {each: associated.get(each, main) for each in subnet_ids}


def route_tables(state: Resources, vpc_id: str, table_ids: set[str]) -> tuple[RouteTable, ...]:
    """Return the route tables with `table_ids` and those of the VPC, sorted by ID, without local routes."""
    known = {each.id for each in state.of(*_TABLES) if each.text("vpc_id") == vpc_id}
    endpoint_routes = dict(_endpoint_routes(state))
    routes: dict[str, list[Route]] = {each: list(endpoint_routes.get(each, ())) for each in known | table_ids}
    targets = _Targets(state)
    for table, values in _routes(state):
        if table in routes:
            routes[table] += targets.routes(values)
    return tuple(RouteTable(each, tuple(routes[each])) for each in sorted(routes))


class _Targets:
    """What routes lead to."""

    def __init__(self, state: Resources) -> None:
        self._nat_gateways = {
            each.id: interface_of_nat_gateway(each.id) for each in state.of("aws_nat_gateway")
        }
        self._internet_gateways = {each.id for each in state.of("aws_internet_gateway")}
        self._vpn_gateways = {each.id for each in state.of("aws_vpn_gateway")}
        self._prefix_lists = prefix_lists(state)

    def routes(self, values: Mapping[str, Any]) -> Iterator[Route]:
        for key in _DESTINATIONS:
            if cidr := values.get(key):
                yield self._route(ip_network(cidr), values)
        for block in self._prefix_lists.get(str(values.get("destination_prefix_list_id") or ""), []):
            yield self._route(block, values)

    def _route(self, destination: Any, values: Mapping[str, Any]) -> Route:
        if nat_gateway := values.get("nat_gateway_id"):
            interface = self._nat_gateways.get(nat_gateway)
            if interface is None:
                return Route(destination, RouteTarget.BLACKHOLE)
            return Route(destination, RouteTarget.INTERFACE, interface)
        if values.get("egress_only_gateway_id"):
            return Route(destination, RouteTarget.EGRESS_ONLY_GATEWAY)
        if interface := values.get("network_interface_id"):
            return Route(destination, RouteTarget.INTERFACE, interface)
        gateway = str(values.get("gateway_id") or "")
        if gateway in self._internet_gateways:
            return Route(destination, RouteTarget.INTERNET_GATEWAY)
        if gateway in self._vpn_gateways or gateway.startswith("vgw-"):
            return Route(destination, RouteTarget.UNMODELED, unmodeled=f"VPN gateway {gateway}")
        if gateway:
            return Route(destination, RouteTarget.BLACKHOLE)
        # a state has the target of each route
        unmodeled = unmodeled_target(values) or "a target that is known after the apply"
        return Route(destination, RouteTarget.UNMODELED, unmodeled=unmodeled)


def interface_of_nat_gateway(nat_gateway_id: str) -> str:
    """Return the ID of the interface of a NAT gateway, which Terraform does not know."""
    return f"interface of {nat_gateway_id}"


def _routes(state: Resources) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each route with its table's ID, from resources and inline blocks."""
    resources = state.of("aws_route")
    former = Resources(state.former).of("aws_route")
    own = {(each.text("route_table_id"), _destination(each.values)) for each in (*resources, *former)}
    for table in state.of(*_TABLES):
        for block in table.blocks("route"):
            if (table.id, _destination(block)) not in own:  # a table lists the routes of resources too
                yield table.id, block
    for route in resources:
        yield route.text("route_table_id"), route.values


def _destination(values: Mapping[str, Any]) -> str:
    return next(
        (str(values[key]) for key in (*_DESTINATIONS, "destination_prefix_list_id") if values.get(key)), ""
    )


def _main_tables(state: Resources) -> Iterator[tuple[str, str]]:
    for vpc in state.of("aws_vpc", "aws_default_vpc"):
        yield vpc.id, vpc.text("main_route_table_id")
    for table in state.of("aws_default_route_table"):
        yield table.text("vpc_id"), table.id
    for main in state.of("aws_main_route_table_association"):
        yield main.text("vpc_id"), main.text("route_table_id")


def _endpoint_routes(state: Resources) -> Iterator[tuple[str, tuple[Route, ...]]]:
    """Yield the routes that gateway endpoints add to route tables: one for each CIDR block of the service.

    The blocks are unknown before the apply, and in a lab: then it is the address of the service in a lab.
    """
    tables: dict[str, list[Route]] = {}
    gone = {
        (each.text("vpc_endpoint_id"), each.text("route_table_id"))
        for each in Resources(state.former).of("aws_vpc_endpoint_route_table_association")
    }
    associated = [
        (each.text("vpc_endpoint_id"), each.text("route_table_id"))
        for each in state.of("aws_vpc_endpoint_route_table_association")
    ]
    for endpoint in filter(is_gateway, state.of("aws_vpc_endpoint")):
        listed = (each for each in endpoint.texts("route_table_ids") if (endpoint.id, each) not in gone)
        further = (table for id_, table in associated if id_ == endpoint.id)
        for table in dict.fromkeys((*listed, *further)):
            tables.setdefault(table, []).extend(
                Route(block, RouteTarget.GATEWAY_ENDPOINT, endpoint_id=endpoint.id)
                for block in service_blocks(state, endpoint)
            )
    yield from ((table, tuple(routes)) for table, routes in tables.items())
