"""Derives the network topology from the control plane's model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.awslambda.backend import public_functions
from vpcache.lab.aws.awslambda.urls.registry import function_urls
from vpcache.lab.aws.ec2 import backend as ec2
from vpcache.lab.aws.ec2.endpoints import dns_names, service_of
from vpcache.lab.aws.ec2.routes import (
    route_destinations,
    target_interface,
    targets_egress_only_gateway,
    targets_gateway_endpoint,
    targets_internet_gateway,
)
from vpcache.lab.aws.ec2.validation import is_true
from vpcache.lab.aws.ec2.vpcs.flow_logs import flow_logs_of
from vpcache.lab.aws.ec2.vpcs.prefix_lists import entries_of
from vpcache.lab.aws.elasticache import backend as elasticache
from vpcache.lab.aws.elasticache.models import ClusterModel, NodeModel
from vpcache.lab.aws.elasticache.serverless import PORTS, ServerlessCacheModel
from vpcache.lab.topology import (
    AclEntry,
    CacheCluster,
    CacheNode,
    GatewayEndpoint,
    Interface,
    InterfaceEndpoint,
    InterfaceKind,
    IpNetwork,
    NatGateway,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTarget,
    Rule,
    SecurityGroup,
    ServerlessCache,
    Subnet,
    Topology,
    Vpc,
)

_ICMP = ("icmp", "icmpv6")
_PROTOCOLS = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
"""The names of protocols; the others have their numbers."""
_DEFAULT_DENY_ENTRY = 32767  # the rule number of AWS's own entry, which denies all other packets
_INTERFACE_KINDS = {
    "nat_gateway": InterfaceKind.NAT_GATEWAY,
    "lambda": InterfaceKind.FUNCTION,
    "vpc_endpoint": InterfaceKind.ENDPOINT,
}


def derive(account: str = ACCOUNT) -> Topology:
    """Return the topology of EC2, ElastiCache and Lambda in all regions."""
    vpcs = (vpc for backend in ec2.ec2_of_all_regions(account) for vpc in _vpcs(backend))
    return Topology(
        tuple(sorted(vpcs, key=lambda vpc: vpc.id)), function_urls(account), public_functions(account)
    )


def _vpcs(backend: ec2.Ec2Backend) -> list[Vpc]:
    if not backend.vpcs:
        return []
    caches = elasticache.elasticache_of(backend.account_id, backend.region_name)
    return [_vpc(backend, each, caches) for each in backend.vpcs.values()]


def _vpc(backend: ec2.Ec2Backend, vpc: Any, caches: elasticache.MemcachedBackend) -> Vpc:
    gateway = backend.attached_internet_gateway(vpc.id)
    subnets = _of(vpc, (subnet for zone in backend.subnets.values() for subnet in zone.values()))
    tables = _of(vpc, backend.route_tables.values())
    endpoints = _of(vpc, backend.vpc_end_points.values())
    nat_gateways = [each for each in _of(vpc, backend.nat_gateways.values()) if each.interface]
    return Vpc(
        id=vpc.id,
        region=backend.region_name,
        cidr=IPv4Network(vpc.cidr_block),
        internet_gateway_id=gateway.id if gateway else None,
        subnets=_subnets(subnets, tables),
        route_tables=tuple(_route_table(backend, table, endpoints) for table in tables),
        security_groups=tuple(_group(backend, group) for group in _of(vpc, backend.groups[vpc.id].values())),
        interfaces=tuple(_interface(each) for each in _of(vpc, backend.enis.values())),
        nat_gateways=tuple(NatGateway(each.id, each.interface.id) for each in nat_gateways),
        cache_clusters=tuple(
            _cluster(backend.region_name, each)
            for each in sorted(caches.clusters.values(), key=lambda each: each.id)
            if each.subnet_group.vpc_id == vpc.id
        ),
        serverless_caches=tuple(
            _serverless_cache(backend.region_name, each)
            for each in sorted(caches.serverless_caches.values(), key=lambda each: each.name)
            if each.vpc_id == vpc.id and not each.is_deleting
        ),
        network_acls=tuple(_acl(each) for each in _of(vpc, backend.network_acls.values())),
        gateway_endpoints=tuple(
            GatewayEndpoint(each.id, service_of(each.service_name))
            for each in endpoints
            if each.vpc_endpoint_type == "Gateway"
        ),
        interface_endpoints=tuple(
            InterfaceEndpoint(each.id, dns_names(each), tuple(each.network_interface_ids))
            for each in endpoints
            if each.vpc_endpoint_type == "Interface"
        ),
        secondary_cidrs=_secondary_cidrs(vpc),
        ipv6_cidrs=_ipv6_cidrs(vpc),
        has_egress_only_gateway=any(
            each.vpc_id == vpc.id for each in backend.egress_only_internet_gateways.values()
        ),
        has_dns=is_true(vpc.enable_dns_support),
        has_hostnames=is_true(vpc.enable_dns_hostnames),
        flow_logs=flow_logs_of(backend, vpc.id),
    )


def _secondary_cidrs(vpc: Any) -> tuple[IPv4Network, ...]:
    blocks = {each["cidr_block"] for each in vpc.cidr_block_association_set} - {vpc.cidr_block}
    return tuple(sorted(map(IPv4Network, blocks)))


def _ipv6_cidrs(vpc: Any) -> tuple[IPv6Network, ...]:
    return tuple(sorted(IPv6Network(each["cidr_block"]) for each in vpc.ipv6_cidr_block_association_set))


def _of(vpc: Any, resources: Iterable[Any]) -> list[Any]:
    return sorted((each for each in resources if each.vpc_id == vpc.id), key=lambda each: each.id)


def _subnets(subnets: list[Any], tables: list[Any]) -> tuple[Subnet, ...]:
    main = next(table.id for table in tables if table.main_association_id)
    explicit = {target: table.id for table in tables for target in table._associations.values()}
    return tuple(
        Subnet(
            each.id,
            IPv4Network(each.cidr_block),
            each.availability_zone,
            explicit.get(each.id, main),
            each.availability_zone_id,
        )
        for each in subnets
        if each.cidr_block  # subnets of IPv6 only are records
    )


def _route_table(backend: ec2.Ec2Backend, table: Any, endpoints: Iterable[Any]) -> RouteTable:
    # a route to a CIDR block precedes one to a prefix list with the same block
    listed = [
        _route(backend, each, ip_network(entry["Cidr"], strict=False))
        for each in table.routes
        if each.destination_prefix_list and not targets_gateway_endpoint(each)
        for entry in entries_of(each.destination_prefix_list)
    ]
    routes = listed + [
        _route(backend, each, ip_network(destination, strict=False))
        for each in table.routes
        for destination in route_destinations(each)
        if not each.local
    ]
    for endpoint in endpoints:
        if table.id in endpoint.route_table_ids:
            address = IPv4Network(SERVICE_ADDRESSES[service_of(endpoint.service_name)])
            routes.append(Route(address, RouteTarget.GATEWAY_ENDPOINT, endpoint_id=endpoint.id))
    by_destination = {each.destination: each for each in routes}
    ordered = sorted(by_destination, key=lambda each: (each.version, each))
    return RouteTable(table.id, tuple(by_destination[each] for each in ordered))


def _route(backend: ec2.Ec2Backend, route: Any, destination: IpNetwork) -> Route:
    if interface := target_interface(backend, route):
        return Route(destination, RouteTarget.INTERFACE, interface.id)
    if targets_internet_gateway(backend, route):
        return Route(destination, RouteTarget.INTERNET_GATEWAY)
    if targets_egress_only_gateway(backend, route):
        return Route(destination, RouteTarget.EGRESS_ONLY_GATEWAY)
    return Route(destination, RouteTarget.BLACKHOLE)


def _acl(acl: Any) -> NetworkAcl:
    return NetworkAcl(
        acl.id,
        frozenset(each.subnet_id for each in acl.associations),
        ingress=_acl_entries(acl, egress=False),
        egress=_acl_entries(acl, egress=True),
    )


def _acl_entries(acl: Any, *, egress: bool) -> tuple[AclEntry, ...]:
    entries = (
        AclEntry(
            int(each.rule_number),
            protocol,
            _acl_ports(protocol, each),
            ip_network(each.cidr_block or each.ipv6_cidr_block, strict=False),
            each.rule_action == "allow",
        )
        for each in acl.network_acl_entries
        if is_true(each.egress) == egress
        and (each.cidr_block or each.ipv6_cidr_block)
        and int(each.rule_number) < _DEFAULT_DENY_ENTRY
        and (protocol := _protocol(each.protocol))
    )
    return tuple(sorted(entries, key=lambda each: each.number))


def _acl_ports(protocol: str, entry: Any) -> tuple[int, int] | None:
    if protocol in _ICMP:
        return _icmp(entry.icmp_type, entry.icmp_code)
    if protocol not in ("tcp", "udp") or entry.port_range_from in (None, ""):
        return None
    return (int(entry.port_range_from), int(entry.port_range_to))


def _group(backend: ec2.Ec2Backend, group: Any) -> SecurityGroup:
    return SecurityGroup(group.id, _rules(backend, group.ingress_rules), _rules(backend, group.egress_rules))


def _rules(backend: ec2.Ec2Backend, rules: Iterable[Any]) -> tuple[Rule, ...]:
    found = (
        Rule(protocol, _ports(protocol, rule), peer)
        for rule in rules
        for protocol in (_protocol(rule.ip_protocol),)
        for peer in _peers(backend, rule)
    )
    return tuple(sorted(set(found), key=repr))


def _protocol(name_or_number: object) -> str:
    return _PROTOCOLS.get(str(name_or_number), str(name_or_number))


def _ports(protocol: str, rule: Any) -> tuple[int, int] | None:
    if protocol in _ICMP:
        return _icmp(rule.from_port, rule.to_port)
    if protocol not in ("tcp", "udp"):
        return None
    low, high = int(rule.from_port), int(rule.to_port)
    return (0, 65535) if low < 0 else (low, high)


def _icmp(type_: Any, code: Any) -> tuple[int, int] | None:
    """Return type and code of ICMP messages, None for all messages."""
    type_, code = (-1 if value in (None, "") else int(value) for value in (type_, code))
    return None if type_ < 0 else (type_, code)


def _peers(backend: ec2.Ec2Backend, rule: Any) -> Iterator[IpNetwork | str]:
    if cidr := rule.cidr_ipv4 or rule.cidr_ipv6:
        yield ip_network(cidr, strict=False)
    elif group_id := rule.source_group.get("GroupId"):
        yield group_id
    elif prefix_list := backend.managed_prefix_lists.get(rule.prefix_list_id):
        yield from (ip_network(each["Cidr"], strict=False) for each in entries_of(prefix_list))


def _interface(interface: Any) -> Interface:
    secondary = [
        IPv4Address(each["PrivateIpAddress"])
        for each in interface.private_ip_addresses
        if each["PrivateIpAddress"] != interface.private_ip_address
    ]
    is_node = interface.requester_id == elasticache.MemcachedBackend.REQUESTER
    other = InterfaceKind.CACHE_NODE if is_node else InterfaceKind.PLAIN
    kind = _INTERFACE_KINDS.get(interface.interface_type, other)
    return Interface(
        id=interface.id,
        kind=kind,
        subnet_id=interface.subnet_id,
        zone=interface.availability_zone,
        address=IPv4Address(interface.private_ip_address),
        secondary_addresses=tuple(secondary),
        security_groups=frozenset(group.id for group in interface.group_set),
        public_address=IPv4Address(interface.public_ip) if interface.public_ip else None,
        secondary_elastic_ips=tuple(
            (IPv4Address(each["PrivateIpAddress"]), IPv4Address(each["Association"]["PublicIp"]))
            for each in interface.private_ip_addresses
            if "Association" in each and not each["Primary"]
        ),
        source_dest_check=is_true(interface.source_dest_check),
        ipv6_addresses=tuple(map(IPv6Address, interface.ipv6_addresses)),
    )


def _cluster(region: str, cluster: ClusterModel) -> CacheCluster:
    return CacheCluster(
        id=cluster.id,
        region=region,
        vpc_id=cluster.subnet_group.vpc_id,
        configuration_hostname=cluster.configuration_hostname,
        version=cluster.membership,
        nodes=tuple(_node(cluster, node) for node in sorted(cluster.nodes, key=lambda each: each.id)),
        is_encrypted=cluster.is_encrypted,
    )


def _serverless_cache(region: str, cache: ServerlessCacheModel) -> ServerlessCache:
    endpoints = ((each.id, IPv4Address(each.private_ip_address)) for each in cache.interfaces)
    return ServerlessCache(
        name=cache.name,
        region=region,
        hostname=cache.hostname,
        ports=PORTS,
        endpoints=tuple(sorted(endpoints)),
        memory_mb=cache.memory_mb,
    )


def _node(cluster: ClusterModel, node: NodeModel) -> CacheNode:
    interface = _interface(node.interface)
    return CacheNode(
        id=node.id,
        interface_id=interface.id,
        zone=interface.zone,
        address=interface.address,
        endpoint_address=interface.secondary_addresses[0],
        hostname=cluster.hostname(node),
        port=cluster.port,
        arguments=cluster.arguments(node),
        boots=node.boots,
    )
