"""Who lives in which subnet. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from vpcache.diagram.model import Kind, Resident
from vpcache.terraform.resources import Resource, Resources


def short(name: str, *prefixes: str, suffix: str = "") -> str:
    """Return a name without what its place says already: the VPC's name before it, its zone's behind it."""
    for prefix in filter(None, prefixes):
        name = name.removeprefix(f"{prefix}-") or name
    return (name.removesuffix(f"-{suffix}") or name) if suffix else name


def residents(resources: Resources, subnet: Resource, vpc_name: str) -> Iterator[Resident]:
    """Yield who lives in a subnet: functions, cache nodes, interface endpoints."""
    zone = subnet.text("availability_zone")
    for function in resources.of("aws_lambda_function"):
        for network in function.blocks("vpc_config"):
            if subnet.id in (network.get("subnet_ids") or []):
                name = short(function.text("function_name"), vpc_name, suffix=zone)
                groups = frozenset(network.get("security_group_ids") or [])
                yield Resident(Kind.FUNCTION, name, _function_detail(function), groups)
    for cluster in resources.of("aws_elasticache_cluster"):
        groups = frozenset(cluster.texts("security_group_ids"))
        for node, where, detail in _nodes(resources, cluster, vpc_name):
            if where == subnet.id:
                yield Resident(Kind.CACHE_NODE, f"{cluster.text('engine')} {node}".strip(), detail, groups)
    for endpoint in resources.of("aws_vpc_endpoint"):
        if endpoint.text("vpc_endpoint_type") == "Interface" and subnet.id in endpoint.texts("subnet_ids"):
            groups = frozenset(endpoint.texts("security_group_ids"))
            yield Resident(Kind.ENDPOINT, service(endpoint), "interface endpoint", groups)


def service(endpoint: Resource) -> str:
    """Return which AWS service a VPC endpoint leads to: `s3` of `com.amazonaws.us-east-1.s3`."""
    return ".".join(endpoint.text("service_name").split(".")[3:]) or endpoint.text("service_name")


def _function_detail(function: Resource) -> str:
    memory = function.values.get("memory_size")
    said = (function.text("runtime") or function.text("package_type"), f"{memory} MB" if memory else "")
    return ", ".join(filter(None, said))


def _nodes(resources: Resources, cluster: Resource, vpc_name: str) -> Iterator[tuple[str, str, str]]:
    """Yield each node's number, its subnet's id and what else there is to say.

    Where a plan's nodes will be is what their cluster asks for; without that it is for AWS to choose.
    """
    subnets = {
        subnet.text("availability_zone"): subnet.id
        for group in resources.of("aws_elasticache_subnet_group")
        if group.text("name") == cluster.text("subnet_group_name")
        for subnet in resources.of("aws_subnet")
        if subnet.id in group.texts("subnet_ids")
    }
    name = cluster.text("cluster_id")
    said = ["" if name == vpc_name else short(name, vpc_name), cluster.text("node_type")]
    if cluster.values.get("transit_encryption_enabled"):
        said.append("TLS")
    if standing := cluster.blocks("cache_nodes"):
        for node in standing:
            where = subnets.get(node.get("availability_zone") or "", "")
            yield str(node.get("id") or ""), where, ", ".join(filter(None, said))
        return
    asked = cluster.texts("preferred_availability_zones") or [cluster.text("availability_zone")]
    zones = asked if all(zone in subnets for zone in asked) else list(subnets)
    if zones is not asked:
        said.append("zone to be chosen by AWS")
    count = cluster.values.get("num_cache_nodes") or 0
    for number, zone in zip(range(1, count + 1), cycle(zones), strict=False):
        yield f"{number:04}", subnets[zone], ", ".join(filter(None, said))
