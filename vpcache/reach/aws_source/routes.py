"""The route tables of a VPC, from EC2's descriptions. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from vpcache.lab.topology import IpNetwork, Route, RouteTable, RouteTarget
from vpcache.reach.aws_source.descriptions import Descriptions, Item, of_vpc

_UNMODELED = {
    "CarrierGatewayId": "carrier gateway",
    "CoreNetworkArn": "core network",
    "LocalGatewayId": "local gateway",
    "OdbNetworkArn": "ODB network",
    "TransitGatewayId": "transit gateway",
    "VpcPeeringConnectionId": "VPC peering connection",
}
_UNMODELED_GATEWAYS = {"vgw": "VPN gateway", "vpce": "gateway load balancer endpoint"}


def subnet_tables(found: Descriptions, vpc_id: str) -> dict[str, str]:
    """Return the ID of the effective route table of each subnet: its own, or the main one of the VPC.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
    """
    own, main = dict[str, str](), ""
    for table in of_vpc(found.route_tables, vpc_id):
        for association in table["Associations"]:
            if subnet := association.get("SubnetId"):
                own[subnet] = table["RouteTableId"]
            elif association.get("Main"):
                main = table["RouteTableId"]
    subnets = (each["SubnetId"] for each in of_vpc(found.subnets, vpc_id))
    return {each: own.get(each, main) for each in subnets}


def route_tables(found: Descriptions, vpc_id: str) -> tuple[RouteTable, ...]:
    """Return the route tables of a VPC, sorted by ID, without local routes."""
    targets = _Targets(found)
    tables = (
        RouteTable(each["RouteTableId"], targets.effective(each["Routes"]))
        for each in of_vpc(found.route_tables, vpc_id)
    )
    return tuple(sorted(tables, key=lambda table: table.id))


def interfaces_of(nat_gateway: Item) -> list[str]:
    """Return the IDs of the interfaces of a NAT gateway, that of its primary address first."""
    addresses = sorted(nat_gateway.get("NatGatewayAddresses", ()), key=lambda each: not each.get("IsPrimary"))
    ids = (each.get("NetworkInterfaceId") for each in addresses)
    return list(dict.fromkeys(each for each in ids if each))


class _Targets:
    """What routes lead to."""

    def __init__(self, found: Descriptions) -> None:
        self._prefixes = found.prefixes()
        known = {each["NetworkInterfaceId"] for each in found.interfaces}
        self._nat_gateways = {
            each["NatGatewayId"]: id_
            for each in found.nat_gateways
            for id_ in interfaces_of(each)[:1]
            if id_ in known
        }
        self._gateway_endpoints = {
            each["VpcEndpointId"] for each in found.endpoints if each["VpcEndpointType"] == "Gateway"
        }

    def effective(self, routes: list[Item]) -> tuple[Route, ...]:
        """Return one route for each destination, by CIDR block.

        A static route precedes a propagated one, and a CIDR block the same block of a prefix list.
        https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
        """
        chosen = dict[IpNetwork, Route]()
        for each in sorted(routes, key=_rank):
            if each.get("GatewayId") != "local":
                for destination in self._destinations(each):
                    chosen.setdefault(destination, self._route(destination, each))
        ordered = sorted(chosen, key=lambda each: (each.version, each))
        return tuple(chosen[each] for each in ordered)

    def _destinations(self, route: Item) -> Iterator[IpNetwork]:
        for key in ("DestinationCidrBlock", "DestinationIpv6CidrBlock"):
            if cidr := route.get(key):
                yield ip_network(cidr)
        yield from self._prefixes.get(route.get("DestinationPrefixListId", ""), ())

    def _route(self, destination: IpNetwork, route: Item) -> Route:
        """Return a route with its target.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
        """
        if route.get("State") == "blackhole":
            return Route(destination, RouteTarget.BLACKHOLE)
        if gateway := route.get("NatGatewayId"):
            if interface := self._nat_gateways.get(gateway):
                return Route(destination, RouteTarget.INTERFACE, interface)
            return _unmodeled(destination, "NAT gateway", gateway)
        if interface := route.get("NetworkInterfaceId"):
            return Route(destination, RouteTarget.INTERFACE, interface)
        if route.get("EgressOnlyInternetGatewayId"):
            return Route(destination, RouteTarget.EGRESS_ONLY_GATEWAY)
        for key, kind in _UNMODELED.items():
            if target := route.get(key):
                return _unmodeled(destination, kind, target)
        return self._by_gateway(destination, route.get("GatewayId", ""))

    def _by_gateway(self, destination: IpNetwork, gateway: str) -> Route:
        if gateway in self._gateway_endpoints:
            return Route(destination, RouteTarget.GATEWAY_ENDPOINT, endpoint_id=gateway)
        prefix = gateway.partition("-")[0]
        if prefix == "igw":
            return Route(destination, RouteTarget.INTERNET_GATEWAY)
        return _unmodeled(destination, _UNMODELED_GATEWAYS.get(prefix, "target"), gateway or "without an ID")


def _rank(route: Item) -> tuple[bool, bool]:
    return route.get("Origin") == "EnableVgwRoutePropagation", "DestinationPrefixListId" in route


def _unmodeled(destination: IpNetwork, kind: str, id_: str) -> Route:
    return Route(destination, RouteTarget.UNMODELED, unmodeled=f"{kind} {id_}")
