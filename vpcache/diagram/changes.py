"""The change of a plan: its diagram with what is new, opened and closed. Pure."""

from __future__ import annotations

from dataclasses import replace

from vpcache.diagram.model import (
    Change,
    Diagram,
    NatGatewayView,
    Permission,
    SecurityGroupView,
    SubnetView,
    VpcView,
)


def marked(before: Diagram, after: Diagram) -> Diagram:
    """Return the diagram after a plan, with its differences from that before.

    Resources are the same if they have the same name in the same subnet. What a plan deletes is not drawn,
    except for traffic between security groups that remain.
    """
    known = {vpc.id: vpc for vpc in before.vpcs}
    none = VpcView("", "", "", has_internet_gateway=False, subnets=(), groups=(), permissions=())
    return replace(after, vpcs=tuple(_vpc(known.get(vpc.id, none), vpc) for vpc in after.vpcs))


def _vpc(before: VpcView, after: VpcView) -> VpcView:
    subnets = {subnet.id: subnet for subnet in before.subnets}
    groups = {group.id: group for group in before.groups}
    return replace(
        after,
        subnets=tuple(_subnet(subnets.get(subnet.id), subnet) for subnet in after.subnets),
        groups=tuple(_group(groups.get(group.id), group) for group in after.groups),
        permissions=(
            *(
                replace(each, change=Change.NONE if each in before.permissions else Change.OPENED)
                for each in after.permissions
            ),
            *(
                replace(each, change=Change.CLOSED)
                for each in before.permissions
                if each not in after.permissions and _ends(each) <= {group.id for group in after.groups}
            ),
        ),
    )


def _ends(permission: Permission) -> set[str]:
    return {permission.source, permission.target}


def _subnet(before: SubnetView | None, after: SubnetView) -> SubnetView:
    resources = {(each.kind, each.name) for each in before.resources} if before else set()
    gateways = {each.id for each in before.nat_gateways} if before else set()
    return replace(
        after,
        is_new=before is None,
        resources=tuple(
            replace(each, is_new=(each.kind, each.name) not in resources) for each in after.resources
        ),
        nat_gateways=tuple(_nat_gateway(each, gateways) for each in after.nat_gateways),
    )


def _nat_gateway(gateway: NatGatewayView, known: set[str]) -> NatGatewayView:
    return replace(gateway, is_new=gateway.id not in known)


def _group(before: SecurityGroupView | None, after: SecurityGroupView) -> SecurityGroupView:
    former = before.open_to if before else ()
    return replace(
        after,
        open_to=tuple(text for text in after.open_to if text in former),
        opened=tuple(text for text in after.open_to if text not in former),
        closed=tuple(text for text in former if text not in after.open_to),
    )
