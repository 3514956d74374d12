"""What has a place in a VPC on AWS and no wires in the lab."""

from __future__ import annotations

from collections.abc import Callable

READING = ("Describe", "Get", "List")  # how the names of actions begin that change nothing
_ACTIONS = frozenset(
    {
        "AcceptVpcPeeringConnection",
        "CreateCarrierGateway",
        "CreateClientVpnEndpoint",
        "CreateTransitGateway",
        "CreateTransitGatewayVpcAttachment",
        "CreateVpcPeeringConnection",
        "CreateVpnConnection",
        "CreateVpnGateway",
        "RequestSpotFleet",
        "RequestSpotInstances",
        "RunInstances",
        "CreateFleet",
    }
)
"""What moto would make in EC2 and the lab has no wires for."""
_SERVICES = frozenset(
    {
        "batch",
        "dax",
        "directconnect",
        "dms",
        "ds",
        "ecs",
        "eks",
        "elasticfilesystem",
        "elasticloadbalancing",
        "elasticmapreduce",
        "es",
        "kafka",
        "memorydb",
        "mq",
        "network-firewall",
        "rds",
        "redshift",
        "vpc-lattice",
        "workspaces",
    }
)
"""Signing names of services that live in VPCs and that moto would let live nowhere."""


def is_unsupported(service: str, action: str, body: Callable[[], bytes]) -> bool:
    """Tell whether a request makes something that has a place in a VPC and none on the lab's network.

    `body` is asked for where the action does not tell.
    """
    if service == "ec2":
        return action in _ACTIONS
    if service == "route53":
        return b"<VPC>" in body()  # a private hosted zone, which no resolver of the lab knows
    return service in _SERVICES and not action.startswith((*READING, "GET ", "HEAD "))
