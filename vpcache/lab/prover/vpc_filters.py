"""The filters and routes of one VPC by interface. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.acl_filter import AclFilter
from vpcache.lab.prover.group_filter import GroupFilter
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Stage, Step, always
from vpcache.lab.topology import (
    Interface,
    InterfaceKind,
    Route,
    RouteTable,
    RouteTarget,
    Subnet,
    Vpc,
)


class VpcFilters:
    """Looks up the security groups, the network ACL and the routes that apply to an interface."""

    def __init__(self, vpc: Vpc, source_ports: tuple[int, int]) -> None:
        self.vpc = vpc
        self._groups = GroupFilter(vpc.security_groups)
        self._acls = AclFilter(vpc.network_acls, source_ports)
        self._route = cache(self._new_route)
        self._local = cache(self._new_local)

    def groups(
        self, interface: Interface, stage: Stage, peer: IpAddress, peer_groups: frozenset[str]
    ) -> Step:
        """Return the step through the security groups of an interface."""
        if self.is_nat_gateway(interface):
            return always(stage, self.nat_id(interface), "a NAT gateway has no security group")
        return self._groups.step(stage, interface.security_groups, peer, peer_groups)

    def acl(self, interface: Interface, stage: Stage, peer: IpAddress) -> Step:
        """Return the step through the network ACL of an interface's subnet."""
        return self._acls.step(stage, interface.subnet_id, peer)

    def permitted(
        self, source: Interface, target: Interface, source_address: IpAddress, target_address: IpAddress
    ) -> Intervals:
        """Return the packets from one interface to another that all groups and network ACLs pass."""
        from_source, to_target = source.security_groups, target.security_groups
        packets = self._groups.permitted(Stage.GROUP_EGRESS, from_source, target_address, to_target)
        if packets:
            packets &= self._groups.permitted(Stage.GROUP_INGRESS, to_target, source_address, from_source)
        if packets and self.vpc.network_acls:
            for step in self.crossing(source, target, source_address, target_address):
                packets &= step.permitted
            for step in self.crossing_back(source, target, source_address, target_address):
                packets &= step.permitted
        return packets

    def crossing(
        self, source: Interface, target: Interface, source_address: IpAddress, target_address: IpAddress
    ) -> Iterator[Step]:
        """Yield the network ACLs from one interface to another; within a subnet there are none."""
        if source.subnet_id != target.subnet_id:
            yield self.acl(source, Stage.ACL_OUTBOUND, target_address)
            yield self.acl(target, Stage.ACL_INBOUND, source_address)

    def crossing_back(
        self, source: Interface, target: Interface, source_address: IpAddress, target_address: IpAddress
    ) -> Iterator[Step]:
        """Yield the network ACLs of the answer."""
        if source.subnet_id != target.subnet_id:
            yield self.acl(target, Stage.ANSWER_OUTBOUND, source_address)
            yield self.acl(source, Stage.ANSWER_INBOUND, target_address)

    def route(self, interface: Interface, address: IpAddress) -> Route | None:
        """Return the route with the longest prefix that contains an address."""
        return self._route(self.table_id(interface), address)

    def local(self, interface: Interface) -> Step:
        """Return the step through the local route, to the other interfaces of the VPC."""
        return self._local(self.table_id(interface))

    def table_id(self, interface: Interface) -> str:
        """Return the ID of the route table of an interface's subnet."""
        return self._subnets[interface.subnet_id].route_table_id

    def nat_interface(self, route: Route | None) -> Interface | None:
        """Return the interface of the NAT gateway to which a route leads, if it leads to one."""
        if route is None or route.target is not RouteTarget.INTERFACE:
            return None
        interface = self._interfaces.get(route.interface_id or "")
        return interface if interface and self.is_nat_gateway(interface) else None

    def nat_id(self, interface: Interface) -> str:
        """Return the ID of the NAT gateway of an interface."""
        return self._nat_ids.get(interface.id, interface.id)

    def target_id(self, route: Route) -> str:
        """Return the ID of what a route leads to; of an interface of a NAT gateway that of the gateway."""
        id_ = route.interface_id or route.endpoint_id
        return self._nat_ids.get(id_, id_) if id_ else "no target"

    def is_nat_gateway(self, interface: Interface) -> bool:
        """Return whether an interface is that of a NAT gateway."""
        return interface.kind is InterfaceKind.NAT_GATEWAY

    def _new_local(self, table_id: str) -> Step:
        blocks = ", ".join(map(str, (*self.vpc.cidrs, *self.vpc.ipv6_cidrs)))
        return always(Stage.LOCAL_ROUTE, table_id, "{} is local in {}", blocks, table_id)

    def _new_route(self, table_id: str, address: IpAddress) -> Route | None:
        table = self._tables.get(table_id)
        matching = [each for each in (table.routes if table else ()) if address in each.destination]
        return max(matching, key=lambda each: each.destination.prefixlen, default=None)

    @cached_property
    def _interfaces(self) -> dict[str, Interface]:
        return {each.id: each for each in self.vpc.interfaces}

    @cached_property
    def _nat_ids(self) -> dict[str, str]:
        return {each.interface_id: each.id for each in self.vpc.nat_gateways}

    @cached_property
    def _subnets(self) -> dict[str, Subnet]:
        return self.vpc.subnets_by_id()

    @cached_property
    def _tables(self) -> dict[str, RouteTable]:
        return {each.id: each for each in self.vpc.route_tables}
