"""The faults that a drill can inject, by AWS's API where that is possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vpcache.drills.changes import (
    DrillChange,
    LabFault,
    NodeReboot,
    RouteRemoval,
    SubnetIsolation,
    associations,
    lab_of,
    network_acls,
)
from vpcache.drills.context import DrillContext
from vpcache.errors import VpcacheError
from vpcache.program import command
from vpcache.stack.command_line import command_for

_DEFAULT_ROUTE = "0.0.0.0/0"


@dataclass(frozen=True)
class DrillFault:
    """A fault. `changes` returns the changes to make, given the drill's ID, and makes none.

    With `on_aws` AWS's API can make them; with `has_zone` they affect one zone.
    """

    name: str
    description: str
    changes: Callable[[DrillContext, str], Sequence[DrillChange]]
    on_aws: bool = False
    has_zone: bool = True


def fault_named(name: str) -> DrillFault:
    """Return the fault of that name. Raises VpcacheError if there is none."""
    if name not in FAULTS:
        raise VpcacheError(f"unknown fault '{name}'; choose from {', '.join(FAULTS)}")
    return FAULTS[name]


def check_fault(fault: DrillFault, context: DrillContext) -> None:
    """Raise VpcacheError if the fault is unavailable on the target, or the stack does not have the zone."""
    if context.zone not in context.outputs["zones"]:
        zones = ", ".join(context.outputs["zones"])
        raise VpcacheError(f"unknown zone '{context.zone}'; choose from {zones}")
    if not context.target.is_lab and not fault.on_aws:
        available = ", ".join(name for name, other in FAULTS.items() if other.on_aws)
        raise VpcacheError(
            f"fault '{fault.name}' is available on the lab only; on aws choose from {available}"
        )


def _route(context: DrillContext, _drill: str) -> Sequence[DrillChange]:
    """Return the removal of the default route of the zone's private subnet."""
    ec2 = context.target.client("ec2")
    subnet = context.outputs["private_subnet_ids"][context.zone]
    associated = [{"Name": "association.subnet-id", "Values": [subnet]}]
    for table in ec2.describe_route_tables(Filters=associated)["RouteTables"]:
        for route in table["Routes"]:
            if route.get("DestinationCidrBlock") == _DEFAULT_ROUTE and "NatGatewayId" in route:
                return [RouteRemoval(table["RouteTableId"], _DEFAULT_ROUTE, route["NatGatewayId"])]
    raise VpcacheError(
        f"zone {context.zone} has no route {_DEFAULT_ROUTE} to a NAT gateway: "
        f"`{command_for('plan', context.target, env=context.stack.environment, name=context.stack.name)}` "
        "shows the difference"
    )


def _isolation(context: DrillContext, drill: str) -> Sequence[DrillChange]:
    """Return the isolation of the zone's subnets."""
    vpc = context.outputs["vpc_id"]
    subnets = [context.outputs[key][context.zone] for key in ("private_subnet_ids", "public_subnet_ids")]
    current = associations(network_acls(context.target.client("ec2"), vpc), subnets)
    acls = {subnet: association["NetworkAclId"] for subnet, association in current.items()}
    return [SubnetIsolation(drill, context.stack.name, vpc, acls)]


def _reboot(context: DrillContext, _drill: str) -> Sequence[DrillChange]:
    return [NodeReboot(context.cluster, context.node)]


def _lab_fault(
    kind: str, names: Callable[[DrillContext], list[str]], mode: str
) -> Callable[[DrillContext, str], Any]:
    def changes(context: DrillContext, _drill: str) -> Sequence[DrillChange]:
        targets = names(context)
        for active in lab_of(context.target).faults():
            if any(active.is_about(kind, name) for name in targets):
                raise VpcacheError(
                    f"the lab already has the fault '{active.label}', which a drill would replace: clear it "
                    f"with `{command('lab.clear', kind=kind, target=active.target)}`"
                )
        return [LabFault(kind, name, mode) for name in targets]

    return changes


def _node(context: DrillContext) -> list[str]:
    return [f"{context.target.region}/{context.cluster}/{context.node}"]


def _nodes(context: DrillContext) -> list[str]:
    cluster = (
        f"{context.target.region}/{context.cluster}"  # another region may have a cluster of the same name
    )
    return [f"{cluster}/{node['id']}" for node in context.outputs["cache_nodes"]]


def _origin(context: DrillContext) -> list[str]:
    return [context.origin_host]


FAULTS: Mapping[str, DrillFault] = {
    fault.name: fault
    for fault in (
        DrillFault(
            "zone",
            "the whole zone, like a power failure",
            _lab_fault("zone", lambda context: [context.zone], "out"),
        ),
        DrillFault(
            "zone-network", "all traffic of the zone's subnets, by network ACL", _isolation, on_aws=True
        ),
        DrillFault("nat-gateway", "the zone's route to its NAT gateway", _route, on_aws=True),
        DrillFault("node-reboot", "the keys of the zone's cache node, by a reboot", _reboot, on_aws=True),
        DrillFault(
            "node-dead", "the zone's cache node: refuses connections", _lab_fault("cache_node", _node, "dead")
        ),
        DrillFault(
            "node-hung", "the zone's cache node: does not respond", _lab_fault("cache_node", _node, "hung")
        ),
        DrillFault("all-nodes", "all cache nodes", _lab_fault("cache_node", _nodes, "dead"), has_zone=False),
        DrillFault(
            "origin-down",
            "the origin: does not respond",
            _lab_fault("origin", _origin, "down"),
            has_zone=False,
        ),
        DrillFault(
            "origin-erroring",
            "the origin: HTTP 500",
            _lab_fault("origin", _origin, "erroring"),
            has_zone=False,
        ),
    )
}
