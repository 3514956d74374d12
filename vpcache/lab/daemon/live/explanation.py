"""Why a flow may or may not pass: each rule, route and fault on its way and on the way of its answer. Pure.

It follows the packet through the topology as the lab's router does: security groups are stateful, network
ACLs see the answer too, and do not apply within a subnet.
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from vpcache.lab.daemon.live.rules import (
    EPHEMERAL,
    NAT_EPHEMERAL,
    Check,
    Packets,
    acl_check,
    group_check,
    route_check,
    route_for,
)
from vpcache.lab.daemon.live.stacks import target_id
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, FaultKind, Mode, by_target, down_hosts, isolated_interfaces
from vpcache.lab.network.naming import INTERNET, INTERNET_CLIENT
from vpcache.lab.topology import Interface, RouteTarget, Topology, Vpc

PROTOCOLS = ("tcp", "udp", "icmp")


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow between two ends, each the ID of an interface, an IPv4 address, a host name or `internet`.

    `port` is None for icmp.
    """

    source: str
    target: str
    protocol: str
    port: int | None = None

    @classmethod
    def create(cls, source: object, target: object, protocol: object, port: object = None) -> Flow:
        """Return a valid flow. Raises LabError that names the invalid value."""
        if not isinstance(source, str) or not isinstance(target, str):
            raise LabError(f"source {source!r} and target {target!r}: must be texts")
        if protocol not in PROTOCOLS:
            raise LabError(f"unknown protocol {protocol!r}; choose from {', '.join(PROTOCOLS)}")
        if protocol == "icmp":
            return cls(source, target, "icmp")
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise LabError(f"invalid port {port!r}: must be a whole number from 0 to 65535")
        return cls(source, target, str(protocol), port)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The checks of a flow in their order; `summary` is its first obstacle, or says that it passes."""

    checks: tuple[Check, ...]
    summary: str

    @property
    def passes(self) -> bool:
        """Whether no check stops the flow."""
        return all(check.passes for check in self.checks)


@dataclass(frozen=True, slots=True)
class _End:
    """An end of a flow: an interface of a VPC, or an address outside, such as one of the internet."""

    address: IPv4Address
    vpc: Vpc | None = None
    interface: Interface | None = None


def explain(
    topology: Topology, faults: Sequence[Fault], flow: Flow, hosts: Iterable[tuple[str, IPv4Address]] = ()
) -> Explanation:
    """Return what lets a flow pass and what stops it. `hosts` are the internet's, by name.

    Raises LabError for an unknown end.
    """
    names = dict(hosts)
    source = _end(topology, flow.source, names, None)
    target = _end(topology, flow.target, names, source.vpc)
    checks = tuple(_Way(topology, faults, flow, source, target).checks())
    traffic = f"{flow.protocol} {flow.port}" if flow.port is not None else flow.protocol
    obstacle = next((f"{check.stage}: {check.why}" for check in checks if not check.passes), None)
    return Explanation(checks, obstacle or f"{traffic} passes from {flow.source} to {flow.target}")


def _end(topology: Topology, name: str, hosts: dict[str, IPv4Address], near: Vpc | None) -> _End:
    """Return an end; an address that several VPCs have is that of `near`, or of the first VPC."""
    for vpc in topology.vpcs:
        for interface in vpc.interfaces:
            if interface.id == name:
                return _End(interface.address, vpc, interface)
    if name == INTERNET:
        return _End(INTERNET_CLIENT)
    if name in hosts:
        return _End(hosts[name])
    try:
        address = IPv4Address(name)
    except AddressValueError:
        raise LabError(
            f"unknown end {name!r}: must be an eni-... of the lab, an IPv4 address, a host, or {INTERNET}"
        ) from None
    for vpc in sorted(topology.vpcs, key=lambda each: each is not near):
        for interface in vpc.interfaces:
            if address in interface.addresses and near in (None, vpc):
                return _End(address, vpc, interface)
    return _End(address)


class _Way:
    """The way of a flow, and of its answer."""

    def __init__(
        self, topology: Topology, faults: Sequence[Fault], flow: Flow, source: _End, target: _End
    ) -> None:
        self._topology = topology
        self._faults = faults
        self._flow = flow
        self._source, self._target = source, target
        self._isolated = isolated_interfaces(topology, faults)

    def checks(self) -> Iterator[Check]:
        """Yield the checks from source to target, then those of the answer."""
        source, target = self._source, self._target
        if source.vpc is None or source.interface is None:
            yield from self._arrival(source.address)
        elif target.vpc not in (None, source.vpc):
            yield Check("route", None, False, f"{source.vpc.id} and {target.vpc.id} are not connected")
        elif any(target.address in cidr for cidr in source.vpc.cidrs):
            yield from self._inside(source.vpc, source.interface)
        else:
            yield from self._to_outside(source.vpc, source.interface)

    def _inside(self, vpc: Vpc, source: Interface) -> Iterator[Check]:
        packets = self._packets(self._target.address)
        yield from self._isolation(source, "source")
        yield from group_check(vpc, source, packets, is_egress=True, peer=self._target.interface)
        target = self._target.interface
        if target is None:
            yield Check("target", None, False, f"no interface of {vpc.id} has {self._target.address}")
            return
        yield Check("route", self._table(vpc, source), True, f"{self._target.address} is local in {vpc.id}")
        is_same_subnet = source.subnet_id == target.subnet_id
        incoming = self._packets(self._source.address)
        answers = (self._answers(self._source.address), self._answers(self._target.address))
        if not is_same_subnet:
            yield from acl_check(vpc, source.subnet_id, packets, is_egress=True)
            yield from acl_check(vpc, target.subnet_id, incoming, is_egress=False)
        yield from self._isolation(target, "target")
        yield from group_check(vpc, target, incoming, is_egress=False, peer=source)
        yield from self._process(target)
        if not is_same_subnet:
            yield from acl_check(vpc, target.subnet_id, answers[0], is_egress=True, is_answer=True)
            yield from acl_check(vpc, source.subnet_id, answers[1], is_egress=False, is_answer=True)

    def _to_outside(self, vpc: Vpc, source: Interface) -> Iterator[Check]:
        address = self._target.address
        packets, answer = self._packets(address), self._answers(address)
        yield from self._isolation(source, "source")
        yield from group_check(vpc, source, packets, is_egress=True, peer=None)
        yield from acl_check(vpc, source.subnet_id, packets, is_egress=True)
        yield from route_check(vpc, source, address)
        route = route_for(vpc, source, address)
        if route is None or route.target is RouteTarget.BLACKHOLE:
            return
        gateway = next((each for each in vpc.nat_gateways if each.interface_id == route.interface_id), None)
        if gateway:
            translator = next(each for each in vpc.interfaces if each.id == gateway.interface_id)
            yield from self._through_nat(vpc, source, gateway.id, translator)
            yield from self._internet(translator)
        elif route.target is RouteTarget.INTERNET_GATEWAY:
            yield _elastic_ip_check("elastic IP of the source", source.id, source)
            yield from self._internet(source)
        elif route.target is not RouteTarget.GATEWAY_ENDPOINT:
            why = f"only ways through gateways are explained, not that to {target_id(vpc, route)}"
            yield Check("route", None, False, why)
        yield from acl_check(vpc, source.subnet_id, answer, is_egress=False, is_answer=True)

    def _through_nat(
        self, vpc: Vpc, source: Interface, gateway_id: str, gateway: Interface
    ) -> Iterator[Check]:
        """Yield the checks of a NAT gateway, whose interface is `gateway`."""
        address = self._target.address
        yield from self._isolation(gateway, f"NAT gateway {gateway_id}")
        is_same_subnet = source.subnet_id == gateway.subnet_id
        if not is_same_subnet:
            incoming = self._packets(self._source.address)
            yield from acl_check(vpc, gateway.subnet_id, incoming, is_egress=False)
        yield from acl_check(vpc, gateway.subnet_id, self._packets(address), is_egress=True)
        yield from route_check(vpc, gateway, address)
        route = route_for(vpc, gateway, address)
        if route and route.target is not RouteTarget.INTERNET_GATEWAY:
            why = f"{gateway.subnet_id}, the subnet of {gateway_id}, has no route to an internet gateway"
            yield Check("route of the NAT gateway", gateway_id, False, why)
        yield _elastic_ip_check("elastic IP of the NAT gateway", gateway_id, gateway)
        answer = _answer(self._flow, NAT_EPHEMERAL, address)
        yield from acl_check(vpc, gateway.subnet_id, answer, is_egress=False, is_answer=True)
        if not is_same_subnet:
            back = self._answers(self._source.address)
            yield from acl_check(vpc, gateway.subnet_id, back, is_egress=True, is_answer=True)

    def _internet(self, sender: Interface) -> Iterator[Check]:
        """Yield the checks behind the internet gateway: of a host, or of another interface's elastic IP."""
        address = self._target.address
        if address in down_hosts(self._topology, self._faults):
            yield Check("fault of the host", None, False, f"{address} is down")
        elif sender.public_address and self._owner(address):
            yield from self._arrival(sender.public_address)

    def _arrival(self, peer: IPv4Address) -> Iterator[Check]:
        """Yield the checks of packets that come from the internet, from `peer`."""
        address = self._target.address
        found = self._owner(address)
        if found is None:
            yield Check("target", None, False, f"no interface of the lab has {address}")
            return
        vpc, target = found
        yield _elastic_ip_check("elastic IP of the target", target.id, target)
        if vpc.internet_gateway_id is None:
            yield Check("internet gateway", vpc.id, False, f"{vpc.id} has no internet gateway")
        yield from acl_check(vpc, target.subnet_id, self._packets(peer), is_egress=False)
        yield from self._isolation(target, "target")
        gateway = next((each.id for each in vpc.nat_gateways if each.interface_id == target.id), None)
        if gateway:
            why = "a NAT gateway accepts no connections from the internet"
            yield Check("NAT gateway", gateway, False, why)
        yield from group_check(vpc, target, self._packets(peer), is_egress=False, peer=None)
        yield from self._process(target)
        yield from route_check(vpc, target, peer)
        yield from acl_check(vpc, target.subnet_id, self._answers(peer), is_egress=True, is_answer=True)

    def _owner(self, address: IPv4Address) -> tuple[Vpc, Interface] | None:
        """Return the interface with an elastic IP, or with the private address that was asked for."""
        interfaces = ((vpc, each) for vpc in self._topology.vpcs for each in vpc.interfaces)
        return next(
            (
                (vpc, each)
                for vpc, each in interfaces
                if each.public_address == address or each is self._target.interface
            ),
            None,
        )

    def _packets(self, peer: IPv4Address) -> Packets:
        port = self._flow.port
        return Packets(self._flow.protocol, None if port is None else (port, port), peer)

    def _answers(self, peer: IPv4Address) -> Packets:
        return _answer(self._flow, EPHEMERAL, peer)

    def _table(self, vpc: Vpc, interface: Interface) -> str:
        return vpc.subnets_by_id()[interface.subnet_id].route_table_id

    def _isolation(self, interface: Interface, role: str) -> Iterator[Check]:
        """Yield the fault that isolates an interface, if any."""
        if interface.id in self._isolated:
            label = next(
                fault.label
                for fault in self._faults
                if interface.id in isolated_interfaces(self._topology, [fault])
            )
            yield Check(f"fault of the {role}", interface.id, False, label)

    def _process(self, target: Interface) -> Iterator[Check]:
        """Yield the fault of a cache node's process, if any."""
        modes = by_target(self._faults, FaultKind.CACHE_NODE)
        for vpc in self._topology.vpcs:
            for cluster in vpc.cache_clusters:
                for node in cluster.nodes:
                    fault = modes.get(cluster.node_name(node))
                    if node.interface_id == target.id and fault and fault.mode in (Mode.DEAD, Mode.HUNG):
                        yield Check("fault of the target's process", target.id, False, fault.label)


def _answer(flow: Flow, ports: tuple[int, int], peer: IPv4Address) -> Packets:
    return Packets(flow.protocol, None if flow.port is None else ports, peer, icmp_type=0)


def _elastic_ip_check(stage: str, resource: str, interface: Interface) -> Check:
    address = interface.public_address
    return Check(stage, resource, address is not None, f"{resource} has {address or 'no elastic IP'}")
