"""The network interfaces of a VPC from Terraform's resources. Pure.

AWS creates the interfaces of functions, cache nodes, endpoints and NAT gateways, so a plan has no ID and no
address of them: each gets a free address of its subnet, from the end of the CIDR block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

from vpcache.lab.topology import Interface, InterfaceKind, Subnet
from vpcache.reach.terraform_source.public_addresses import PublicAddresses
from vpcache.reach.terraform_source.routes import interface_of_nat_gateway
from vpcache.terraform.cache_nodes import nodes_of
from vpcache.terraform.resources import Resource, Resources

_LAST_RESERVED = 1  # AWS reserves the last address of a subnet


@dataclass(frozen=True)
class Named:
    """An interface and the name of what it belongs to. Its address is None if AWS has not chosen it yet."""

    name: str
    id: str
    kind: InterfaceKind
    subnet_id: str
    groups: frozenset[str] = frozenset()
    address: IPv4Address | None = None
    public_addresses: Mapping[str, IPv4Address] = field(
        default_factory=dict
    )  # by private address, "" the first
    secondary: tuple[IPv4Address, ...] = ()
    ipv6: tuple[IPv6Address, ...] = ()
    source_dest_check: bool = True


def named_interfaces(
    state: Resources, public: PublicAddresses, subnets: Mapping[str, Subnet], default_group: str
) -> list[Named]:
    """Return the interfaces in the subnets of a VPC; those without a group are in the default group."""
    found = (
        *_functions(state),
        *_nodes(state),
        *_nat_gateways(state, public),
        *_endpoints(state),
        *_plain(state, public),
    )
    default = frozenset({default_group} - {""})
    return [
        each if each.groups or each.kind is InterfaceKind.NAT_GATEWAY else replace(each, groups=default)
        for each in found
        if each.subnet_id in subnets
    ]


def with_addresses(named: list[Named], subnets: Mapping[str, Subnet]) -> tuple[Interface, ...]:
    """Return the interfaces, sorted by ID, with free addresses for those that have none yet."""
    free = {each.id: _free_addresses(each.cidr, named) for each in subnets.values()}
    return tuple(
        sorted(
            (_interface(each, subnets[each.subnet_id], free[each.subnet_id]) for each in named),
            key=lambda interface: interface.id,
        )
    )


def _interface(named: Named, subnet: Subnet, free: Iterator[IPv4Address]) -> Interface:
    address = named.address or next(free)
    public = {private or str(address): found for private, found in named.public_addresses.items()}
    return Interface(
        named.id,
        named.kind,
        named.subnet_id,
        subnet.zone,
        address,
        named.secondary,
        named.groups,
        public.get(str(address)),
        tuple((each, public[str(each)]) for each in named.secondary if str(each) in public),
        named.source_dest_check,
        named.ipv6,
    )


def _free_addresses(cidr: IPv4Network, named: list[Named]) -> Iterator[IPv4Address]:
    taken = {address for each in named for address in (each.address, *each.secondary)}
    last = int(cidr.broadcast_address) - _LAST_RESERVED
    candidates = map(IPv4Address, range(last, int(cidr.network_address), -1))
    yield from (address for address in candidates if address not in taken)


def _functions(state: Resources) -> Iterator[Named]:
    for function in state.of("aws_lambda_function"):
        name = function.text("function_name")
        for network in function.blocks("vpc_config"):
            groups = frozenset(network.get("security_group_ids") or [])
            for subnet in network.get("subnet_ids") or []:
                yield Named(name, f"{name} in {subnet}", InterfaceKind.FUNCTION, subnet, groups)


def _nodes(state: Resources) -> Iterator[Named]:
    """Yield the interface of each cache node, in its zone or, if that is not known, in the group's order."""
    subnets_of_groups = {
        group.text("name") or group.address: group.texts("subnet_ids")
        for group in state.of("aws_elasticache_subnet_group")
    }
    zones = {subnet.id: subnet.text("availability_zone") for subnet in state.of("aws_subnet")}
    for cluster in state.of("aws_elasticache_cluster"):
        groups = frozenset(cluster.texts("security_group_ids"))
        subnets = subnets_of_groups.get(cluster.text("subnet_group_name"), [])
        for number, zone in nodes_of(cluster, [zones.get(each, "") for each in subnets]).zones:
            subnet = next((each for each in subnets if zones.get(each) == zone), "")
            name = f"{cluster.text('cluster_id')}/{number}"
            yield Named(name, name, InterfaceKind.CACHE_NODE, subnet, groups)
    for cache in state.of("aws_elasticache_serverless_cache"):
        groups = frozenset(cache.texts("security_group_ids"))
        for subnet in cache.texts("subnet_ids"):
            name = cache.text("name")
            yield Named(name, f"{name} in {subnet}", InterfaceKind.ENDPOINT, subnet, groups)


def _nat_gateways(state: Resources, public: PublicAddresses) -> Iterator[Named]:
    for gateway in state.of("aws_nat_gateway"):
        address = public.of_nat_gateway(gateway)
        yield Named(
            gateway.id,
            interface_of_nat_gateway(gateway.id),
            InterfaceKind.NAT_GATEWAY,
            gateway.text("subnet_id"),
            address=_address(gateway.text("private_ip")),
            public_addresses={"": address} if address else {},
        )


def _endpoints(state: Resources) -> Iterator[Named]:
    for endpoint in state.of("aws_vpc_endpoint"):
        if endpoint.text("vpc_endpoint_type") == "Interface":
            groups = frozenset(endpoint.texts("security_group_ids"))
            for subnet in endpoint.texts("subnet_ids"):
                name = endpoint.text("service_name")
                yield Named(name, f"{endpoint.id} in {subnet}", InterfaceKind.ENDPOINT, subnet, groups)


def _plain(state: Resources, public: PublicAddresses) -> Iterator[Named]:
    attached: dict[str, set[str]] = {}
    for each in state.of("aws_network_interface_sg_attachment"):
        attached.setdefault(each.text("network_interface_id"), set()).add(each.text("security_group_id"))
    for each in state.of("aws_network_interface"):
        addresses = _private_addresses(each)
        yield Named(
            each.name or each.address,
            each.id,
            InterfaceKind.PLAIN,
            each.text("subnet_id"),
            frozenset({*each.texts("security_groups"), *attached.get(each.id, ())}),
            next(iter(addresses), None),
            public.of_interface(each.id),
            addresses[1:],
            tuple(IPv6Address(text) for text in each.texts("ipv6_addresses")),
            each.values.get("source_dest_check") is not False,
        )


def _private_addresses(interface: Resource) -> tuple[IPv4Address, ...]:
    """Return the private addresses of an interface, the primary one first; a plan may know none."""
    first = _address(interface.text("private_ip"))
    listed = (_address(each) for key in ("private_ip_list", "private_ips") for each in interface.texts(key))
    return tuple(dict.fromkeys(each for each in (first, *listed) if each))


def _address(text: str) -> IPv4Address | None:
    """Return an IPv4 address, None for other texts, such as the mock values of a plan."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address if isinstance(address, IPv4Address) else None
