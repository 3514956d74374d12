"""AWS's rules for VPC endpoints that share a VPC or a route table.

https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpcs import VPCEndPoint

from vpcache.lab.aws.transitions import Transition

INTERFACE_POLICY = {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}
"""The policy of an interface endpoint for which no other is set."""


class InterfaceEndpoint(VPCEndPoint):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """An interface endpoint, which is `pending` before it is `available`."""

    DEFAULT_POLICY = INTERFACE_POLICY

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.transition = Transition()
        super().__init__(*arguments, **options)

    @property
    def state(self) -> str:
        """The state that the API shows."""
        return self.transition.state(self._state)

    @state.setter
    def state(self, state: str) -> None:
        self._state = state


def check_private_dns(backend: Any, vpc: Any, service_name: str, endpoint_id: str | None = None) -> None:
    """Raise EC2ClientError if an endpoint cannot have its service's name in a VPC.

    `endpoint_id` is None for a new endpoint.
    """
    if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        raise EC2ClientError(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set "
            f"to true for {vpc.id}",
        )
    for each in backend.vpc_end_points.values():
        is_other = each.id != endpoint_id and each.vpc_id == vpc.id and each.service_name == service_name
        if is_other and each.vpc_endpoint_type == "Interface" and each.private_dns_enabled:
            raise EC2ClientError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{service_name} in the VPC {vpc.id}",
            )


def check_route_tables(backend: Any, vpc_id: str, service_name: str, table_ids: Iterable[str]) -> None:
    """Raise EC2ClientError if a gateway endpoint cannot add its route to route tables.

    A route table has one endpoint of a service:
    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
    """
    for table_id in table_ids:
        table = backend.get_route_table(table_id)
        if table.vpc_id != vpc_id:
            raise EC2ClientError(
                "InvalidParameter", f"The route table {table_id} does not belong to the VPC {vpc_id}."
            )
        for route in table.routes:
            if getattr(route.gateway, "service_name", None) == service_name:
                raise EC2ClientError(
                    "RouteAlreadyExists",
                    f"route table {table_id} already has a route with destination-prefix-list-id "
                    f"{route.gateway.destination_prefix_list_id}",
                )
