"""The zones' default routes, by EC2's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings import Zone

_DEFAULT = "0.0.0.0/0"


class Routes:
    """The default routes of the private route tables, and the zones whose NAT gateways they lead to."""

    def __init__(self, ec2: Any, zones: Mapping[str, Zone]) -> None:
        self._ec2 = ec2
        self._zones = zones

    def serving(self) -> dict[str, str | None]:
        """Return the zone whose gateway serves each zone, None if the route leads to none of them."""
        by_gateway = {settings.gateway: zone for zone, settings in self._zones.items()}
        tables = self._ec2.describe_route_tables(
            RouteTableIds=[settings.route_table for settings in self._zones.values()]
        )["RouteTables"]
        targets = {
            table["RouteTableId"]: route.get("NatGatewayId", "")
            for table in tables
            for route in table["Routes"]
            if route.get("DestinationCidrBlock") == _DEFAULT
        }
        return {
            zone: by_gateway.get(targets.get(settings.route_table, ""))
            for zone, settings in self._zones.items()
        }

    def replace(self, zone: str, substitute: str) -> None:
        """Lead the default route of a zone to the gateway of another one, or back to its own."""
        self._ec2.replace_route(
            RouteTableId=self._zones[zone].route_table,
            DestinationCidrBlock=_DEFAULT,
            NatGatewayId=self._zones[substitute].gateway,
        )
