"""The resources in a subnet. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.diagram.model import AttachedResource, ResourceKind
from vpcache.terraform.cache_nodes import nodes_of
from vpcache.terraform.resources import Resource, Resources


def short(name: str, *prefixes: str, suffix: str = "") -> str:
    """Return a name without the VPC's name before it and its zone's name behind it."""
    for prefix in filter(None, prefixes):
        name = name.removeprefix(f"{prefix}-") or name
    return (name.removesuffix(f"-{suffix}") or name) if suffix else name


def attached_resources(state: Resources, subnet: Resource, vpc_name: str) -> Iterator[AttachedResource]:
    """Yield the functions, caches and interface endpoints in a subnet."""
    yield from _functions(state, subnet, vpc_name)
    yield from _cache_nodes(state, subnet, vpc_name)
    yield from _serverless_caches(state, subnet, vpc_name)
    yield from _interface_endpoints(state, subnet)


def _functions(state: Resources, subnet: Resource, vpc_name: str) -> Iterator[AttachedResource]:
    for function in state.of("aws_lambda_function"):
        for network in function.blocks("vpc_config"):
            if subnet.id in (network.get("subnet_ids") or []):
                zone = subnet.text("availability_zone")
                name = short(function.text("function_name"), vpc_name, suffix=zone)
                groups = frozenset(network.get("security_group_ids") or [])
                yield AttachedResource(ResourceKind.FUNCTION, name, _function_detail(function), groups)


def _cache_nodes(state: Resources, subnet: Resource, vpc_name: str) -> Iterator[AttachedResource]:
    for cluster in state.of("aws_elasticache_cluster"):
        groups = frozenset(cluster.texts("security_group_ids"))
        for node, subnet_id, detail in _nodes(state, cluster, vpc_name):
            if subnet_id == subnet.id:
                name = f"{cluster.text('engine')} {node}".strip()
                yield AttachedResource(ResourceKind.CACHE_NODE, name, detail, groups)


def _serverless_caches(state: Resources, subnet: Resource, vpc_name: str) -> Iterator[AttachedResource]:
    for cache in state.of("aws_elasticache_serverless_cache"):
        if subnet.id in cache.texts("subnet_ids"):
            name = cache.text("name")
            details = ("" if name == vpc_name else short(name, vpc_name), "serverless", "TLS")
            groups = frozenset(cache.texts("security_group_ids"))
            text = ", ".join(filter(None, details))
            yield AttachedResource(ResourceKind.CACHE_NODE, cache.text("engine"), text, groups)


def _interface_endpoints(state: Resources, subnet: Resource) -> Iterator[AttachedResource]:
    for endpoint in state.of("aws_vpc_endpoint"):
        if endpoint.text("vpc_endpoint_type") == "Interface" and subnet.id in endpoint.texts("subnet_ids"):
            groups = frozenset(endpoint.texts("security_group_ids"))
            yield AttachedResource(ResourceKind.ENDPOINT, service(endpoint), "interface endpoint", groups)


def service(endpoint: Resource) -> str:
    """Return the AWS service of a VPC endpoint: `s3` of `com.amazonaws.us-east-1.s3`."""
    return ".".join(endpoint.text("service_name").split(".")[3:]) or endpoint.text("service_name")


def _function_detail(function: Resource) -> str:
    memory = function.values.get("memory_size")
    details = (function.text("runtime") or function.text("package_type"), f"{memory} MB" if memory else "")
    return ", ".join(filter(None, details))


def _nodes(state: Resources, cluster: Resource, vpc_name: str) -> Iterator[tuple[str, str, str]]:
    """Yield number, subnet ID and details of each node."""
    subnets = {
        subnet.text("availability_zone"): subnet.id
        for group in state.of("aws_elasticache_subnet_group")
        if group.text("name") == cluster.text("subnet_group_name")
        for subnet in state.of("aws_subnet")
        if subnet.id in group.texts("subnet_ids")
    }
    name = cluster.text("cluster_id")
    details = ["" if name == vpc_name else short(name, vpc_name), cluster.text("node_type")]
    if cluster.values.get("transit_encryption_enabled"):
        details.append("TLS")
    nodes = nodes_of(cluster, list(subnets))
    if nodes.is_chosen_by_aws:
        details.append("AWS chooses the zone")
    for number, zone in nodes.zones:
        yield number, subnets.get(zone, ""), ", ".join(filter(None, details))
