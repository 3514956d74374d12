"""The prover: which packets can pass from one end to another, and through which rules. Pure.

The way of a packet is that of a VPC: the security groups of its interface, the network ACL and the route
table of its subnet, a NAT gateway with its own subnet, the internet gateway, and the same on the side of the
target. Security groups and NAT gateways are stateful, network ACLs and internet gateways are not.
https://docs.aws.amazon.com/vpc/latest/userguide/how-it-works.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import Attached, End, Internet, Unused
from vpcache.lab.prover.path import Path, Stage, Step, always, never
from vpcache.lab.prover.traffic import EPHEMERAL_PORTS
from vpcache.lab.prover.vpc_filters import VpcFilters
from vpcache.lab.topology import Route, RouteTarget, Topology


@dataclass(frozen=True)
class Prover:
    """Answers for all VPCs of a topology.

    `source_ports` are the ports to which answers go. `faults` are the texts of the faults that drop all
    packets of an interface or of a host, by the interface's ID and the host's address.
    """

    topology: Topology
    source_ports: tuple[int, int] = EPHEMERAL_PORTS
    faults: Mapping[str, str] = field(default_factory=dict)
    _vpcs: dict[str, VpcFilters] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        filters = {vpc.id: VpcFilters(vpc, self.source_ports) for vpc in self.topology.vpcs}
        object.__setattr__(self, "_vpcs", filters)

    def path(self, source: End, target: End) -> Path:
        """Return the path of a connection between two ends."""
        match source, target:
            case Unused(), _:
                return Path((never(Stage.SOURCE, source.vpc_id, _unused(source)),), source.address)
            case Attached(), Unused():
                groups = self._leaving(source, target.address)
                missing = never(Stage.TARGET, target.vpc_id, _unused(target))
                return Path((*groups, missing), source.address)
            case Attached(), Attached(by_public_address=False):
                return Path(tuple(self._between_vpcs(source, target)), source.address)
            case Attached(), Attached() | Internet():
                return self._outward(source, target)
            case _, Attached():
                return Path(tuple(self._inward(source.address, target)), source.address)
        return Path((*self._fault(source.address), *self._fault(target.address)), source.address)

    def _between_vpcs(self, source: Attached, target: Attached) -> Iterator[Step]:
        if source.vpc_id != target.vpc_id:
            yield never(Stage.ROUTE, source.vpc_id, f"{source.vpc_id} and {target.vpc_id} are not connected")
            return
        yield from self._inside(source, target)

    def _inside(self, source: Attached, target: Attached) -> Iterator[Step]:
        vpc = self._vpcs[source.vpc_id]
        yield from self._leaving(source, target.address, target.interface.security_groups)
        yield from vpc.crossing(source.interface, target.interface, source.address, target.address)
        yield always(Stage.ROUTE, vpc.table_id(source.interface), f"{target.address} is local")
        yield from self._entering(target, source.address, source.interface.security_groups)
        yield from vpc.crossing_back(source.interface, target.interface, source.address, target.address)

    def _outward(self, source: Attached, target: Internet | Attached) -> Path:
        """Return the path through a gateway, to a host or to the public address of an interface."""
        address = target.address if isinstance(target, Internet) else target.public_address
        if address is None:
            missing = never(Stage.TARGET, source.vpc_id, f"{target.address} has no public address")
            return Path((missing,), source.address)
        vpc = self._vpcs[source.vpc_id]
        sender, there, back = source, list[Step](), list[Step]()
        route = vpc.route(source.interface, address)
        if gateway := vpc.nat_interface(route):
            sender = Attached(source.vpc_id, gateway, gateway.address)
            there = [*self._to_nat_gateway(source, sender, address)]
            back = [*vpc.crossing_back(source.interface, gateway, source.address, address)]
        steps = (
            *self._leaving(source, address),
            *there,
            vpc.acl(sender.interface, Stage.ACL_OUTBOUND, address),
            self._public_route(sender, address, Stage.ROUTE),
            *self._beyond(sender, target, address),
            vpc.acl(sender.interface, Stage.ANSWER_INBOUND, address),
            *back,
        )
        return Path(steps, sender.public_address)

    def _to_nat_gateway(self, source: Attached, gateway: Attached, address: IpAddress) -> Iterator[Step]:
        vpc = self._vpcs[source.vpc_id]
        name = vpc.nat_id(gateway.interface)
        table = vpc.table_id(source.interface)
        yield always(Stage.ROUTE, table, f"{table} leads {address} to {name}")
        yield from vpc.crossing(source.interface, gateway.interface, source.address, address)
        yield from self._fault(gateway.interface.id)
        yield always(
            Stage.NAT_GATEWAY, name, f"{name} sends from {gateway.public_address or gateway.address}"
        )

    def _beyond(self, sender: Attached, target: Internet | Attached, address: IpAddress) -> Iterator[Step]:
        """Yield the steps behind the gateway through which `sender` sends."""
        if isinstance(target, Internet):
            yield from self._fault(address)
        elif sender.public_address is not None:
            yield from self._inward(sender.public_address, target)

    def _inward(self, peer: IpAddress, target: Attached) -> Iterator[Step]:
        """Yield the steps from the internet to an interface, and those of the answer."""
        vpc = self._vpcs[target.vpc_id]
        yield from self._fault(peer)
        yield self._public_address(target)
        yield vpc.acl(target.interface, Stage.ACL_INBOUND, peer)
        if vpc.is_nat_gateway(target.interface):
            reason = "a NAT gateway accepts no connections from the internet"
            yield never(Stage.NAT_GATEWAY, vpc.nat_id(target.interface), reason)
        yield from self._entering(target, peer)
        yield vpc.acl(target.interface, Stage.ANSWER_OUTBOUND, peer)
        yield self._public_route(target, peer, Stage.ANSWER_ROUTE)

    def _leaving(
        self, source: Attached, peer: IpAddress, peer_groups: frozenset[str] = frozenset()
    ) -> Iterator[Step]:
        yield from self._fault(source.interface.id)
        yield self._vpcs[source.vpc_id].groups(source.interface, Stage.GROUP_EGRESS, peer, peer_groups)

    def _entering(
        self, target: Attached, peer: IpAddress, peer_groups: frozenset[str] = frozenset()
    ) -> Iterator[Step]:
        yield from self._fault(target.interface.id)
        yield self._vpcs[target.vpc_id].groups(target.interface, Stage.GROUP_INGRESS, peer, peer_groups)

    def _fault(self, place: object) -> Iterator[Step]:
        """Yield the fault of an interface or an address, if any."""
        if text := self.faults.get(str(place)):
            yield never(Stage.FAULT, str(place), text)

    def _public_address(self, target: Attached) -> Step:
        gateway = self._vpcs[target.vpc_id].vpc.internet_gateway_id
        if gateway is None:
            return never(Stage.INTERNET_GATEWAY, target.vpc_id, f"{target.vpc_id} has no internet gateway")
        if target.public_address is None:
            return never(Stage.INTERNET_GATEWAY, gateway, f"{target.interface.id} has no public address")
        return always(Stage.INTERNET_GATEWAY, gateway, f"{target.public_address} is {target.interface.id}")

    def _public_route(self, source: Attached, address: IpAddress, stage: Stage) -> Step:
        """Return the step from an interface through an internet gateway or a gateway endpoint."""
        vpc = self._vpcs[source.vpc_id]
        table = vpc.table_id(source.interface)
        route = vpc.route(source.interface, address)
        if route is None:
            return never(stage, table, f"{table} has no route to {address}")
        internet_gateway = vpc.vpc.internet_gateway_id
        problem, gateway = _way_out(source, route, internet_gateway, is_answer=stage is Stage.ANSWER_ROUTE)
        if problem:
            return never(stage, table, f"{route.destination} of {table} {problem}")
        return always(stage, table, f"{table} leads {route.destination} to {gateway}")


def _way_out(
    source: Attached, route: Route, gateway: str | None, *, is_answer: bool
) -> tuple[str, str | None]:
    """Return why a route leads to no gateway, empty if it does, and the gateway."""
    match route:
        case Route(target=RouteTarget.BLACKHOLE):
            return "is a black hole: its target does not exist", None
        case Route(target=RouteTarget.GATEWAY_ENDPOINT, endpoint_id=endpoint):
            return "", endpoint
        case Route(target=RouteTarget.INTERNET_GATEWAY) if gateway:
            if source.public_address is None:
                return f"leads to {gateway}, but {source.interface.id} has no public address", None
            return "", gateway
        case Route(target=RouteTarget.EGRESS_ONLY_GATEWAY) if source.address.version == 6 and not is_answer:
            return "", "the egress-only internet gateway"
    return "leads to no gateway to the internet", None


def _unused(end: Unused) -> str:
    return f"no interface of {end.vpc_id} has {end.address}"
