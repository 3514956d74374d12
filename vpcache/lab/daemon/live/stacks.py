"""The picture of the page: the stacks of the lab with their VPCs, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vpcache.lab.addresses import resolver_address
from vpcache.lab.daemon.live.model import FunctionEntry, Model
from vpcache.lab.topology import Route, RouteTarget, Subnet, Topology, Vpc

Json = dict[str, Any]
_DEFAULT_ROUTE = "0.0.0.0/0"
_NONE = object()  # equals no target of a route


def stacks(topology: Topology, model: Model) -> list[Json]:
    """Return the stacks, sorted by region and name. A VPC without the tag Stack has a separate stack."""
    users = users_by_interface(topology, model)
    found: dict[tuple[str, str], Json] = {}
    for vpc in sorted(topology.vpcs, key=lambda vpc: (vpc.region, stack_name(model, vpc.id), vpc.id)):
        name = stack_name(model, vpc.id)
        stack = found.setdefault(
            (vpc.region, name),
            {
                "name": name,
                "environment": model.tags.get(vpc.id, {}).get("Environment"),
                "region": vpc.region,
                "vpcs": [],
            },
        )
        stack["vpcs"].append(_vpc(vpc, model, users))
    return list(found.values())


def outside(model: Model) -> list[Json]:
    """Return the functions in no VPC."""
    return [
        {
            "arn": each.arn,
            "name": each.name,
            "region": each.region,
            "runtime": each.runtime,
            "stack": each.tags.get("Stack"),
        }
        for each in model.functions
        if not each.interface_ids
    ]


def elastic_ips(topology: Topology, model: Model) -> list[Json]:
    """Return the elastic IPs of all regions, with the NAT gateway or the interface that uses each."""
    gateways = {each.interface_id: each.id for vpc in topology.vpcs for each in vpc.nat_gateways}
    return [
        {
            "address": each.address,
            "allocation": each.allocation,
            "region": each.region,
            "stack": model.tags.get(each.allocation, {}).get("Stack"),
            "used_by": gateways.get(each.interface_id, each.interface_id) if each.interface_id else None,
        }
        for each in sorted(model.elastic_ips, key=lambda each: (each.region, each.address))
    ]


def stack_name(model: Model, vpc_id: str) -> str:
    """Return the name of a VPC's stack: the tag Stack, or the VPC's name or ID without one."""
    return model.tags.get(vpc_id, {}).get("Stack") or model.name(vpc_id) or vpc_id


def users_by_interface(topology: Topology, model: Model) -> dict[str, list[str]]:
    """Return the names of what uses each interface: functions, cache nodes, caches, NAT gateways."""
    users: dict[str, list[str]] = {}
    for function in model.functions:
        for interface in function.interface_ids:
            users.setdefault(interface, []).append(function.name)
    for vpc in topology.vpcs:
        used = [
            *((each.interface_id, each.id) for each in vpc.nat_gateways),
            *(
                (node.interface_id, f"{each.id}/{node.id}")
                for each in vpc.cache_clusters
                for node in each.nodes
            ),
            *((interface, each.name) for each in vpc.serverless_caches for interface, _ in each.endpoints),
            *((interface, each.id) for each in vpc.interface_endpoints for interface in each.interface_ids),
        ]
        for interface, name in used:
            users.setdefault(interface, []).append(name)
    return users


def _vpc(vpc: Vpc, model: Model, users: Mapping[str, list[str]]) -> Json:
    interfaces = {each.id for each in vpc.interfaces}
    return {
        "id": vpc.id,
        "name": model.name(vpc.id),
        "cidrs": [*map(str, vpc.cidrs)],
        "ipv6_cidrs": [*map(str, vpc.ipv6_cidrs)],
        "internet_gateway": vpc.internet_gateway_id,
        "resolver": str(resolver_address(vpc.cidr)),
        "zones": _zones(vpc, model),
        "nat_gateways": _nat_gateways(vpc, model),
        "functions": [
            _function(each) for each in model.functions if interfaces.intersection(each.interface_ids)
        ],
        "cache_nodes": _cache_nodes(vpc),
        "serverless_caches": [
            {"id": each.full_name, "name": each.name, "interfaces": [id_ for id_, _ in each.endpoints]}
            for each in vpc.serverless_caches
        ],
        "endpoints": _endpoints(vpc, model),
        "interfaces": [
            {
                "id": each.id,
                "kind": str(each.kind),
                "zone": each.zone,
                "subnet": each.subnet_id,
                "address": str(each.address),
                "elastic_ip": _text(each.public_address),
                "security_groups": sorted(each.security_groups),
                "users": users.get(each.id, []),
            }
            for each in vpc.interfaces
        ],
        "security_groups": [
            {"id": each.id, "name": model.group_names.get(each.id)} for each in vpc.security_groups
        ],
        "network_acls": [
            {"id": each.id, "name": model.name(each.id), "subnets": sorted(each.subnet_ids)}
            for each in vpc.network_acls
        ],
    }


def _zones(vpc: Vpc, model: Model) -> list[Json]:
    routes = {table.id: _routes(vpc, table.routes) for table in vpc.route_tables}
    gateway = vpc.internet_gateway_id or _NONE

    def subnet(each: Subnet) -> Json:
        return {
            "id": each.id,
            "name": model.name(each.id),
            "cidr": str(each.cidr),
            "is_public": any(route["target"] == gateway for route in routes[each.route_table_id]),
            "route_table": each.route_table_id,
            "routes": routes[each.route_table_id],
        }

    return [
        {"name": zone, "subnets": [subnet(each) for each in _by_cidr(vpc.subnets) if each.zone == zone]}
        for zone in sorted({each.zone for each in vpc.subnets})
    ]


def _by_cidr(subnets: Iterable[Subnet]) -> list[Subnet]:
    return sorted(subnets, key=lambda each: each.cidr)


def _routes(vpc: Vpc, routes: Iterable[Route]) -> list[Json]:
    local = [{"destination": str(cidr), "target": "local", "is_blackhole": False} for cidr in vpc.cidrs]
    return local + [
        {
            "destination": str(each.destination),
            "target": _target_id(vpc, each),
            "is_blackhole": each.target is RouteTarget.BLACKHOLE,
        }
        for each in routes
    ]


def _target_id(vpc: Vpc, route: Route) -> str | None:
    """Return the ID of a route's target: a NAT gateway rather than its interface; None for a black hole."""
    match route.target:
        case RouteTarget.INTERFACE:
            gateways = {each.interface_id: each.id for each in vpc.nat_gateways}
            return gateways.get(str(route.interface_id), route.interface_id)
        case RouteTarget.INTERNET_GATEWAY:
            return vpc.internet_gateway_id
        case RouteTarget.EGRESS_ONLY_GATEWAY:
            return "egress-only internet gateway"
        case RouteTarget.GATEWAY_ENDPOINT:
            return route.endpoint_id
        case RouteTarget.UNMODELED:
            return route.unmodeled
        case RouteTarget.BLACKHOLE:
            return None


