"""What a plan destroys or replaces."""

from __future__ import annotations

import pytest

from vpcache.plans import Change, planned_change, replaced, stateful_losses


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
