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

    With `on_aws` AWS's API can make them; with `has_zone` they affect one zone. `gateway_zone` returns the
    zone whose NAT gateway fails.
    """

    name: str
    description: str
    changes: Callable[[DrillContext, str], Sequence[DrillChange]]
    on_aws: bool = False
    has_zone: bool = True
    gateway_zone: Callable[[DrillContext], str] | None = None


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


def shared_gateway(fault: DrillFault, context: DrillContext) -> str | None:
    """Return which zones lose their egress by the fault, None unless several share a NAT gateway."""
    if fault.gateway_zone is None:
        return None
    zone = fault.gateway_zone(context)
    served = context.zones_served_by(zone)
    if len(served) < 2:
        return None
    return f"the NAT gateway of {zone} serves {', '.join(served)}: all of them lose their egress"


def _routes(context: DrillContext, _drill: str) -> Sequence[DrillChange]:
    """Return the removal of each default route to the NAT gateway that serves the zone's private subnet."""
    subnet = context.outputs["private_subnet_ids"][context.zone]
    in_vpc = [{"Name": "vpc-id", "Values": [context.outputs["vpc_id"]]}]
    tables = context.target.client("ec2").describe_route_tables(Filters=in_vpc)["RouteTables"]
    gateways = {table["RouteTableId"]: _default_gateway(table) for table in tables}
    for table in tables:
        gateway = gateways[table["RouteTableId"]]
        if gateway and any(each.get("SubnetId") == subnet for each in table["Associations"]):
            return [
                RouteRemoval(table_id, _DEFAULT_ROUTE, gateway)
                for table_id, other in sorted(gateways.items())
                if other == gateway
            ]
    raise VpcacheError(
        f"zone {context.zone} has no route {_DEFAULT_ROUTE} to a NAT gateway: "
        f"`{command_for('plan', context.target, env=context.stack.environment, name=context.stack.name)}` "
        "shows the difference"
    )


def _default_gateway(table: Mapping[str, Any]) -> str | None:
    """Return the NAT gateway of a route table's default route."""
    routes = (each for each in table["Routes"] if each.get("DestinationCidrBlock") == _DEFAULT_ROUTE)
    return next((str(each["NatGatewayId"]) for each in routes if "NatGatewayId" in each), None)


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
            gateway_zone=lambda context: context.zone,
        ),
        DrillFault(
            "zone-network",
            "all traffic of the zone's subnets, by network ACL",
            _isolation,
            on_aws=True,
            gateway_zone=lambda context: context.zone,
        ),
        DrillFault(
            "nat-gateway",
            "the routes to the zone's NAT gateway",
            _routes,
            on_aws=True,
            gateway_zone=lambda context: context.gateway_zone,
        ),
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
