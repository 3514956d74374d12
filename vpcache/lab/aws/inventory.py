"""The network namespaces of resources, by resource ID and name."""

from __future__ import annotations

from dataclasses import dataclass

from vpcache.lab.addresses import FUNCTIONS_RESOLVER, resolver_address
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.network.naming import (
    FUNCTIONS,
    INTERNET,
    endpoint_namespace,
    gateway_namespace,
    interface_namespace,
    router_namespace,
)
from vpcache.lab.topology import Topology, Vpc


@dataclass(frozen=True, slots=True)
class Place:
    """A network namespace under one of its names, with its zone and its DNS resolver."""

    name: str
    namespace: str
    region: str = ""
    zone: str = ""
    resolver: str = ""


def directory(topology: Topology) -> list[Place]:
    """Return every place under every name: resource ID, `cluster/node`, cache, function, `internet`.

    Names of caches and functions are unique per region only. Places of the same name are sorted by zone
    within each VPC.
    """
    places = [Place(INTERNET, INTERNET)]
    places += [
        Place(each.name, FUNCTIONS, each.region, resolver=str(FUNCTIONS_RESOLVER))
        for each in topology.public_functions
    ]
    for vpc in topology.vpcs:
        places += sorted(_vpc_places(vpc), key=lambda place: place.zone)
    return places


def _vpc_places(vpc: Vpc) -> list[Place]:
    interfaces = {each.id: each for each in vpc.interfaces}

    def interface_place(name: str, interface_id: str) -> Place:
        zone = interfaces[interface_id].zone
        return Place(
            name, interface_namespace(interface_id), vpc.region, zone, str(resolver_address(vpc.cidr))
        )

    functions = [
        (name, interface_id)
        for name, interface_ids in lambda_of(ACCOUNT, vpc.region).interfaces_by_function()
        for interface_id in interface_ids
        if interface_id in interfaces
    ]
    nodes = [
        (f"{cluster.id}/{node.id}", node.interface_id)
        for cluster in vpc.cache_clusters
        for node in cluster.nodes
    ]
    serverless = [
        (cache.name, interface_id) for cache in vpc.serverless_caches for interface_id, _ in cache.endpoints
    ]
    gateways = [(each.id, each.interface_id) for each in vpc.nat_gateways]
    return [
        Place(vpc.id, router_namespace(vpc.id), vpc.region),
        *(
            [Place(vpc.internet_gateway_id, gateway_namespace(vpc.id), vpc.region)]
            if vpc.internet_gateway_id
            else []
        ),
        *(Place(each.id, endpoint_namespace(each.id), vpc.region) for each in vpc.gateway_endpoints),
        *(
            interface_place(name, interface_id)
            for name, interface_id in (
                *functions,
                *nodes,
                *serverless,
                *gateways,
                *((each, each) for each in interfaces),
            )
        ),
    ]
