"""The changes that a drill makes to a stack, each with its restore, by AWS's API or the lab's.

A change is data, so that a record of it outlives the drill. A restore is idempotent, and skips resources that
another user has changed since.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

from vpcache.lab.client import Lab
from vpcache.stack.resource_types import STACK_TAG, pages
from vpcache.stack.target import Target

_DRILL_TAG = "Drill"
_VISIBLE_SECONDS = 15.0  # until EC2 describes a change; it is eventually consistent


class DrillChange(Protocol):
    """A change that a drill makes."""

    kind: ClassVar[str]

    @property
    def label(self) -> str:
        """The resource to restore, for messages; empty if there is nothing to restore."""

    def inject(self, target: Target) -> None:
        """Make the change."""

    def restore(self, target: Target) -> str | None:
        """Undo the change, whether or not it was made; return what was skipped and why, or None."""


@dataclass(frozen=True)
class RouteRemoval:
    """The removal of a route to a NAT gateway."""

    route_table: str
    destination: str
    nat_gateway: str

    kind: ClassVar[str] = "route"

    @property
    def label(self) -> str:
        """The route."""
        return f"route {self.destination} of {self.route_table} to {self.nat_gateway}"

    def inject(self, target: Target) -> None:
        """Delete the route."""
        target.client("ec2").delete_route(
            RouteTableId=self.route_table, DestinationCidrBlock=self.destination
        )

    def restore(self, target: Target) -> str | None:
        """Create the route, unless its table or gateway is deleted or another route has replaced it."""
        ec2 = target.client("ec2")
        try:
            (gateway,) = ec2.describe_nat_gateways(NatGatewayIds=[self.nat_gateway])["NatGateways"]
            if gateway["State"] in ("deleting", "deleted", "failed"):
                return f"{self.nat_gateway} is {gateway['State']}"
            # without checking for the route first: descriptions of EC2 lag behind changes
            ec2.create_route(
                RouteTableId=self.route_table,
                DestinationCidrBlock=self.destination,
                NatGatewayId=self.nat_gateway,
            )
        except ec2.exceptions.ClientError as error:
            match _code(error):
                case "RouteAlreadyExists":
                    return self._another_route(ec2)
                case "InvalidRouteTableID.NotFound":
                    return f"{self.route_table} no longer exists"
                case "NatGatewayNotFound" | "InvalidNatGatewayID.NotFound":
                    return f"{self.nat_gateway} no longer exists"
            raise
        return None

    def _another_route(self, ec2: Any) -> str | None:
        (table,) = ec2.describe_route_tables(RouteTableIds=[self.route_table])["RouteTables"]
        for route in table["Routes"]:
            is_ours = route.get("NatGatewayId") == self.nat_gateway
            if route.get("DestinationCidrBlock") == self.destination and not is_ours:
                other = next((route[key] for key in route if key.endswith("Id")), "something else")
                return f"{self.destination} of {self.route_table} leads to {other} now"
        return None


@dataclass(frozen=True)
class SubnetIsolation:
    """Subnets with a network ACL without rules, which denies all traffic; `acls` are the previous ones.

    The ACL has the stack's tag, by which leftovers are found, and a tag with the drill's ID.
    """

    drill: str
    stack: str
    vpc: str
    acls: Mapping[str, str]

    kind: ClassVar[str] = "network-acl"

    @property
    def label(self) -> str:
        """The subnets."""
        return f"network ACLs of {', '.join(self.acls)}"

    def inject(self, target: Target) -> None:
        """Create the ACL and associate the subnets with it."""
        ec2 = target.client("ec2")
        tags = [{"Key": STACK_TAG, "Value": self.stack}, {"Key": _DRILL_TAG, "Value": self.drill}]
        created = ec2.create_network_acl(
            VpcId=self.vpc, TagSpecifications=[{"ResourceType": "network-acl", "Tags": tags}]
        )
        for association in associations(network_acls(ec2, self.vpc), self.acls).values():
            ec2.replace_network_acl_association(
                AssociationId=association["NetworkAclAssociationId"],
                NetworkAclId=created["NetworkAcl"]["NetworkAclId"],
            )
        deadline = time.monotonic() + _VISIBLE_SECONDS
        while not self._is_visible(ec2) and time.monotonic() < deadline:
            time.sleep(0.2)  # a restore, however soon, finds the ACL by its tag

    def restore(self, target: Target) -> str | None:
        """Restore the ACLs of the subnets that are still isolated, and delete the drill's."""
        ec2 = target.client("ec2")
        acls = network_acls(ec2, self.vpc)
        known = {acl["NetworkAclId"] for acl in acls}
        default = next((acl["NetworkAclId"] for acl in acls if acl["IsDefault"]), None)
        ours, skipped = self._drill_acls(acls), []
        for subnet, association in associations(acls, self.acls).items():
            before, now = self.acls[subnet], association["NetworkAclId"]
            if now in ours:
                restored = before if before in known else default
                if restored != before:
                    skipped.append(f"{before} no longer exists: {subnet} has the VPC's default ACL")
                ec2.replace_network_acl_association(
                    AssociationId=association["NetworkAclAssociationId"], NetworkAclId=restored
                )
            elif now != before:
                skipped.append(f"{subnet} has {now} now, set by another user")
        for acl in ours:
            try:
                ec2.delete_network_acl(NetworkAclId=acl)
            except ec2.exceptions.ClientError as error:
                if _code(error) != "InvalidNetworkAclID.NotFound":
                    raise
        return "; ".join(skipped) or None

    def _drill_acls(self, acls: Sequence[Mapping[str, Any]]) -> set[str]:
        tag = {"Key": _DRILL_TAG, "Value": self.drill}
        return {acl["NetworkAclId"] for acl in acls if tag in acl["Tags"]}

    def _is_visible(self, ec2: Any) -> bool:
        """Return whether EC2 shows all subnets as isolated."""
        acls = network_acls(ec2, self.vpc)
        ours = self._drill_acls(acls)
        return all(
            association["NetworkAclId"] in ours for association in associations(acls, self.acls).values()
        )


