"""Changes outside Terraform in a refresh-only plan."""

from __future__ import annotations

from typing import Any

import pytest

from vpcache.terraform.drift import Drift, drift


def plan(before: dict[str, Any], after: dict[str, Any] | None) -> dict[str, Any]:
    return {"resource_drift": [{"address": "aws_x.this", "change": {"before": before, "after": after}}]}


def test_changed_attributes_are_named():
    document = plan({"memory": 128, "name": "a"}, {"memory": 256, "name": "a"})
    assert drift(document) == [Drift("aws_x.this", "update", ("memory",))]
    assert str(drift(document)[0]) == "aws_x.this (memory)"


def test_deleted_resource_is_named():
    assert str(drift(plan({"name": "a"}, None))[0]) == "aws_x.this (deleted)"


@pytest.mark.parametrize("recorded", [None, "", [], {}])
def test_value_that_the_state_lacks_is_no_drift(recorded):
    assert drift(plan({"tags": recorded}, {"tags": {"Stack": "two"}})) == []


@pytest.mark.parametrize("recorded", [0, False])
def test_number_and_boolean_are_compared(recorded):
    assert drift(plan({"retention": recorded}, {"retention": 7})) != []


def test_emptied_value_is_drift():
    assert drift(plan({"tags": {"Stack": "two"}}, {"tags": {}})) != []


def test_plan_without_drift_has_none():
    assert drift({}) == []
