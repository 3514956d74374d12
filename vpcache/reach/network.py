"""A network whose parts have names: what the prover's IDs stand for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vpcache.lab.addresses import IpAddress
from vpcache.lab.topology import Topology


@dataclass(frozen=True)
class Network:
    """A topology with the names of its parts.

    `interfaces` has the IDs of the interfaces by the name of their function, cache node or gateway. `names`
    has the name or the Terraform address of each ID. `unmodeled` has the addresses of resources that carry
    packets and are not part of the topology, with what they are: "VPC peering connection". `undecided` has
    what a plan leaves open: sentences such as "aws_route.x: gateway_id is known after the apply". `ports`
    has the port of each cache node by its name, and `addresses` the Terraform address of each ID.
    """

    topology: Topology
    interfaces: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str] = field(default_factory=dict)
    unmodeled: Mapping[str, str] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)

    def address_name(self, address: IpAddress) -> str:
        """Return an address; of one that a plan does not know yet, the elastic IP that it belongs to."""
        name = self.names.get(str(address))
        return str(address) if name is None else f"the address of {name}, known after the apply"
