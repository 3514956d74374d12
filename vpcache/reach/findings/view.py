"""What the findings look up in a network: its prover, its ends by what they do, its names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import Attached, Internet, attached
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import EPHEMERAL_PORTS
from vpcache.lab.prover.vpc_filters import VpcFilters
from vpcache.lab.topology import Interface, InterfaceKind, Route, RouteTarget, Rule, Vpc
from vpcache.reach.internet import ANY_HOST, ANY_IPV6_HOST
from vpcache.reach.network import Network

HOST = Internet(ANY_HOST)
HOSTS = {4: HOST, 6: Internet(ANY_IPV6_HOST)}
"""Hosts of the internet that no rule names, by IP version."""
MEMCACHED_PORT = 11211
_LISTED = 4


@dataclass(frozen=True)
class View:
    """A network, ready for questions."""

    network: Network

    @property
    def vpcs(self) -> tuple[Vpc, ...]:
        """The VPCs of the network."""
        return self.network.topology.vpcs

    def path(self, source: Attached | Internet, target: Attached | Internet) -> Path:
        """Return the path of a connection between two ends."""
        return self._prover.path(source, target)

    def permitted(self, source: Attached | Internet, target: Attached | Internet) -> Intervals:
        """Return the packets that reach the target and are answered, faster than `path` does."""
        return self._prover.permitted(source, target)

    def filters(self, vpc: Vpc) -> VpcFilters:
        """Return what looks up the routes of a VPC."""
        return self._filters[vpc.id]

    def clients(self, vpc: Vpc) -> list[Attached]:
        """Return the ends that start connections: functions, and interfaces of which nothing is known."""
        return [
            each
            for each in attached(vpc)
            if each.interface.kind in (InterfaceKind.FUNCTION, InterfaceKind.PLAIN)
        ]

    def servers(self, vpc: Vpc) -> list[Attached]:
        """Return the ends that answer; Lambda accepts no connections to functions.

        https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        """
        quiet = (InterfaceKind.FUNCTION, InterfaceKind.NAT_GATEWAY)
        return [each for each in attached(vpc) if each.interface.kind not in quiet]

    def caches(self, vpc: Vpc) -> list[Attached]:
        """Return the ends of cache nodes, at their primary addresses."""
        kind = InterfaceKind.CACHE_NODE
        nodes = (each for each in attached(vpc) if each.interface.kind is kind)
        return [each for each in nodes if each.address == each.interface.address]

    def port(self, interface: Interface) -> int:
        """Return the port at which a cache listens."""
        return self.network.ports.get(self.name(interface), MEMCACHED_PORT)

    def name(self, interface: Interface) -> str:
        """Return the name of what an interface belongs to, its ID if it has none."""
        return self._labels.get(interface.id, interface.id)

    def resource(self, id_: str) -> str:
        """Return an ID with the name of its resource: "sg-0123 (shop-cache)"."""
        name = self.network.names.get(id_, id_)
        return id_ if name == id_ else f"{id_} ({name})"

    def listed(self, ends: Iterable[Attached]) -> str:
        """Return the names of ends, each with the zones of its interfaces."""
        zones: dict[str, list[str]] = {}
        for end in ends:
            known = zones.setdefault(self.name(end.interface), [])
            if end.interface.zone and end.interface.zone not in known:
                known.append(end.interface.zone)
        return listed(f"{name} in {listed(found)}" if found else name for name, found in zones.items())

    def subnets(self, ends: Iterable[Attached]) -> str:
        """Return the subnets of ends, in words."""
        return listed(self.resource(each.interface.subnet_id) for each in ends)

    def target(self, vpc: Vpc, route: Route) -> str:
        """Return what a route leads to, empty if that is no internet gateway and no NAT gateway."""
        if route.target is RouteTarget.INTERNET_GATEWAY:
            return self.resource(vpc.internet_gateway_id or "")
        gateway = self.filters(vpc).nat_interface(route)
        return self.resource(self.filters(vpc).nat_id(gateway)) if gateway else ""

    def table_id(self, vpc: Vpc, end: Attached) -> str:
        """Return the ID of the route table of an end's subnet."""
        return self.filters(vpc).table_id(end.interface)

    def route(self, vpc: Vpc, end: Attached, address: IpAddress) -> Route | None:
        """Return the route of packets from an end to an address outside the VPC."""
        return self.filters(vpc).route(end.interface, address)

    def by_table(self, vpc: Vpc, ends: Iterable[Attached]) -> dict[str, list[Attached]]:
        """Return ends by the route tables of their subnets."""
        tables: dict[str, list[Attached]] = {}
        for end in ends:
            tables.setdefault(self.table_id(vpc, end), []).append(end)
        return tables

    @cached_property
    def _prover(self) -> Prover:
        return Prover(self.network.topology)

    @cached_property
    def _filters(self) -> dict[str, VpcFilters]:
        return {vpc.id: VpcFilters(vpc, EPHEMERAL_PORTS) for vpc in self.vpcs}

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {id_: name for name, ids in self.network.interfaces.items() for id_ in ids}


def listed(names: Iterable[str]) -> str:
    """Return names in words: "a, b and c", of many the first ones and their number."""
    found = list(dict.fromkeys(names))
    if len(found) > _LISTED:
        found = [*found[: _LISTED - 1], f"{len(found) - _LISTED + 1} more"]
    return " and ".join(filter(None, (", ".join(found[:-1]), *found[-1:])))


def subnet_ends(vpc: Vpc) -> Iterator[Attached]:
    """Yield an end for each subnet, as if it had an interface without a public address."""
    for subnet in vpc.subnets:
        address = subnet.cidr.broadcast_address - 1
        kind = InterfaceKind.PLAIN
        yield Attached(vpc.id, Interface("", kind, subnet.id, subnet.zone, address), address)


def rule_of(rule: Rule) -> str:
    """Return the ID of a rule in brackets, empty if it has none."""
    return f" ({rule.id})" if rule.id else ""
