"""Ends of flows by the names that users give them: `internet`, `cache`, an ID, a CIDR block. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_network

from vpcache.errors import VpcacheError
from vpcache.lab.prover.ends import Attached, End, Internet, Unused, attached, end_at
from vpcache.lab.topology import InterfaceKind, IpNetwork, RouteTarget, Topology
from vpcache.reach.internet import INTERNET, host_classes
from vpcache.reach.network import Network

_SHOWN = 12  # names in an error
_WORDS = re.compile(r"[-/ .:_]+")


@dataclass(frozen=True)
class Place:
    """A name and its ends. `labels` has a name for each end where that of the place is not precise."""

    name: str
    ends: tuple[End, ...]
    labels: tuple[str, ...] = ()

    def label(self, end: End) -> str:
        """Return the name of an end of this place."""
        return self.labels[self.ends.index(end)] if self.labels else self.name


class Places:
    """The places of a network by name. The ends are listed once, so that thousands of names are cheap."""

    def __init__(self, network: Network) -> None:
        self._network = network
        ends = (end for vpc in network.topology.vpcs for end in attached(vpc))
        self._ends = sorted(ends, key=_order)
        self._by_interface: dict[str, list[Attached]] = {}
        for end in self._ends:
            self._by_interface.setdefault(end.interface.id, []).append(end)
        self._may_be_empty = {subnet.id for vpc in network.topology.vpcs for subnet in vpc.subnets} | {
            group.id for vpc in network.topology.vpcs for group in vpc.security_groups
        }
        self._nat_gateways = {
            each.interface_id: each.id for vpc in network.topology.vpcs for each in vpc.nat_gateways
        }
        self._owners = {id_: name for name, ids in network.interfaces.items() for id_ in ids}

    def all(self) -> tuple[Place, ...]:
        """Return all named things of the network that send or answer, and the internet.

        NAT gateways are none of them: they only forward.
        """
        found = (self._place(name, self._of_owners([name])) for name in self._network.interfaces)
        return (*(each for each in found if each.ends and not _is_nat_gateway(each)), self.internet())

    def internet(self) -> Place:
        """Return the internet with a host for each class of its hosts."""
        classes = host_classes(self._network.topology)
        return Place(
            INTERNET, tuple(Internet(each.address) for each in classes), tuple(each.name for each in classes)
        )

    def named(self, name: str) -> Place:
        """Return the place that a name means.

        In this order: `internet`; the ID of an interface, a subnet, a VPC, a security group or a NAT gateway;
        a CIDR block; `s3` or `dynamodb`, if they have a gateway endpoint in a route table; the name of a
        function, a cache, an endpoint or a NAT gateway, or a part of it between hyphens (`cached-api`);
        `cache` and `function` for all of them; the name of subnets or of security groups, or a part of it
        (`private`); `public` and `private` for subnets by their default route.
        Raises VpcacheError with what there is if the network has none of these, or if the name is ambiguous.
        """
        if name == INTERNET:
            return self.internet()
        ends = [end for end in self._ends if name in self._ids(end)]
        if ends or name in self._may_be_empty:
            return self._place(name, ends)
        if block := _block(name):
            return self._in_block(name, block)
        if name in (services := self._services()):
            return Place(name, services[name])
        searches: tuple[Callable[[str], list[Attached] | None], ...] = (
            self._by_owner,
            self._by_kind,
            self._by_subnet_or_group,
            self._by_tier,
        )
        for search in searches:
            found = search(name)
            if found is not None:
                return self._place(name, found)
        raise VpcacheError(f"nothing in this network is called '{name}'; {self._choices(name)}")

    def _place(self, name: str, ends: Iterable[Attached]) -> Place:
        found = tuple(ends)
        return Place(name, found, tuple(self._label(end, several=len(found) > 1) for end in found))

    def _label(self, end: Attached, *, several: bool) -> str:
        """Return the name of an end, with its zone where its owner has several interfaces.

        An address that is not the first of its interface is named too.
        """
        name = self._owners.get(end.interface.id, end.interface.id)
        is_shared = len(self._network.interfaces.get(name, ())) > 1
        zone = f" in {end.interface.zone}" if several and is_shared and end.interface.zone else ""
        address = "" if end.address == end.interface.address else f" at {end.address}"
        return f"{name}{zone}{address}"

    def _ids(self, end: Attached) -> tuple[str, ...]:
        interface = end.interface
        gateway = self._nat_gateways.get(interface.id, "")
        return interface.id, interface.subnet_id, end.vpc_id, gateway, *interface.security_groups

    def _of_owners(self, names: Iterable[str]) -> list[Attached]:
        ids = {id_ for name in names for id_ in self._network.interfaces[name]}
        return sorted((end for id_ in ids for end in self._by_interface.get(id_, ())), key=_order)

    def _in_block(self, name: str, block: IpNetwork) -> Place:
        """Return the interfaces in a block and, of its part outside the VPCs, a host of each class."""
        inside = self._place(name, (end for end in self._ends if end.address in block))
        classes = host_classes(self._network.topology, block)
        if not inside.ends and not classes:
            return Place(name, (end_at(self._network.topology, block[0]),))
        hosts = tuple(Internet(each.address) for each in classes)
        return Place(name, (*inside.ends, *hosts), (*inside.labels, *(str(each.address) for each in hosts)))

    def _services(self) -> dict[str, tuple[End, ...]]:
        """Return a host of each service with a gateway endpoint, from the routes that lead to it."""
        found: dict[str, tuple[End, ...]] = {}
        for vpc in self._network.topology.vpcs:
            names = {endpoint.id: endpoint.service for endpoint in vpc.gateway_endpoints}
            routes = (route for table in vpc.route_tables for route in table.routes)
            for route in routes:
                if name := names.get(route.endpoint_id or ""):
                    found.setdefault(name, (Internet(route.destination[0]),))
        return found

    def _by_owner(self, name: str) -> list[Attached] | None:
        known = self._network.interfaces
        if name in known:
            return self._of_owners([name])
        matching = [each for each in known if each.startswith(f"{name}/")] or [
            each for each in known if _has_words(each, name)
        ]
        owners = sorted({each.rpartition("/")[0] or each for each in matching})
        if len(owners) > 1:
            raise VpcacheError(f"'{name}' is ambiguous: choose from {', '.join(owners)}")
        return self._of_owners(matching) if matching else None

    def _by_kind(self, name: str) -> list[Attached] | None:
        if name in ("cache", "caches"):
            return self._of_owners(self._network.ports) if self._network.ports else None
        if name in ("function", "functions"):
            found = [end for end in self._ends if end.interface.kind is InterfaceKind.FUNCTION]
            return found or None
        return None

    def _by_subnet_or_group(self, name: str) -> list[Attached] | None:
        ids = {id_ for id_, known in self._network.names.items() if known == name or _has_words(known, name)}
        subnets = {subnet.id for vpc in self._network.topology.vpcs for subnet in vpc.subnets} & ids
        if subnets:
            return [end for end in self._ends if end.interface.subnet_id in subnets]
        groups = {group.id for vpc in self._network.topology.vpcs for group in vpc.security_groups} & ids
        if len(groups) > 1:
            names = sorted(self._network.names[each] for each in groups)
            raise VpcacheError(f"'{name}' is ambiguous: choose from {', '.join(names)}")
        return [end for end in self._ends if groups & end.interface.security_groups] if groups else None

    def _by_tier(self, name: str) -> list[Attached] | None:
        if name not in ("public", "private"):
            return None
        public = set(_public_subnets(self._network.topology))
        return [end for end in self._ends if (end.interface.subnet_id in public) is (name == "public")]

    def _choices(self, name: str) -> str:
        known = sorted({*self._network.interfaces, *self._services(), INTERNET, "public", "private"})
        parts = {part: None for each in known for part in (each, each.partition("/")[0])}
        if close := get_close_matches(name, parts, n=1):
            return f"did you mean {close[0]}?"
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        return f"choose from {', '.join(known[:_SHOWN])}{more}, an ID or a CIDR block"


def place(network: Network, name: str) -> Place:
    """Return the place that a name means, as `Places.named`."""
    return Places(network).named(name)


def places(network: Network) -> tuple[Place, ...]:
    """Return all places of a network that send or answer, as `Places.all`."""
    return Places(network).all()


def by_zone(found: Place) -> tuple[Place, ...]:
    """Return a place for each zone in which a place has ends: "cached-api in us-east-1a".

    A cache node has one zone, which its name leaves out.
    """
    ends = [end for end in found.ends if isinstance(end, Attached)]
    if not ends or any(end.interface.kind is InterfaceKind.CACHE_NODE for end in ends):
        return (found,)
    zones = dict.fromkeys(end.interface.zone for end in ends)
    return tuple(
        Place(f"{found.name} in {zone}", tuple(end for end in ends if end.interface.zone == zone))
        for zone in zones
    )


def cluster_of(name: str) -> str:
    """Return the cluster of a cache node, and other names unchanged."""
    return name.rpartition("/")[0] or name


def joined(names: Sequence[str]) -> str:
    """Return the names of nodes of one cluster in one text: "cache/0001, 0002"."""
    first, *others = names
    return ", ".join((first, *(each.rpartition("/")[2] for each in others)))


def pairs(source: Place, target: Place) -> Iterator[tuple[End, End]]:
    """Yield the pairs of different ends of two places that a packet can connect: of one IP version."""
    return (
        (one, other)
        for one in source.ends
        for other in target.ends
        if one != other and one.address.version == other.address.version and not _is_same_host(one, other)
    )


def _order(end: Attached) -> tuple[str, str]:
    return end.interface.zone, end.interface.id


def _is_same_host(one: End, other: End) -> bool:
    if isinstance(one, Attached) and isinstance(other, Attached):
        return one.interface.id == other.interface.id
    return isinstance(one, Internet | Unused) and isinstance(other, Internet)


def _is_nat_gateway(found: Place) -> bool:
    kinds = {end.interface.kind for end in found.ends if isinstance(end, Attached)}
    return kinds == {InterfaceKind.NAT_GATEWAY}


def _has_words(known: str, name: str) -> bool:
    """Return whether a name is a part of another between hyphens: cached-api of vpcache-dev-cached-api."""
    words, wanted = _WORDS.split(known), _WORDS.split(name)
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words)))


def _public_subnets(topology: Topology) -> Iterator[str]:
    for vpc in topology.vpcs:
        tables = {
            table.id
            for table in vpc.route_tables
            if any(
                route.target is RouteTarget.INTERNET_GATEWAY and not route.destination.prefixlen
                for route in table.routes
            )
        }
        yield from (subnet.id for subnet in vpc.subnets if subnet.route_table_id in tables)


def _block(text: str) -> IpNetwork | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
