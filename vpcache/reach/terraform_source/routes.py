"""The route tables of a VPC from Terraform's resources. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.topology import Route, RouteTable, RouteTarget
from vpcache.terraform.resources import Resource, Resources

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

    def routes(self, values: Mapping[str, Any]) -> Iterator[Route]:
        for key in _DESTINATIONS:
            if cidr := values.get(key):
                yield self._route(ip_network(cidr), values)

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
        if str(values.get("gateway_id") or "") in self._internet_gateways:
            return Route(destination, RouteTarget.INTERNET_GATEWAY)
        return Route(destination, RouteTarget.BLACKHOLE)


def interface_of_nat_gateway(nat_gateway_id: str) -> str:
    """Return the ID of the interface of a NAT gateway, which Terraform does not know."""
    return f"interface of {nat_gateway_id}"


def _routes(state: Resources) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each route with its table's ID, from resources and inline blocks."""
    for table in state.of(*_TABLES):
        for block in table.blocks("route"):
            yield table.id, block
    for route in state.of("aws_route"):
        yield route.text("route_table_id"), route.values


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
    for endpoint in state.of("aws_vpc_endpoint"):
        if endpoint.text("vpc_endpoint_type") in ("", "Gateway"):
            service = endpoint.text("service_name").rpartition(".")[2]
            in_lab = [str(SERVICE_ADDRESSES[service])] if service in SERVICE_ADDRESSES else []
            for table in (*endpoint.texts("route_table_ids"), *_associated(state, endpoint)):
                tables.setdefault(table, []).extend(
                    Route(ip_network(cidr), RouteTarget.GATEWAY_ENDPOINT, endpoint_id=endpoint.id)
                    for cidr in endpoint.texts("cidr_blocks") or in_lab
                )
    yield from ((table, tuple(dict.fromkeys(routes))) for table, routes in tables.items())


def _associated(state: Resources, endpoint: Resource) -> Iterator[str]:
    """Yield the route tables with which resources beside an endpoint associate it."""
    for each in state.of("aws_vpc_endpoint_route_table_association"):
        if each.text("vpc_endpoint_id") == endpoint.id:
            yield each.text("route_table_id")
