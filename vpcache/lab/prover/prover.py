"""The prover: which packets can pass from one end to another, and through which rules. Pure.

The way of a packet is that of a VPC: the security groups of its interface, the network ACL and the route
table of its subnet, a NAT gateway with its own subnet, the internet gateway, and the same on the side of the
target. Security groups and NAT gateways are stateful, network ACLs and internet gateways are not.
https://docs.aws.amazon.com/vpc/latest/userguide/how-it-works.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import Attached, End, Internet, Unused, is_public
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Stage, Step, always, common, never, unmodeled
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
        return Path(tuple(self._steps(source, target)), self._seen_as(source, target))

    def permitted(self, source: End, target: End) -> Intervals:
        """Return the packets that reach the target and are answered: those that `path` permits."""
        match source, target:
            case Attached(), Attached(by_public_address=False) if self._is_filtered_only(source, target):
                vpc = self._vpcs[source.vpc_id]
                return vpc.permitted(source.interface, target.interface, source.address, target.address)
        return common(self._steps(source, target))

    def _is_filtered_only(self, source: Attached, target: Attached) -> bool:
        """Return whether only security groups and network ACLs decide on packets between two interfaces."""
        is_gateway = self._is_nat_gateway(source) or self._is_nat_gateway(target)
        is_same = source.interface.id == target.interface.id
        return source.vpc_id == target.vpc_id and not (is_gateway or is_same or self.faults)

    def _steps(self, source: End, target: End) -> Iterator[Step]:
        match source, target:
            case Attached(), _ if self._is_nat_gateway(source):
                return iter((self._only_forwards(source),))
            case Attached(), Attached(by_public_address=False) if source.interface.id == target.interface.id:
                interface = source.interface.id
                return iter((always(Stage.TARGET, interface, "packets to {0} do not leave {0}", interface),))
            case Attached(), Attached(by_public_address=False):
                return self._inside(source, target)
            case Attached(), Attached() | Internet():
                return self._outward(source, target)
            case Unused(), _:
                return iter((never(Stage.SOURCE, source.vpc_id, *_unused(source)),))
            case Attached(), Unused():
                missing = never(Stage.TARGET, target.vpc_id, *_unused(target))
                return chain(self._leaving(source, target.address), (missing,))
            case _, Attached():
                return self._inward(source.address, target)
        return chain(self._fault(source.address), self._fault(target.address))

    def _seen_as(self, source: End, target: End) -> IpAddress | None:
        """Return the source address that the target sees, None if a sender has no public address."""
        match source, target:
            case Attached(), Attached(by_public_address=True) | Internet():
                address = _dialled(target)
                return source.address if address is None else self._address_outside(source, address)
        return source.address

    def _address_outside(self, source: Attached, address: IpAddress) -> IpAddress | None:
        """Return the source address that an address outside the VPC sees.

        A gateway endpoint translates none:
        https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
        """
        sender = self._sender(source, address)
        route = self._vpcs[source.vpc_id].route(sender.interface, address)
        if route is not None and route.target is RouteTarget.GATEWAY_ENDPOINT:
            return sender.address
        return sender.public_address

    def _inside(self, source: Attached, target: Attached) -> Iterator[Step]:
        if source.vpc_id != target.vpc_id:
            yield never(
                Stage.ROUTE, source.vpc_id, "{} and {} are not connected", source.vpc_id, target.vpc_id
            )
            return
        vpc = self._vpcs[source.vpc_id]
        yield from self._leaving(source, target.address, target.interface.security_groups)
        yield from vpc.crossing(source.interface, target.interface, source.address, target.address)
        yield vpc.local(source.interface)
        if self._is_nat_gateway(target):
            yield self._only_forwards(target)
        yield from self._entering(target, source.address, source.interface.security_groups)
        yield from vpc.crossing_back(source.interface, target.interface, source.address, target.address)

    def _outward(self, source: Attached, target: Internet | Attached) -> Iterator[Step]:
        """Yield the steps through a gateway, to a host or to the public address of an interface."""
        address = _dialled(target)
        if address is None:
            yield never(Stage.TARGET, source.vpc_id, "{} has no public address", target.address)
            return
        vpc = self._vpcs[source.vpc_id]
        sender = self._sender(source, address)
        yield from self._leaving(source, address)
        if sender is not source:
            yield from self._to_nat_gateway(source, sender, address)
        yield vpc.acl(sender.interface, Stage.ACL_OUTBOUND, address)
        yield self._public_route(sender, address, Stage.ROUTE)
        yield from self._beyond(sender, target, address)
        yield vpc.acl(sender.interface, Stage.ANSWER_INBOUND, address)
        if sender is not source:
            yield from vpc.crossing_back(source.interface, sender.interface, source.address, address)

    def _sender(self, source: Attached, address: IpAddress) -> Attached:
        """Return the end that sends to an address outside the VPC: a NAT gateway, or `source` itself."""
        vpc = self._vpcs[source.vpc_id]
        gateway = vpc.nat_interface(vpc.route(source.interface, address))
        return Attached(source.vpc_id, gateway, gateway.address) if gateway else source

    def _to_nat_gateway(self, source: Attached, gateway: Attached, address: IpAddress) -> Iterator[Step]:
        vpc = self._vpcs[source.vpc_id]
        name = vpc.nat_id(gateway.interface)
        table = vpc.table_id(source.interface)
        yield always(Stage.ROUTE, table, "{} leads {} to {}", table, address, name)
        yield from vpc.crossing(source.interface, gateway.interface, source.address, address)
        yield from self._fault(gateway.interface.id)
        seen = gateway.public_address or gateway.address
        yield always(Stage.NAT_GATEWAY, name, "{} sends from {}", name, seen)

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
        if self._is_nat_gateway(target):
            yield self._only_forwards(target)
        yield from self._entering(target, peer)
        yield vpc.acl(target.interface, Stage.ANSWER_OUTBOUND, peer)
        yield self._public_route(target, peer, Stage.ANSWER_ROUTE)

    def _leaving(
        self, source: Attached, peer: IpAddress, peer_groups: frozenset[str] = frozenset()
    ) -> Iterator[Step]:
        if self.faults:
            yield from self._fault(source.interface.id)
        yield self._vpcs[source.vpc_id].groups(source.interface, Stage.GROUP_EGRESS, peer, peer_groups)

    def _entering(
        self, target: Attached, peer: IpAddress, peer_groups: frozenset[str] = frozenset()
    ) -> Iterator[Step]:
        if self.faults:
            yield from self._fault(target.interface.id)
        yield self._vpcs[target.vpc_id].groups(target.interface, Stage.GROUP_INGRESS, peer, peer_groups)

    def _is_nat_gateway(self, end: Attached) -> bool:
        return self._vpcs[end.vpc_id].is_nat_gateway(end.interface)

    def _only_forwards(self, gateway: Attached) -> Step:
        """Return the step at a NAT gateway that is an end itself.

        It does not even answer pings:
        https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
        """
        name = self._vpcs[gateway.vpc_id].nat_id(gateway.interface)
        return never(Stage.NAT_GATEWAY, name, "{} accepts no connections and opens none", name)

    def _fault(self, place: object) -> Iterator[Step]:
        """Yield the fault of an interface or an address, if any."""
        if self.faults and (text := self.faults.get(str(place))):
            yield never(Stage.FAULT, str(place), "{}", text)

    def _public_address(self, target: Attached) -> Step:
        gateway = self._vpcs[target.vpc_id].vpc.internet_gateway_id
        if gateway is None:
            return never(Stage.INTERNET_GATEWAY, target.vpc_id, "{} has no internet gateway", target.vpc_id)
        public, interface = target.public_address, target.interface.id
        if public is None:
            return never(Stage.INTERNET_GATEWAY, gateway, "{} has no public address", interface)
        return always(Stage.INTERNET_GATEWAY, gateway, "{} is {}", public, interface)

    def _public_route(self, source: Attached, address: IpAddress, stage: Stage) -> Step:
        """Return the step from an interface through an internet gateway or a gateway endpoint."""
        vpc = self._vpcs[source.vpc_id]
        table = vpc.table_id(source.interface)
        route = vpc.route(source.interface, address)
        if route is None:
            return never(stage, table, "{} has no route to {}", table, address)
        name = f"{route.destination} of {table}"
        if route.target is RouteTarget.UNMODELED:
            return unmodeled(stage, table, "{} leads to {}, outside the model", name, route.unmodeled)
        internet_gateway = vpc.vpc.internet_gateway_id
        is_answer = stage is Stage.ANSWER_ROUTE
        problem, gateway = _way_out(source, route, internet_gateway, address, is_answer=is_answer)
        if problem:
            return never(stage, table, "{} {}", name, problem.format(vpc.target_id(route)))
        return always(stage, table, "{} leads {} to {}", table, route.destination, gateway)


def _dialled(target: Internet | Attached) -> IpAddress | None:
    """Return the address to which packets to the internet go."""
    return target.address if isinstance(target, Internet) else target.public_address


def _way_out(
    source: Attached, route: Route, gateway: str | None, address: IpAddress, *, is_answer: bool
) -> tuple[str, str | None]:
    """Return why a route leads to no gateway, empty if it does, and the gateway.

    The reason may have a place for the target of the route, as in `str.format`.
    """
    match route:
        case Route(target=RouteTarget.BLACKHOLE):
            return "is a black hole: its target does not exist", None
        case Route(target=RouteTarget.GATEWAY_ENDPOINT, endpoint_id=endpoint):
            return f"leads to {endpoint}, which starts no connections" if is_answer else "", endpoint
        case Route(target=RouteTarget.INTERNET_GATEWAY) if gateway:
            if source.public_address is None:
                return f"leads to {gateway}, but {source.interface.id} has no public address", None
            if not is_public(address):
                return f"leads to {gateway}, but {address} is no address of the internet", None
            return "", gateway
        case Route(target=RouteTarget.EGRESS_ONLY_GATEWAY) if source.address.version == 6 and not is_answer:
            return "", "the egress-only internet gateway"
    return "leads to {}, not to an internet gateway", None


def _unused(end: Unused) -> tuple[str, str, IpAddress]:
    return "no interface of {} has {}", end.vpc_id, end.address
