"""What a plan destroys or replaces."""

from __future__ import annotations

import pytest

from vpcache.terraform.plans import Change, planned_change, replaced, stateful_losses, what_to_confirm


def planned(type: str, action: str) -> dict[str, object]:
    resource = {"addr": f"module.x.{type}.this", "resource_type": type}
    return {"type": "planned_change", "change": {"resource": resource, "action": action}}


def test_planned_change_is_read_from_its_event():
    assert planned_change(planned("aws_vpc", "update")) == Change(
        "module.x.aws_vpc.this", "aws_vpc", "update"
    )
    assert planned_change({"type": "resource_drift", "change": {}}) is None


@pytest.mark.parametrize("type", ["aws_vpc", "aws_subnet"])
def test_replaced_network_is_named(type):
    change = Change("a", type, "replace")
    assert replaced([change, Change("b", type, "delete"), Change("c", "aws_iam_role", "replace")]) == [change]


@pytest.mark.parametrize("action", ["delete", "replace"])
@pytest.mark.parametrize(
    "type", ["aws_eip", "aws_elasticache_cluster", "aws_nat_gateway", "aws_subnet", "aws_vpc"]
)
def test_stateful_resources_are_lost_by_destruction(type, action):
    change = Change("a", type, action)
    others = [Change("b", type, "update"), Change("c", type, "create"), Change("d", "aws_route", action)]
    assert stateful_losses([change, *others]) == [change]


SUBNET = Change("aws_subnet.a", "aws_subnet", "replace")
GATEWAY = Change("aws_nat_gateway.a", "aws_nat_gateway", "delete")


@pytest.mark.parametrize(
    ("changes", "outside", "is_protected", "is_destroy", "said"),
    [
        ([], [], True, True, ""),
        ([Change("aws_iam_role.a", "aws_iam_role", "delete")], [], True, True, "destroy dev, which is prot"),
        ([], ["cache cluster dev"], True, True, "destroy dev, which is protected"),
        ([GATEWAY], [], False, True, ""),
        ([SUBNET], [], False, True, ""),
        ([SUBNET], [], False, False, "replace aws_subnet.a: AWS cannot replace aws_subnet.a while"),
        ([SUBNET], [], True, False, "replace aws_subnet.a: AWS cannot replace aws_subnet.a while"),
        ([GATEWAY], [], False, False, ""),
        ([GATEWAY], [], True, False, "delete aws_nat_gateway.a: dev is protected"),
        ([], ["cache cluster dev"], False, False, ""),
        ([], ["cache cluster dev"], True, False, "delete cache cluster dev: dev is protected"),
        ([Change("aws_nat_gateway.a", "aws_nat_gateway", "update")], [], True, False, ""),
    ],
)
def test_what_needs_the_stacks_name(changes, outside, is_protected, is_destroy, said):
    what = what_to_confirm("dev", changes, outside, is_protected=is_protected, is_destroy=is_destroy)
    assert what.startswith(said)
    assert bool(what) is bool(said)
