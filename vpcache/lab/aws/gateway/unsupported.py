"""VPC-attached resources that the lab does not emulate."""

from __future__ import annotations

from collections.abc import Callable

READ_ACTION_PREFIXES = ("Describe", "Get", "List")  # of actions that change nothing
_ACTIONS = frozenset(
    {
        "AcceptVpcPeeringConnection",
        "CreateCarrierGateway",
        "CreateClientVpnEndpoint",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "CreateTransitGateway",
        "CreateTransitGatewayVpcAttachment",
        "CreateVpcPeeringConnection",
        "CreateVpnConnection",
        "RequestSpotFleet",
        "RequestSpotInstances",
        "RunInstances",
        "CreateFleet",
    }
)
"""EC2 actions that moto accepts and the lab's data plane does not implement."""
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
        "fsx",
        "kafka",
        "memorydb",
        "mq",
        "network-firewall",
        "rds",
        "redshift",
        "route53resolver",
        "vpc-lattice",
        "workspaces",
    }
)
"""Signing names of services whose resources are attached to VPCs, which moto accepts without a network."""

_RECORDS = {
    "rds": frozenset(
        {
            "AddTagsToResource",
            "CreateDBSubnetGroup",
            "DeleteDBSubnetGroup",
            "ModifyDBSubnetGroup",
            "RemoveTagsFromResource",
        }
    ),
    "redshift": frozenset(
        {"CreateClusterSubnetGroup", "CreateTags", "DeleteClusterSubnetGroup", "DeleteTags"}
    ),
}
"""Actions of those services that concern records without a network, such as subnet groups."""
_BACK_DOORS = {
    "autoscaling": frozenset({"AttachInstances", "CreateAutoScalingGroup", "UpdateAutoScalingGroup"}),
    "servicediscovery": frozenset({"CreatePrivateDnsNamespace"}),
}
"""Actions of other services that make instances, interfaces or private hosted zones."""


def is_unsupported(service: str, action: str, body: Callable[[], bytes]) -> bool:
    """Return whether a request creates a VPC-attached resource that the lab's network does not implement.

    `body` is called only if the action is not sufficient to decide.
    """
    if service == "ec2":
        return action in _ACTIONS
    if service == "route53":
        return b"<VPC>" in body()  # a private hosted zone; the lab's resolvers serve none
    if action in _RECORDS.get(service, ()):
        return False
    if action in _BACK_DOORS.get(service, ()):
        return True
    return service in _SERVICES and not action.startswith((*READ_ACTION_PREFIXES, "GET ", "HEAD "))
