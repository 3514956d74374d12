"""EC2's route tables, with AWS's rules for routes, associations and deletion."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route
from moto.ec2.models.vpcs import VPCEndPoint

from vpcache.lab.aws.ec2.validation import canonical_cidr, check_cidr, check_ipv6_cidr


class RouteWithState(Route):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A route whose state depends on whether its target exists."""

    @classmethod
    def of(cls, route: Any) -> RouteWithState:
        """Return a copy of one of moto's routes."""
        return cls(
            route.route_table,
            route.destination_cidr_block,
            route.destination_ipv6_cidr_block,
            route.destination_prefix_list,
            local=route.local,
            gateway=route.gateway,
            instance=route.instance,
            nat_gateway=route.nat_gateway,
            egress_only_igw=route.egress_only_igw,
            transit_gateway=route.transit_gateway,
            interface=route.interface,
            vpc_pcx=route.vpc_pcx,
            carrier_gateway=route.carrier_gateway,
            vpc_endpoint_id=route.vpc_endpoint_id,
        )

    @property
    def state(self) -> str:
        """`active`, or `blackhole` if packets that match the route are dropped."""
        backend = self.route_table.ec2_backend
        is_active = (
            self.local
            or targets_gateway_endpoint(self)
            or target_interface(backend, self)
            or targets_internet_gateway(backend, self)
            or targets_egress_only_gateway(backend, self)
            or targets_vpn_gateway(backend, self)
        )
        return "active" if is_active else "blackhole"


class RoutesBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for route tables."""

    def create_route_table(self, *arguments: Any, **options: Any) -> Any:
        """Create a route table. No virtual private gateway propagates routes to it."""
        table = super().create_route_table(*arguments, **options)
        table.propagating_vgws = []
        return table

    def delete_route_table(self, route_table_id: str) -> None:
        """Delete a route table that has no associations and is not its VPC's main table."""
        if self.get_route_table(route_table_id).main_association_id:
            raise DependencyViolationError(
                f"The routeTable '{route_table_id}' has dependencies: it is its VPC's main one."
            )
        super().delete_route_table(route_table_id)

    def associate_route_table(
        self, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
    ) -> Any:
        """Associate a route table with a subnet of the same VPC that has no explicit association."""
        new_table = self.get_route_table(route_table_id)
        if not (subnet_id or gateway_id):
            raise EC2ClientError("MissingParameter", "The request must contain the parameter subnetId")
        if subnet_id and self.get_subnet(subnet_id).vpc_id != new_table.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Route table {route_table_id} and subnet {subnet_id} belong to different networks.",
            )
        for table in self.route_tables.values():
            for association_id, target in table._associations.items():
                if subnet_id and target == subnet_id and table is not new_table:
                    raise EC2ClientError(
                        "Resource.AlreadyAssociated",
                        f"The specified association for route table {route_table_id} conflicts with an "
                        f"existing association {association_id}.",
                    )
        return super().associate_route_table(route_table_id, gateway_id, subnet_id)

    def disassociate_route_table(self, association_id: str) -> Any:
        """Delete a subnet's explicit association with a route table."""
        if any(each.main_association_id == association_id for each in self.route_tables.values()):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"cannot disassociate the main route table association {association_id}",
            )
        return super().disassociate_route_table(association_id)

    def create_route(
        self,
        route_table_id: str,
        destination_cidr_block: str | None,
        destination_ipv6_cidr_block: str | None = None,
        destination_prefix_list_id: str | None = None,
        **options: Any,
    ) -> Any:
        """Create a route; a NAT gateway as its target must exist."""
        self._check_nat_gateway(options.get("nat_gateway_id"))
        if destination_prefix_list_id:
            self.prefix_list(destination_prefix_list_id)
        destination = _destination(destination_cidr_block)
        if destination:
            self._check_local_routes(route_table_id, destination)
        created = super().create_route(
            route_table_id,
            destination,
            _ipv6_destination(destination_ipv6_cidr_block),
            destination_prefix_list_id,
            **options,
        )
        route = RouteWithState.of(created)
        self.get_route_table(route_table_id)._routes[route.id] = route  # instead of moto's
        return route

    def replace_route(
        self,
        route_table_id: str,
        destination_cidr_block: str | None,
        destination_ipv6_cidr_block: str | None = None,
        destination_prefix_list_id: str | None = None,
        nat_gateway_id: str | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Change the target of a route; a NAT gateway as its target must exist."""
        self._check_nat_gateway(nat_gateway_id)
        return super().replace_route(
            route_table_id,
            _destination(destination_cidr_block),
            _ipv6_destination(destination_ipv6_cidr_block),
            destination_prefix_list_id,
            nat_gateway_id,
            *arguments,
            **options,
        )

    def delete_route(
        self,
        route_table_id: str,
        destination_cidr_block: str | None,
        destination_ipv6_cidr_block: str | None = None,
        *arguments: Any,
    ) -> Any:
        """Delete a route other than a local route."""
        ipv6 = _ipv6_destination(destination_ipv6_cidr_block)
        named = [each for each in (destination_cidr_block, ipv6, *arguments) if each]
        for route in self.get_route_table(route_table_id).routes:
            if route.local and set(named) & set(route_destinations(route)):
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"cannot remove local route {named[0]} in route table {route_table_id}",
                )
        destination = canonical_cidr(destination_cidr_block) if destination_cidr_block else None
        return super().delete_route(route_table_id, destination, ipv6, *arguments)

    def _check_local_routes(self, route_table_id: str, destination: str) -> None:
        """Raise an error for a route to a block of the VPC, or to a part of one.

        https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html#route-table-routes
        """
        for route in self.get_route_table(route_table_id).routes:
            if not (route.local and route.destination_cidr_block):
                continue
            if destination == route.destination_cidr_block:
                raise EC2ClientError(
                    "RouteAlreadyExists", f"The route identified by {destination} already exists."
                )
            if IPv4Network(destination).subnet_of(IPv4Network(route.destination_cidr_block)):
                raise NotImplementedError(
                    f"The DestinationCidrBlock {destination} is more specific than the local route "
                    f"{route.destination_cidr_block}, which is not emulated by the lab."
                )

    def _check_nat_gateway(self, nat_gateway_id: str | None) -> None:
        if nat_gateway_id and nat_gateway_id not in self.nat_gateways:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")


def route_destinations(route: Any) -> tuple[str, ...]:
    """Return the CIDR block of a route, of IPv4 or IPv6."""
    return tuple(each for each in (route.destination_cidr_block, route.destination_ipv6_cidr_block) if each)


def target_interface(backend: Any, route: Any) -> Any | None:
    """Return the interface that a route targets, also through a NAT gateway; None if there is none."""
    interface = route.nat_gateway.interface if route.nat_gateway else route.interface
    exists = interface and interface.id in backend.enis and interface.vpc_id == route.route_table.vpc_id
    return interface if exists else None


def targets_internet_gateway(backend: Any, route: Any) -> bool:
    """Return whether a route targets the internet gateway of its VPC."""
    return bool(route.gateway) and route.gateway is backend.attached_internet_gateway(
        route.route_table.vpc_id
    )


def targets_egress_only_gateway(backend: Any, route: Any) -> bool:
    """Return whether a route targets an egress-only internet gateway of its VPC."""
    gateway = route.egress_only_igw
    exists = gateway and gateway.id in backend.egress_only_internet_gateways
    return bool(exists and gateway.vpc_id == route.route_table.vpc_id)


def targets_gateway_endpoint(route: Any) -> bool:
    """Return whether a route is the one that a gateway endpoint added."""
    return isinstance(route.gateway, VPCEndPoint)


def targets_vpn_gateway(backend: Any, route: Any) -> bool:
    """Return whether a route targets the virtual private gateway of its VPC, which drops all packets."""
    return bool(route.gateway) and route.gateway is backend.attached_vpn_gateway(route.route_table.vpc_id)


def _destination(cidr: str | None) -> str | None:
    """Return a route's CIDR block as AWS shows it. Raises EC2ClientError if it is invalid."""
    if not cidr:
        return None
    check_cidr(cidr)
    return canonical_cidr(cidr)


def _ipv6_destination(cidr: str | None) -> str | None:
    """Return a route's IPv6 CIDR block as AWS shows it. Raises EC2ClientError if it is invalid."""
    if not cidr:
        return None
    check_ipv6_cidr(cidr)
    return str(IPv6Network(cidr, strict=False))
