"""What a drill is about: a running stack and one of its zones."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from vpcache.errors import VpcacheError
from vpcache.stack.reboot import cluster_id
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import Target


@dataclass(frozen=True)
class DrillContext:
    """A running stack with the zone that a drill is about."""

    stack: Stack
    outputs: Outputs
    zone: str

    @property
    def target(self) -> Target:
        """Where the stack is."""
        return self.stack.target

    @property
    def function(self) -> str:
        """The name of the cached API's function."""
        return str(self.outputs["cached_api"])

    @property
    def node(self) -> str:
        """The id of the zone's first cache node. Raises VpcacheError if the zone has none."""
        nodes = [node["id"] for node in self.outputs["cache_nodes"] if node["availability_zone"] == self.zone]
        if not nodes:
            raise VpcacheError(f"zone {self.zone} has no cache node: choose another with --zone")
        return str(nodes[0])

    @property
    def cluster(self) -> str:
        """The id of the cache cluster."""
        return cluster_id(self.outputs)

    @property
    def origin_host(self) -> str:
        """The host that the cached API fetches from, by the function's environment."""
        configuration = self.target.client("lambda").get_function_configuration(FunctionName=self.function)
        return str(urlsplit(configuration["Environment"]["Variables"]["ORIGIN_URL"]).hostname)