def _nat_gateways(vpc: Vpc, model: Model) -> list[Json]:
    interfaces = {each.id: each for each in vpc.interfaces}
    tables = {
        table.id: {route.interface_id for route in table.routes if str(route.destination) == _DEFAULT_ROUTE}
        for table in vpc.route_tables
    }
    return [
        {
            "id": each.id,
            "name": model.name(each.id),
            "zone": interfaces[each.interface_id].zone,
            "subnet": interfaces[each.interface_id].subnet_id,
            "interface": each.interface_id,
            "address": str(interfaces[each.interface_id].address),
            "elastic_ip": _text(interfaces[each.interface_id].public_address),
            "serves": [
                subnet.id
                for subnet in _by_cidr(vpc.subnets)
                if each.interface_id in tables[subnet.route_table_id]
            ],
        }
        for each in vpc.nat_gateways
    ]


def _function(entry: FunctionEntry) -> Json:
    return {
        "arn": entry.arn,
        "name": entry.name,
        "runtime": entry.runtime,
        "interfaces": list(entry.interface_ids),
    }


def _cache_nodes(vpc: Vpc) -> list[Json]:
    return [
        {
            "id": cluster.node_name(node),
            "cluster": cluster.id,
            "node": node.id,
            "zone": node.zone,
            "interface": node.interface_id,
            "address": str(node.address),
            "port": node.port,
        }
        for cluster in vpc.cache_clusters
        for node in cluster.nodes
    ]


def _endpoints(vpc: Vpc, model: Model) -> list[Json]:
    found: list[tuple[str, str, Iterable[str]]] = [
        *((each.id, "gateway", ()) for each in vpc.gateway_endpoints),
        *((each.id, "interface", each.interface_ids) for each in vpc.interface_endpoints),
    ]
    return [
        {
            "id": id_,
            "name": model.name(id_),
            "type": kind,
            "service": model.endpoint_services.get(id_),
            "interfaces": list(interfaces),
        }
        for id_, kind, interfaces in found
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)
