"""Gateway endpoints to which no route leads. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.lab.topology import InterfaceKind, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import ENDPOINT_WITHOUT_ROUTE
from vpcache.reach.findings.view import View, listed


def endpoints_without_route(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find gateway endpoints in no route table, or not in the route table of a subnet with functions."""
    functions = [each for each in view.clients(vpc) if each.interface.kind is InterfaceKind.FUNCTION]
    for endpoint in vpc.gateway_endpoints:
        routes = ((table.id, route) for table in vpc.route_tables for route in table.routes)
        tables = {table for table, route in routes if route.endpoint_id == endpoint.id}
        without = view.by_table(vpc, (each for each in functions if view.table_id(vpc, each) not in tables))
        name, service = view.resource(endpoint.id), endpoint.service
        if not tables:
            text = (
                f"{name} is in no route table, so no packet to {service} passes through it; "
                "associate it with the route tables of the subnets that use the service"
            )
        elif without:
            lost = (each for ends in without.values() for each in ends)
            text = (
                f"{name} is not in {listed(map(view.resource, without))}, while other subnets use it: "
                f"packets from {view.listed(lost)} to {service} do not pass through it; "
                "associate it with the route tables of all subnets with functions"
            )
        else:
            continue
        yield Finding(ENDPOINT_WITHOUT_ROUTE, Severity.WARNING, endpoint.id, text)
