"""What the network interfaces of VPCs belong to: functions, cache nodes, gateways, endpoints. Pure.

EC2 does not say it in one place: NAT gateways and endpoints list their interfaces, functions and caches have
the subnets and security groups of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vpcache.reach.aws_source.descriptions import Descriptions, Item, Items, name_of
from vpcache.reach.aws_source.routes import interfaces_of

_AWS_SERVICE = re.compile(r"(com|cn\.com)\.amazonaws\.(?!vpce\.)")
"""Names of AWS's own services; those of endpoint services of others contain `.vpce.`, ElastiCache's too."""


@dataclass(frozen=True)
class Owner:
    """The name of something that interfaces belong to, and their IDs; without IDs it has none yet."""

    name: str
    interfaces: tuple[str, ...]
    port: int | None = None  # of a cache


def functions(found: Descriptions) -> Iterator[Owner]:
    """Yield the functions in the VPCs.

    Functions with the same subnet and security groups share an interface.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    vpcs = {each["VpcId"] for each in found.vpcs}
    mine = [each for each in found.interfaces if each["InterfaceType"] == "lambda"]
    for each in found.functions:
        config = each.get("VpcConfig", {})
        if config.get("VpcId") in vpcs:
            placed = _placed(mine, config["SubnetIds"], config["SecurityGroupIds"])
            yield Owner(each["FunctionName"], tuple(_ids(placed)))


def cache_nodes(found: Descriptions) -> Iterator[Owner]:
    """Yield the nodes of the cache clusters in the VPCs, named "cluster/0001".

    The description of an interface names the cluster, its zone identifies the node. Nodes in the same
    zone have the same security groups, so that their order does not matter.
    """
    groups = {each["GroupId"] for each in found.security_groups}
    for cluster in found.cache_clusters:
        if not groups.intersection(each["SecurityGroupId"] for each in cluster.get("SecurityGroups", ())):
            continue
        free = [each for each in _of_elasticache(found) if cluster["CacheClusterId"] in _words(each)]
        for node in sorted(cluster.get("CacheNodes", ()), key=lambda each: str(each["CacheNodeId"])):
            zone = node.get("CustomerAvailabilityZone")
            chosen = next((each for each in free if each["AvailabilityZone"] == zone), None)
            if chosen:
                free.remove(chosen)
            name = f"{cluster['CacheClusterId']}/{node['CacheNodeId']}"
            yield Owner(name, tuple(_ids([chosen] if chosen else [])), node.get("Endpoint", {}).get("Port"))


def serverless_caches(found: Descriptions) -> Iterator[Owner]:
    """Yield the serverless caches in the VPCs, which have interfaces of an endpoint.

    Caches with the same subnets and security groups share the names of their interfaces, unless these say to
    which cache they belong.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/WhatIs.corecomponents.html
    """
    subnets = {each["SubnetId"] for each in found.subnets}
    of_services = {
        id_
        for each in found.endpoints
        if _AWS_SERVICE.match(each["ServiceName"])
        for id_ in each.get("NetworkInterfaceIds", ())
    }
    mine = [
        each
        for each in found.interfaces
        if each["InterfaceType"] == "vpc_endpoint" and each["NetworkInterfaceId"] not in of_services
    ]
    for each in found.serverless_caches:
        if subnets.intersection(each["SubnetIds"]):
            name = each["ServerlessCacheName"]
            placed = _placed(mine, each["SubnetIds"], each["SecurityGroupIds"])
            named = [interface for interface in placed if name in _words(interface)]
            yield Owner(name, tuple(_ids(named or placed)), each.get("Endpoint", {}).get("Port"))


def nat_gateways(found: Descriptions) -> Iterator[Owner]:
    """Yield the NAT gateways that have interfaces in the VPCs, by their IDs."""
    known = set(_ids(found.interfaces))
    for each in found.nat_gateways:
        if ids := [id_ for id_ in interfaces_of(each) if id_ in known]:
            yield Owner(each["NatGatewayId"], tuple(ids))


def endpoints(found: Descriptions) -> Iterator[Owner]:
    """Yield the interface endpoints by the names of their services."""
    for each in found.endpoints:
        if each["VpcEndpointType"] == "Interface":
            yield Owner(each["ServiceName"], tuple(each.get("NetworkInterfaceIds", ())))


def instances(found: Descriptions) -> Iterator[Owner]:
    """Yield the instances that have interfaces in the VPCs, by their IDs."""
    for each in found.interfaces:
        if instance := each.get("Attachment", {}).get("InstanceId"):
            yield Owner(instance, (each["NetworkInterfaceId"],))


def others(interfaces: Iterable[Item]) -> Iterator[Owner]:
    """Yield interfaces by their Name tags or IDs."""
    for each in interfaces:
        id_ = each["NetworkInterfaceId"]
        yield Owner(name_of(each, id_), (id_,))


def _placed(interfaces: Iterable[Item], subnets: Iterable[str], groups: Iterable[str]) -> list[Item]:
    """Return the interfaces in some subnets that have exactly some security groups."""
    expected, places = set(groups), set(subnets)
    return [
        each
        for each in interfaces
        if each["SubnetId"] in places and {group["GroupId"] for group in each["Groups"]} == expected
    ]


def _of_elasticache(found: Descriptions) -> Items:
    return tuple(each for each in found.interfaces if each.get("Description", "").startswith("ElastiCache"))


def _words(interface: Item) -> list[str]:
    return re.findall(r"[\w-]+", interface.get("Description", ""))


def _ids(interfaces: Iterable[Item]) -> list[str]:
    return sorted(each["NetworkInterfaceId"] for each in interfaces)
