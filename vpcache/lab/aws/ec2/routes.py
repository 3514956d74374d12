"""EC2's route tables, with AWS's rules about what they may hold and when they may go."""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.route_tables import Route

from vpcache.lab.aws.ec2.validation import canonical, check_range


class WatchedRoute(Route):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A route that knows whether its target is still there."""

    @property
    def state(self) -> str:
        """`active`, or `blackhole` where packets that it is for are lost."""
        network = self.route_table.ec2_backend
        leads_on = (
            self.local
            or not self.destination_cidr_block  # of IPv6 or a prefix list: no packets of the lab
            or interface_behind(network, self)
            or has_gateway(network, self)
        )
        return "active" if leads_on else "blackhole"


class RoutesBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 that has route tables."""

    def delete_route_table(self, route_table_id: str) -> None:
        """Delete a route table that no subnet uses and that is not its VPC's main one."""
        if self.get_route_table(route_table_id).main_association_id:
            raise DependencyViolationError(
                f"The routeTable '{route_table_id}' has dependencies: it is its VPC's main one."
            )
        super().delete_route_table(route_table_id)

    def associate_route_table(
        self, route_table_id: str, gateway_id: str | None = None, subnet_id: str | None = None
    ) -> Any:
        """Give a subnet a route table of its VPC, unless it has another one of its own."""
        wanted = self.get_route_table(route_table_id)
        if subnet_id and self.get_subnet(subnet_id).vpc_id != wanted.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Route table {route_table_id} and subnet {subnet_id} belong to different networks.",
            )
        for table in self.route_tables.values():
            for association_id, target in table._associations.items():
                if subnet_id and target == subnet_id and table is not wanted:
                    raise EC2ClientError(
                        "Resource.AlreadyAssociated",
                        f"The specified association for route table {route_table_id} conflicts with an "
                        f"existing association {association_id}.",
                    )
        return super().associate_route_table(route_table_id, gateway_id, subnet_id)

    def disassociate_route_table(self, association_id: str) -> Any:
        """Take a subnet's own route table away."""
        if any(each.main_association_id == association_id for each in self.route_tables.values()):
            raise EC2ClientError(
                "InvalidParameterValue",
                f"cannot disassociate the main route table association {association_id}",
            )
        return super().disassociate_route_table(association_id)

    def create_route(
        self, route_table_id: str, destination_cidr_block: str | None, *arguments: Any, **options: Any
    ) -> Any:
        """Make a route; its NAT gateway must exist."""
        self._check_nat_gateway(options.get("nat_gateway_id"))
        destination = _destination(destination_cidr_block)
        route = super().create_route(route_table_id, destination, *arguments, **options)
        route.__class__ = WatchedRoute  # moto makes its own
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
        """Let a route lead elsewhere; its NAT gateway must exist."""
        self._check_nat_gateway(nat_gateway_id)
        return super().replace_route(
            route_table_id,
            _destination(destination_cidr_block),
            destination_ipv6_cidr_block,
            destination_prefix_list_id,
            nat_gateway_id,
            *arguments,
            **options,
        )

    def delete_route(self, route_table_id: str, destination_cidr_block: str | None, *arguments: Any) -> Any:
        """Delete a route, but for the local one."""
        for route in self.get_route_table(route_table_id).routes:
            if route.local and route.destination_cidr_block == destination_cidr_block:
                raise EC2ClientError(
                    "InvalidParameterValue",
                    f"cannot remove local route {destination_cidr_block} in route table {route_table_id}",
                )
        destination = canonical(destination_cidr_block) if destination_cidr_block else None
        return super().delete_route(route_table_id, destination, *arguments)

    def _check_nat_gateway(self, nat_gateway_id: str | None) -> None:
        if nat_gateway_id and nat_gateway_id not in self.nat_gateways:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")


def interface_behind(network: Any, route: Any) -> Any | None:
    """Return the interface that a route leads to, of a NAT gateway or another; None if there is none now."""
    interface = route.nat_gateway.interface if route.nat_gateway else route.interface
    is_there = interface and interface.id in network.enis and interface.vpc_id == route.route_table.vpc_id
    return interface if is_there else None


def has_gateway(network: Any, route: Any) -> bool:
    """Tell whether a route leads to the internet gateway of its VPC."""
    return bool(route.gateway) and route.gateway is network.attached_internet_gateway(
        route.route_table.vpc_id
    )


def _destination(cidr: str | None) -> str | None:
    """Return a route's range as AWS shows it. Raises if it is none."""
    if not cidr:
        return None
    check_range(cidr)
    return canonical(cidr)
