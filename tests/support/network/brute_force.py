"""Whether a connection passes in a VPC, decided packet by packet. Slow, and independent of the prover. Pure.

It follows a request and then its answers, with each port to which they may go, past every filter on the way.

- Security groups are stateful, and all rules of all groups of an interface apply together. A rule that
  names a group matches the private addresses of its members:
  https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
- Network ACLs are stateless; the lowest matching entry decides, and none is a denial. They filter what enters
  and leaves a subnet: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
- The route with the longest prefix decides: https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
- An internet gateway translates private to public addresses one to one:
  https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
- A gateway endpoint changes no address, and its service starts no connections:
  https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
- A NAT gateway accepts no connections from outside, and sends from its own address and subnet:
  https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import Attached, Internet
from vpcache.lab.topology import Interface, InterfaceKind, Route, RouteTarget, Vpc

ECHO_REQUEST, ECHO_REPLY = 8, 0


@dataclass(frozen=True)
class Packet:
    """A packet. `port` is the destination port, of ICMP the type of the message; its code is 0."""

    protocol: str
    source: IpAddress
    destination: IpAddress
    port: int


@dataclass(frozen=True)
class Connections:
    """The connections in a VPC, of which the answers go to any of `answer_ports`."""

    vpc: Vpc
    answer_ports: tuple[int, ...]

    def open_ports(
        self, source: Attached | Internet, target: Attached | Internet, protocol: str, ports: Iterable[int]
    ) -> set[int]:
        """Return those of `ports` at which requests arrive and all answers come back.

        Answers are the same for all ports: rules and entries match the destination port of a packet only.
        """
        arriving = {port for port in ports if self._arrives(source, target, protocol, port)}
        answers = (ECHO_REPLY,) if protocol == "icmp" else self.answer_ports
        if arriving and all(self._comes_back(source, target, protocol, each) for each in answers):
            return arriving
        return set()

    def seen_as(self, source: Attached | Internet, target: Attached | Internet) -> IpAddress:
        """Return the source address of a request as the target sees it, if it arrives."""
        inside = isinstance(target, Attached) and not target.by_public_address
        if isinstance(source, Internet) or inside:
            return source.address
        gateway = self._nat_gateway(source.interface, _dialled(target))
        sender, private = (gateway, gateway.address) if gateway else (source.interface, source.address)
        route = self._route(sender, _dialled(target))
        if route and route.target is RouteTarget.GATEWAY_ENDPOINT:
            return private
        return (gateway.public_address if gateway else source.public_address) or private

    def _arrives(
        self, source: Attached | Internet, target: Attached | Internet, protocol: str, port: int
    ) -> bool:
        packet = Packet(protocol, source.address, _dialled(target), port)
        if isinstance(source, Attached):
            if isinstance(target, Attached) and not target.by_public_address:
                return self._arrives_inside(source.interface, target.interface, packet)
            if not self._groups_allow(source.interface, packet, frozenset(), is_inbound=False):
                return False
            sent = self._sent_out(source, packet)
            if sent is None:
                return False
            packet = sent
        return isinstance(target, Internet) or self._enters(target.interface, packet)

    def _arrives_inside(self, source: Interface, target: Interface, packet: Packet) -> bool:
        return (
            self._groups_allow(source, packet, target.security_groups, is_inbound=False)
            and self._crosses(source, target, packet)
            and self._groups_allow(target, packet, source.security_groups, is_inbound=True)
        )

    def _comes_back(
        self, source: Attached | Internet, target: Attached | Internet, protocol: str, port: int
    ) -> bool:
        answer = Packet(protocol, _dialled(target), source.address, port)
        peer = self.seen_as(source, target)
        if isinstance(target, Attached):
            if isinstance(source, Attached) and not target.by_public_address:
                return self._crosses(target.interface, source.interface, answer)
            route = self._route(target.interface, peer)
            leaving = Packet(protocol, target.address, peer, port)
            if route is None or route.target is not RouteTarget.INTERNET_GATEWAY:
                return False
            if not self._acl_allows(target.interface, leaving, is_inbound=False):
                return False
        if isinstance(source, Internet):
            return True
        gateway = self._nat_gateway(source.interface, answer.source)
        if gateway is None:
            return self._acl_allows(source.interface, answer, is_inbound=True)
        entering = replace(answer, destination=gateway.address)
        return self._acl_allows(gateway, entering, is_inbound=True) and self._crosses(
            gateway, source.interface, answer
        )

    def _sent_out(self, source: Attached, packet: Packet) -> Packet | None:
        """Return a packet as the internet sees it, None if it does not get there."""
        interface, public = source.interface, source.public_address
        if gateway := self._nat_gateway(interface, packet.destination):
            if not self._crosses(interface, gateway, packet):
                return None
            interface, public = gateway, gateway.public_address
            packet = replace(packet, source=gateway.address)
        route = self._route(interface, packet.destination)
        if route is None or not self._acl_allows(interface, packet, is_inbound=False):
            return None
        if route.target is RouteTarget.GATEWAY_ENDPOINT:
            return packet
        if route.target is not RouteTarget.INTERNET_GATEWAY or public is None:
            return None
        return replace(packet, source=public)

    def _enters(self, target: Interface, packet: Packet) -> bool:
        """Return whether a packet of the internet to an interface's public address reaches the interface."""
        if self.vpc.internet_gateway_id is None or target.kind is InterfaceKind.NAT_GATEWAY:
            return False
        return self._acl_allows(target, packet, is_inbound=True) and self._groups_allow(
            target, packet, frozenset(), is_inbound=True
        )

    def _crosses(self, sender: Interface, receiver: Interface, packet: Packet) -> bool:
        """Return whether the ACLs of two subnets pass a packet; within a subnet none applies."""
        return sender.subnet_id == receiver.subnet_id or (
            self._acl_allows(sender, packet, is_inbound=False)
            and self._acl_allows(receiver, packet, is_inbound=True)
        )

    def _nat_gateway(self, interface: Interface, destination: IpAddress) -> Interface | None:
        route = self._route(interface, destination)
        for each in self.vpc.interfaces:
            if route and each.id == route.interface_id and each.kind is InterfaceKind.NAT_GATEWAY:
                return each
        return None

    def _route(self, interface: Interface, destination: IpAddress) -> Route | None:
        for subnet in self.vpc.subnets:
            for table in self.vpc.route_tables:
                if subnet.id == interface.subnet_id and table.id == subnet.route_table_id:
                    routes = sorted(table.routes, key=lambda each: each.destination.prefixlen)
                    return next((each for each in reversed(routes) if destination in each.destination), None)
        return None

    def _groups_allow(
        self, interface: Interface, packet: Packet, peer_groups: frozenset[str], *, is_inbound: bool
    ) -> bool:
        peer = packet.source if is_inbound else packet.destination
        for group in self.vpc.security_groups:
            for rule in group.ingress if is_inbound else group.egress:
                if group.id in interface.security_groups and _matches(rule.protocol, rule.ports, packet):
                    if isinstance(rule.peer, str) and rule.peer in peer_groups:
                        return True
                    if not isinstance(rule.peer, str) and peer in rule.peer:
                        return True
        return False

    def _acl_allows(self, interface: Interface, packet: Packet, *, is_inbound: bool) -> bool:
        peer = packet.source if is_inbound else packet.destination
        for acl in self.vpc.network_acls:
            if interface.subnet_id in acl.subnet_ids:
                entries = acl.ingress if is_inbound else acl.egress
                matching = [
                    each
                    for each in entries
                    if peer in each.cidr and _matches(each.protocol, each.ports, packet)
                ]
                return bool(matching) and min(matching, key=lambda each: each.number).allows
        return True


def _matches(protocol: str, ports: tuple[int, int] | None, packet: Packet) -> bool:
    if protocol == "all":
        return True
    if protocol != packet.protocol:
        return False
    if ports is None:
        return True
    first, second = ports
    if protocol == "icmp":
        return first in (-1, packet.port) and second in (-1, 0)
    return first <= packet.port <= second


def _dialled(target: Attached | Internet) -> IpAddress:
    if isinstance(target, Internet) or not target.by_public_address:
        return target.address
    assert target.public_address is not None, "nobody connects to a public address that is missing"
    return target.public_address
