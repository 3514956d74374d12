"""The network of a running stack, from what AWS's API says about its VPCs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network

from vpcache.lab.topology import GatewayEndpoint, NatGateway, Subnet, Topology, Vpc
from vpcache.reach.aws_source import owners, unmodeled
from vpcache.reach.aws_source.descriptions import Descriptions, Item, Items, name_of, of_vpc
from vpcache.reach.aws_source.firewall import network_acls, security_groups
from vpcache.reach.aws_source.interfaces import interfaces
from vpcache.reach.aws_source.owners import Owner
from vpcache.reach.aws_source.routes import interfaces_of, route_tables, subnet_tables
from vpcache.reach.network import Network

_IDS = {
    "vpcs": "VpcId",
    "subnets": "SubnetId",
    "route_tables": "RouteTableId",
    "network_acls": "NetworkAclId",
    "nat_gateways": "NatGatewayId",
    "internet_gateways": "InternetGatewayId",
    "egress_only_gateways": "EgressOnlyInternetGatewayId",
    "endpoints": "VpcEndpointId",
    "interfaces": "NetworkInterfaceId",
}
"""The keys of the IDs of things with Name tags, by the field of Descriptions."""


def network(found: Descriptions) -> Network:
    """Return the network of all described VPCs, with the names that the network of their state has.

    `undecided` has what AWS's API does not return, and what has no interface.
    """
    nodes = tuple(owners.cache_nodes(found))
    serverless = tuple(owners.serverless_caches(found))
    known = (
        *owners.functions(found),
        *nodes,
        *serverless,
        *owners.nat_gateways(found),
        *_endpoints(found, serverless),
    )
    owned = {id_ for each in known for id_ in each.interfaces}
    rest = tuple(each for each in found.interfaces if each["NetworkInterfaceId"] not in owned)
    return Network(
        Topology(tuple(_vpc(found, each, nodes) for each in _sorted(found.vpcs, "VpcId"))),
        _merged((*known, *_rest(found, rest))),
        _names(found),
        {**dict(unmodeled.gateways(found)), **dict(unmodeled.owners(rest))},
        tuple(_undecided(found, known)),
        {each.name: each.port for each in (*nodes, *serverless) if each.port},
    )


def _endpoints(found: Descriptions, serverless: tuple[Owner, ...]) -> Iterator[Owner]:
    """Yield the interface endpoints without those of serverless caches."""
    taken = {id_ for each in serverless for id_ in each.interfaces}
    yield from (each for each in owners.endpoints(found) if not taken.intersection(each.interfaces))


def _rest(found: Descriptions, rest: Items) -> Iterator[Owner]:
    """Yield what the other interfaces belong to.

    Those without a security group are of gateways and load balancers, whose rules the model does not know.
    """
    ids = {each["NetworkInterfaceId"] for each in rest}
    instances = [each for each in owners.instances(found) if ids.intersection(each.interfaces)]
    taken = {id_ for each in instances for id_ in each.interfaces}
    yield from instances
    yield from owners.others(
        each for each in rest if each["Groups"] and each["NetworkInterfaceId"] not in taken
    )


def _merged(found: tuple[Owner, ...]) -> dict[str, tuple[str, ...]]:
    """Return the interfaces by name; several endpoints of a service have one name."""
    merged = dict[str, tuple[str, ...]]()
    for each in found:
        if each.interfaces:
            merged[each.name] = tuple(dict.fromkeys((*merged.get(each.name, ()), *each.interfaces)))
    return merged


def _names(found: Descriptions) -> dict[str, str]:
    tagged = {
        each[key]: name_of(each, each[key]) for field, key in _IDS.items() for each in getattr(found, field)
    }
    groups = {each["GroupId"]: name_of(each, each["GroupName"]) for each in found.security_groups}
    return tagged | groups


def _undecided(found: Descriptions, known: tuple[Owner, ...]) -> Iterator[str]:
    for owner in known:
        if not owner.interfaces:
            yield f"{owner.name} has no network interface in the VPC, so nothing reaches it or comes from it"
    for id_ in sorted(found.prefix_list_ids() - found.prefixes().keys()):
        yield f"{id_}: its entries cannot be read, so its rules and routes are missing"
    for each in found.subnets:
        if not each.get("CidrBlock"):
            yield f"{each['SubnetId']} has no IPv4 CIDR block, so its interfaces are missing"


def _vpc(found: Descriptions, vpc: Item, nodes: tuple[Owner, ...]) -> Vpc:
    id_ = vpc["VpcId"]
    tables = subnet_tables(found, id_)
    gateways = of_vpc(found.internet_gateways, id_)
    existing = {each["NetworkInterfaceId"] for each in of_vpc(found.interfaces, id_)}
    return Vpc(
        id=id_,
        region=found.region,
        cidr=IPv4Network(vpc["CidrBlock"]),
        internet_gateway_id=gateways[0]["InternetGatewayId"] if gateways else None,
        subnets=tuple(
            Subnet(
                each["SubnetId"],
                IPv4Network(each["CidrBlock"]),
                each["AvailabilityZone"],
                tables[each["SubnetId"]],
                each["AvailabilityZoneId"],
            )
            for each in _sorted(of_vpc(found.subnets, id_), "SubnetId")
            if each.get("CidrBlock")
        ),
        route_tables=route_tables(found, id_),
        security_groups=security_groups(found, id_),
        interfaces=interfaces(found, id_, {each for node in nodes for each in node.interfaces}),
        nat_gateways=tuple(
            NatGateway(each["NatGatewayId"], interface)
            for each in _sorted(of_vpc(found.nat_gateways, id_), "NatGatewayId")
            for interface in interfaces_of(each)
            if interface in existing  # EC2 lists deleted NAT gateways for an hour
        ),
        cache_clusters=(),
        network_acls=network_acls(found, id_),
        gateway_endpoints=tuple(
            GatewayEndpoint(each["VpcEndpointId"], each["ServiceName"].rpartition(".")[2])
            for each in _sorted(of_vpc(found.endpoints, id_), "VpcEndpointId")
            if each["VpcEndpointType"] == "Gateway"
        ),
        secondary_cidrs=tuple(sorted(_secondary_cidrs(vpc))),
        ipv6_cidrs=tuple(sorted(_ipv6_cidrs(vpc))),
        has_egress_only_gateway=bool(of_vpc(found.egress_only_gateways, id_)),
    )


def _secondary_cidrs(vpc: Item) -> Iterator[IPv4Network]:
    for each in vpc.get("CidrBlockAssociationSet", ()):
        if each["CidrBlockState"]["State"] == "associated" and each["CidrBlock"] != vpc["CidrBlock"]:
            yield IPv4Network(each["CidrBlock"])


def _ipv6_cidrs(vpc: Item) -> Iterator[IPv6Network]:
    for each in vpc.get("Ipv6CidrBlockAssociationSet", ()):
        if each["Ipv6CidrBlockState"]["State"] == "associated":
            yield IPv6Network(each["Ipv6CidrBlock"])


def _sorted(items: Items, key: str) -> list[Item]:
    return sorted(items, key=lambda each: str(each[key]))
