"""Ends of flows as users name them: `internet`, `cached-api`, `cache`, an ID, a CIDR block. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv4Address, ip_network

from vpcache.errors import VpcacheError
from vpcache.lab.prover.ends import Attached, End, Internet, attached, end_at
from vpcache.lab.topology import InterfaceKind
from vpcache.reach.network import Network

INTERNET = "internet"
INTERNET_ADDRESS = IPv4Address("192.0.2.1")
"""The address of a host of the internet that no rule names: of RFC 5737's TEST-NET-1."""


@dataclass(frozen=True)
class Place:
    """A name and its ends."""

    name: str
    ends: tuple[End, ...]


def place(network: Network, name: str) -> Place:
    """Return the ends of a name.

    A name is `internet`, the name of a function, cache or NAT gateway, also without the stack's name before
    it, the ID of an interface, a subnet, a security group or a NAT gateway, or a CIDR block. Raises
    VpcacheError with what there is if the network has none of these, or if the name is ambiguous.
    """
    if name == INTERNET:
        return Place(name, (Internet(INTERNET_ADDRESS),))
    ends = [end for vpc in network.topology.vpcs for end in attached(vpc)]
    by_id = tuple(end for end in ends if name in _ids(end))
    return (Place(name, by_id) if by_id else _block(network, name)) or _named(network, ends, name)


def places(network: Network) -> tuple[Place, ...]:
    """Return all named things of a network that send or answer, and the internet.

    NAT gateways are none of them: they only forward.
    """
    found = (place(network, name) for name in network.interfaces)
    return (*(each for each in found if not _is_nat_gateway(each)), place(network, INTERNET))


def by_zone(found: Place) -> tuple[Place, ...]:
    """Return a place for each zone in which a place has ends: "cached-api in us-east-1a"."""
    zones = {end.interface.zone: None for end in found.ends if isinstance(end, Attached)}
    if len(zones) < 2:
        return (found,)
    return tuple(
        Place(
            f"{found.name} in {zone}",
            tuple(end for end in found.ends if isinstance(end, Attached) and end.interface.zone == zone),
        )
        for zone in zones
    )


def _is_nat_gateway(found: Place) -> bool:
    kinds = {end.interface.kind for end in found.ends if isinstance(end, Attached)}
    return kinds == {InterfaceKind.NAT_GATEWAY}


def _ids(end: Attached) -> tuple[str, ...]:
    return (end.interface.id, end.interface.subnet_id, *end.interface.security_groups)


def _block(network: Network, text: str) -> Place | None:
    """Return the ends in a CIDR block: the interfaces in it, or a host of the internet."""
    try:
        block = ip_network(text)
    except ValueError:
        return None
    ends = [end for vpc in network.topology.vpcs for end in attached(vpc) if end.address in block]
    return Place(text, tuple(ends) or (end_at(network.topology, block[0]),))


def _named(network: Network, ends: list[Attached], name: str) -> Place:
    exact = network.interfaces.get(name)
    if exact is None:
        matching = [known for known in network.interfaces if _matches(known, name)]
        groups = {known.rpartition("/")[0] or known for known in matching}
        if len(groups) > 1:
            raise VpcacheError(f"'{name}' is ambiguous: choose from {', '.join(sorted(matching))}")
        exact = tuple(id_ for known in matching for id_ in network.interfaces[known])
    found = tuple(end for end in ends if end.interface.id in exact)
    if not found:
        raise VpcacheError(f"nothing in this network is called '{name}'; {_choices(network, name)}")
    return Place(name, found)


def _matches(known: str, name: str) -> bool:
    """Return whether a name is meant: `cached-api` is vpcache-dev-cached-api, `vpcache-dev` all its nodes."""
    return known.endswith(f"-{name}") or known.startswith((f"{name}/", f"{name}-"))


def _choices(network: Network, name: str) -> str:
    known = [*network.interfaces, INTERNET]
    short = [
        part for each in known for part in (each, each.rpartition("/")[0], each.rpartition("-")[2]) if part
    ]
    close = get_close_matches(name, short, n=1)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(sorted(known))}"
