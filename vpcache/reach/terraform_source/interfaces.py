"""The network interfaces of a VPC from Terraform's resources. Pure.

AWS creates the interfaces of functions, cache nodes, endpoints and NAT gateways, so a plan has no ID and no
address of them: each gets a free address of its subnet, from the end of the CIDR block.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_address
from itertools import cycle

from vpcache.lab.topology import Interface, InterfaceKind, Subnet
from vpcache.reach.terraform_source.routes import interface_of_nat_gateway
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
    public_address: IPv4Address | None = None


def named_interfaces(state: Resources, subnets: Mapping[str, Subnet]) -> list[Named]:
    """Return the interfaces in the subnets of a VPC."""
    found = (*_functions(state), *_nodes(state), *_nat_gateways(state), *_endpoints(state), *_plain(state))
    return [each for each in found if each.subnet_id in subnets]


def with_addresses(named: list[Named], subnets: Mapping[str, Subnet]) -> tuple[Interface, ...]:
    """Return the interfaces, sorted by ID, with free addresses for those that have none yet."""
    free = {each.id: _free_addresses(each.cidr, named) for each in subnets.values()}
    return tuple(
        sorted(
            (
                Interface(
                    each.id,
                    each.kind,
                    each.subnet_id,
                    subnets[each.subnet_id].zone,
                    each.address or next(free[each.subnet_id]),
                    (),
                    each.groups,
                    each.public_address,
                )
                for each in named
            ),
            key=lambda interface: interface.id,
        )
    )


def _free_addresses(cidr: IPv4Network, named: list[Named]) -> Iterator[IPv4Address]:
    taken = {each.address for each in named}
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
        group.text("name"): group.texts("subnet_ids") for group in state.of("aws_elasticache_subnet_group")
    }
    zones = {subnet.id: subnet.text("availability_zone") for subnet in state.of("aws_subnet")}
    for cluster in state.of("aws_elasticache_cluster"):
        groups = frozenset(cluster.texts("security_group_ids"))
        subnets = subnets_of_groups.get(cluster.text("subnet_group_name"), [])
        for number, zone in _zones_of_nodes(cluster, [zones.get(each, "") for each in subnets]):
            subnet = next((each for each in subnets if zones.get(each) == zone), "")
            name = f"{cluster.text('cluster_id')}/{number}"
            yield Named(name, name, InterfaceKind.CACHE_NODE, subnet, groups)
    for cache in state.of("aws_elasticache_serverless_cache"):
        groups = frozenset(cache.texts("security_group_ids"))
        for subnet in cache.texts("subnet_ids"):
            name = cache.text("name")
            yield Named(name, f"{name} in {subnet}", InterfaceKind.ENDPOINT, subnet, groups)


def _zones_of_nodes(cluster: Resource, zones: list[str]) -> Iterator[tuple[str, str]]:
    if nodes := cluster.blocks("cache_nodes"):
        yield from ((str(node.get("id")), str(node.get("availability_zone"))) for node in nodes)
        return
    preferred = cluster.texts("preferred_availability_zones") or [cluster.text("availability_zone")]
    chosen = preferred if set(preferred) <= set(zones) else zones
    count = cluster.values.get("num_cache_nodes") or 0
    for number, zone in zip(range(1, count + 1), cycle(chosen), strict=False):
        yield f"{number:04}", zone


def _nat_gateways(state: Resources) -> Iterator[Named]:
    elastic_ips = {each.id: each.text("public_ip") for each in state.of("aws_eip")}
    for gateway in state.of("aws_nat_gateway"):
        public = gateway.text("public_ip") or elastic_ips.get(gateway.text("allocation_id"), "")
        yield Named(
            gateway.id,
            interface_of_nat_gateway(gateway.id),
            InterfaceKind.NAT_GATEWAY,
            gateway.text("subnet_id"),
            address=_address(gateway.text("private_ip")),
            public_address=_address(public),
        )


def _endpoints(state: Resources) -> Iterator[Named]:
    for endpoint in state.of("aws_vpc_endpoint"):
        if endpoint.text("vpc_endpoint_type") == "Interface":
            groups = frozenset(endpoint.texts("security_group_ids"))
            for subnet in endpoint.texts("subnet_ids"):
                name = endpoint.text("service_name")
                yield Named(name, f"{endpoint.id} in {subnet}", InterfaceKind.ENDPOINT, subnet, groups)


def _plain(state: Resources) -> Iterator[Named]:
    elastic_ips = {each.text("network_interface"): each.text("public_ip") for each in state.of("aws_eip")}
    for each in state.of("aws_network_interface"):
        yield Named(
            each.name or each.address,
            each.id,
            InterfaceKind.PLAIN,
            each.text("subnet_id"),
            frozenset(each.texts("security_groups")),
            _address(next(iter(each.texts("private_ips")), "")),
            _address(elastic_ips.get(each.id, "")),
        )


def _address(text: str) -> IPv4Address | None:
    """Return an IPv4 address, None for other texts, such as the mock values of a plan."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address if isinstance(address, IPv4Address) else None
