"""Destroyed and replaced resources in a plan."""

from __future__ import annotations

import pytest

from vpcache.terraform.plans import (
    PlannedChange,
    losses,
    losses_line,
    planned_change,
    replaced,
    stateful_losses,
    what_to_confirm,
)


def planned(type: str, action: str) -> dict[str, object]:
    resource = {"addr": f"module.x.{type}.this", "resource_type": type}
    return {"type": "planned_change", "change": {"resource": resource, "action": action}}


def test_planned_change_is_parsed_from_an_event():
    assert planned_change(planned("aws_vpc", "update")) == PlannedChange(
        "module.x.aws_vpc.this", "aws_vpc", "update"
    )
    assert planned_change({"type": "resource_drift", "change": {}}) is None


@pytest.mark.parametrize("type", ["aws_vpc", "aws_subnet"])
def test_replaced_networks_are_found(type):
    change = PlannedChange("a", type, "replace")
    assert replaced(
        [change, PlannedChange("b", type, "delete"), PlannedChange("c", "aws_iam_role", "replace")]
    ) == [change]


@pytest.mark.parametrize("action", ["delete", "replace"])
@pytest.mark.parametrize(
    "type", ["aws_eip", "aws_elasticache_cluster", "aws_nat_gateway", "aws_subnet", "aws_vpc"]
)
def test_destroyed_stateful_resources_are_losses(type, action):
    change = PlannedChange("a", type, action)
    others = [
        PlannedChange("b", type, "update"),
        PlannedChange("c", type, "create"),
        PlannedChange("d", "aws_route", action),
    ]
    assert stateful_losses([change, *others]) == [change]


SUBNET = PlannedChange("aws_subnet.a", "aws_subnet", "replace")
GATEWAY = PlannedChange("aws_nat_gateway.a", "aws_nat_gateway", "delete")


@pytest.mark.parametrize(
    ("changes", "outside", "is_protected", "is_destroy", "message"),
    [
        ([], [], True, True, ""),
        (
            [PlannedChange("aws_iam_role.a", "aws_iam_role", "delete")],
            [],
            True,
            True,
            "destroy dev, which is prot",
        ),
        ([], ["cache cluster dev"], True, True, "destroy dev, which is protected"),
        ([GATEWAY], [], False, True, ""),
        ([SUBNET], [], False, True, ""),
        ([SUBNET], [], False, False, "replace aws_subnet.a: AWS cannot replace aws_subnet.a while"),
        ([SUBNET], [], True, False, "replace aws_subnet.a: AWS cannot replace aws_subnet.a while"),
        ([GATEWAY], [], False, False, ""),
        ([GATEWAY], [], True, False, "delete aws_nat_gateway.a: dev is protected"),
        ([], ["cache cluster dev"], False, False, ""),
        ([], ["cache cluster dev"], True, False, "delete cache cluster dev: dev is protected"),
        ([PlannedChange("aws_nat_gateway.a", "aws_nat_gateway", "update")], [], True, False, ""),
    ],
)
def test_changes_that_require_the_stack_name(changes, outside, is_protected, is_destroy, message):
    text = what_to_confirm("dev", changes, outside, is_protected=is_protected, is_destroy=is_destroy)
    assert text.startswith(message)
    assert bool(text) is bool(message)


def test_losses_are_one_line_with_counts_and_addresses():
    changes = [PlannedChange(name, "aws_route", "delete") for name in "jihgfedcba"]
    changes += [PlannedChange("r", "aws_eip", "replace"), PlannedChange("u", "aws_eip", "update")]
    assert losses_line(changes) == "replaces 1: r; destroys 10: a, b, c, d, e, f, g, h and 2 more"
    assert losses(changes) == {"replaces": ["r"], "destroys": list("abcdefghij")}
    assert losses_line([PlannedChange("u", "aws_eip", "update")]) == ""