def network_acls(ec2: Any, vpc: str) -> list[dict[str, Any]]:
    """Return EC2's descriptions of a VPC's network ACLs."""
    return list(
        pages(ec2, "describe_network_acls", "NetworkAcls", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    )


def associations(acls: Sequence[Mapping[str, Any]], subnets: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the associations of `acls` with existing `subnets`, by subnet."""
    return {
        association["SubnetId"]: association
        for acl in acls
        for association in acl["Associations"]
        if association["SubnetId"] in subnets
    }


@dataclass(frozen=True)
class NodeReboot:
    """The reboot of a cache node. The node returns empty by itself, so there is nothing to restore."""

    cluster: str
    node: str

    kind: ClassVar[str] = "node-reboot"

    @property
    def label(self) -> str:
        """Empty."""
        return ""

    def inject(self, target: Target) -> None:
        """Reboot the node."""
        target.client("elasticache").reboot_cache_cluster(
            CacheClusterId=self.cluster, CacheNodeIdsToReboot=[self.node]
        )

    def restore(self, target: Target) -> str | None:
        """Do nothing."""


@dataclass(frozen=True)
class LabFault:
    """A fault of the lab, by its names in `vpcache.lab.faults`."""

    fault_kind: str
    name: str
    mode: str

    kind: ClassVar[str] = "lab-fault"

    @property
    def label(self) -> str:
        """The fault."""
        return f"{self.fault_kind} {self.name}"

    def inject(self, target: Target) -> None:
        """Inject the fault."""
        lab_of(target).fault(self.fault_kind, self.name, self.mode)

    def restore(self, target: Target) -> str | None:
        """Clear the fault, unless another one has replaced it."""
        lab = lab_of(target)
        for fault in lab.faults():
            if fault.is_about(self.fault_kind, self.name):
                if fault.mode != self.mode:
                    return f"the fault is '{fault.label}' now"
                lab.clear_faults(self.fault_kind, self.name)
        return None


_CHANGES: Sequence[Any] = (RouteRemoval, SubnetIsolation, NodeReboot, LabFault)


def as_json(change: Any) -> dict[str, Any]:
    """Return a change in the form that `change_from` reads."""
    return {"kind": change.kind, **asdict(change)}


def change_from(values: Mapping[str, Any]) -> DrillChange:
    """Return the change that `as_json` wrote."""
    own = dict(values)
    kind = own.pop("kind")
    change: DrillChange = next(cls for cls in _CHANGES if cls.kind == kind)(**own)
    return change


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])


def lab_of(target: Target) -> Lab:
    """Return the lab at a target's endpoint, whatever the target's name."""
    return Lab(urlsplit(target.environment["AWS_ENDPOINT_URL"]).port or 80)
