"""The subject of a drill: a running stack and one of its zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from vpcache.errors import VpcacheError
from vpcache.stack.reboot import cluster_id
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import Target


@dataclass(frozen=True)
class DrillContext:
    """A running stack and the zone of a drill."""

    stack: Stack
    outputs: Outputs
    zone: str

    @property
    def target(self) -> Target:
        """The target of the stack."""
        return self.stack.target

    @property
    def function(self) -> str:
        """The name of the cached API's function."""
        return str(self.outputs["cached_api"])

    @property
    def gateway_zone(self) -> str:
        """The zone of the NAT gateway that serves the drill's zone."""
        return self._gateway_zones.get(self.zone, self.zone)

    def zones_served_by(self, zone: str) -> list[str]:
        """Return the zones that the NAT gateway of a zone serves."""
        return sorted(served for served, gateway in self._gateway_zones.items() if gateway == zone)

    @property
    def _gateway_zones(self) -> Mapping[str, str]:
        zones: Mapping[str, str] = self.outputs.get("nat_gateway_zones", {})  # others may lack it
        return zones

    @property
    def node(self) -> str:
        """The ID of the zone's first cache node. Raises VpcacheError if the zone has none."""
        nodes = [node["id"] for node in self.outputs["cache_nodes"] if node["availability_zone"] == self.zone]
        if not nodes:
            raise VpcacheError(f"zone {self.zone} has no cache node: choose another one with --zone")
        return str(nodes[0])

    @property
    def cluster(self) -> str:
        """The ID of the cache cluster."""
        return cluster_id(self.outputs)

    @property
    def origin_host(self) -> str:
        """The host of the cached API's origin, from the function's environment."""
        configuration = self.target.client("lambda").get_function_configuration(FunctionName=self.function)
        return str(urlsplit(configuration["Environment"]["Variables"]["ORIGIN_URL"]).hostname)
