"""The network of a state or a plan, as `terraform show -json` prints it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.lab.topology import GatewayEndpoint, IpNetwork, NatGateway, Subnet, Topology, Vpc
from vpcache.reach.network import Network
from vpcache.reach.terraform_source.firewall import default_security_group, network_acls, security_groups
from vpcache.reach.terraform_source.interfaces import Named, named_interfaces, with_addresses
from vpcache.reach.terraform_source.prefix_lists import is_gateway, service_of
from vpcache.reach.terraform_source.public_addresses import PublicAddresses
from vpcache.reach.terraform_source.routes import interface_of_nat_gateway, route_tables, subnet_tables
from vpcache.reach.terraform_source.unmodeled import unmodeled_resources
from vpcache.terraform.resources import Resource, Resources, resources

_VPCS = ("aws_vpc", "aws_default_vpc")
_SUBNETS = ("aws_subnet", "aws_default_subnet")
_PORTS = {"memcached": 11211, "redis": 6379, "valkey": 6379}
"""The ports of caches by engine, unless another one is set.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/accessing-elasticache.html
"""


def network(document: Mapping[str, Any], evaluated: Mapping[str, Any] | None = None) -> Network:
    """Return the network of a state or of what a plan makes; `evaluated` is as in `references.resolution`.

    Addresses that AWS chooses at the apply have stand-ins, see `prefix_lists` and `public_addresses`. Raises
    VpcacheError if the document is neither, has no subnet, or a subnet without CIDR block.
    """
    state = resources(document, evaluated)
    public = PublicAddresses(state)
    subnets = state.of(*_SUBNETS)
    if not subnets:
        raise VpcacheError("this state or plan contains no aws_subnet, so nothing can be reached")
    vpcs = {each.id: each for each in state.of(*_VPCS)}
    interfaces: dict[str, list[str]] = {}
    topology = []
    for id_ in dict.fromkeys(each.text("vpc_id") for each in subnets):
        vpc, named = _vpc(
            state, public, id_, vpcs.get(id_), [each for each in subnets if each.text("vpc_id") == id_]
        )
        topology.append(vpc)
        for each in named:
            interfaces.setdefault(each.name, []).append(each.id)
    return Network(
        Topology(tuple(sorted(topology, key=lambda vpc: vpc.id))),
        {name: tuple(ids) for name, ids in interfaces.items()},
        {each.id: each.name or each.address for each in state.all} | public.names,
        unmodeled_resources(state),
        state.undecided,
        dict(_ports(state, interfaces)),
        {each.id: each.address for each in state.all},
    )


def _ports(state: Resources, names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the port of each cache node and serverless cache by its name."""
    for cluster in state.of("aws_elasticache_cluster"):
        port = cluster.values.get("port") or _PORTS.get(cluster.text("engine"), _PORTS["memcached"])
        yield from ((name, int(port)) for name in names if name.startswith(f"{cluster.text('cluster_id')}/"))
    for cache in state.of("aws_elasticache_serverless_cache"):
        yield cache.text("name"), _PORTS.get(cache.text("engine"), _PORTS["memcached"])


def _vpc(
    state: Resources, public: PublicAddresses, id_: str, vpc: Resource | None, found: list[Resource]
) -> tuple[Vpc, list[Named]]:
    tables = subnet_tables(state, id_, [each.id for each in found])
    subnets = {each.id: _subnet(each, tables[each.id]) for each in found}
    named = named_interfaces(state, public, subnets, default_security_group(state, id_))
    cidrs = _cidrs(state, id_, vpc, subnets)
    return (
        Vpc(
            id=id_,
            region="",
            cidr=cidrs[0],
            internet_gateway_id=_internet_gateway(state, id_),
            subnets=tuple(sorted(subnets.values(), key=lambda subnet: subnet.id)),
            route_tables=route_tables(state, id_, set(tables.values())),
            security_groups=security_groups(state, id_),
            interfaces=with_addresses(named, subnets),
            nat_gateways=tuple(
                NatGateway(each.id, interface_of_nat_gateway(each.id))
                for each in state.of("aws_nat_gateway")
                if each.text("subnet_id") in subnets
            ),
            cache_clusters=(),
            network_acls=network_acls(state, id_, list(subnets)),
            gateway_endpoints=tuple(
                GatewayEndpoint(each.id, service_of(each))
                for each in state.of("aws_vpc_endpoint")
                if each.text("vpc_id") == id_ and is_gateway(each)
            ),
            secondary_cidrs=tuple(cidrs[1:]),
            ipv6_cidrs=_ipv6_cidrs(vpc),
            has_egress_only_gateway=any(
                each.text("vpc_id") == id_ for each in state.of("aws_egress_only_internet_gateway")
            ),
        ),
        named,
    )


def _internet_gateway(state: Resources, vpc_id: str) -> str | None:
    attached = {
        each.text("internet_gateway_id")
        for each in state.of("aws_internet_gateway_attachment")
        if each.text("vpc_id") == vpc_id
    }
    gateways = state.of("aws_internet_gateway")
    return next((each.id for each in gateways if each.text("vpc_id") == vpc_id or each.id in attached), None)


def _subnet(subnet: Resource, table_id: str) -> Subnet:
    try:
        cidr = IPv4Network(subnet.text("cidr_block"))
    except ValueError:
        raise VpcacheError(
            f"{subnet.address} has no CIDR block in this plan: use the state after the apply"
        ) from None
    return Subnet(subnet.id, cidr, subnet.text("availability_zone"), table_id)


def _cidrs(
    state: Resources, id_: str, vpc: Resource | None, subnets: Mapping[str, Subnet]
) -> list[IPv4Network]:
    """Return the CIDR blocks of a VPC; one that is not in the state has those of its subnets."""
    secondary = [
        IPv4Network(each.text("cidr_block"))
        for each in state.of("aws_vpc_ipv4_cidr_block_association")
        if each.text("vpc_id") == id_ and each.text("cidr_block")
    ]
    if vpc and vpc.text("cidr_block"):
        return [IPv4Network(vpc.text("cidr_block")), *secondary]
    return [each.cidr for each in subnets.values()]


def _ipv6_cidrs(vpc: Resource | None) -> tuple[IPv6Network, ...]:
    block: IpNetwork | None = ip_network(vpc.text("ipv6_cidr_block")) if vpc and _is_cidr(vpc) else None
    return (block,) if isinstance(block, IPv6Network) else ()


def _is_cidr(vpc: Resource) -> bool:
    return "/" in vpc.text("ipv6_cidr_block")
