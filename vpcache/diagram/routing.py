"""The default routes of subnets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vpcache.diagram.model import Tier
from vpcache.terraform.resources import Resource, Resources

_TABLES = ("aws_route_table", "aws_default_route_table")
_DEFAULT = "0.0.0.0/0"


class Routing:
    """The default routes of subnets, from route tables, routes and associations."""

    def __init__(self, resources: Resources) -> None:
        self._internet_gateways = {each.id for each in resources.of("aws_internet_gateway")}
        self._tables = {
            each.text("subnet_id"): each.text("route_table_id")
            for each in resources.of("aws_route_table_association")
        }
        self._main_tables = dict(_main_tables(resources))
        self._targets = {
            table: (route.get("nat_gateway_id") or "", route.get("gateway_id") or "")
            for table, route in _routes(resources)
            if (route.get("destination_cidr_block") or route.get("cidr_block")) == _DEFAULT
        }

    def of(self, subnet: Resource) -> tuple[Tier, str | None]:
        """Return the tier of a subnet, and the ID of the NAT gateway of its default route."""
        table = self._tables.get(subnet.id) or self._main_tables.get(subnet.text("vpc_id"), "")
        nat_gateway, gateway = self._targets.get(table, ("", ""))
        if gateway in self._internet_gateways:
            return Tier.PUBLIC, None
        return (Tier.PRIVATE, nat_gateway) if nat_gateway else (Tier.ISOLATED, None)


def _routes(resources: Resources) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each route with its table's ID, from resources and inline blocks."""
    for table in resources.of(*_TABLES):
        for block in table.blocks("route"):
            yield table.id, block
    for route in resources.of("aws_route"):
        yield route.text("route_table_id"), route.values


def _main_tables(resources: Resources) -> Iterator[tuple[str, str]]:
    """Yield the ID of each VPC with that of its main route table."""
    for vpc in resources.of("aws_vpc"):
        yield vpc.id, vpc.text("main_route_table_id")
    for table in resources.of("aws_default_route_table"):
        yield table.text("vpc_id"), table.id
    for main in resources.of("aws_main_route_table_association"):
        yield main.text("vpc_id"), main.text("route_table_id")
