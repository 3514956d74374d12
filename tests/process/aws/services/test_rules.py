"""Scheduled rules of EventBridge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served.functions import ARN, create, eventually
from tests.support.served.region import Region, api_error, unique
from vpcache.lab.aws.messaging import rules


@pytest.fixture
def events(region: Region, functions: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of EventBridge whose minutes take 60 ms, and a function."""
    monkeypatch.setattr(rules, "_SECOND", 0.001)
    create(functions)
    return region.client("events")


def schedule(events: Any, functions: Any, *, is_permitted: bool = True, **target: Any) -> str:
    """Create a rule of one minute with the function as its target, and return its name."""
    name = unique("rule")
    arn = events.put_rule(Name=name, ScheduleExpression="rate(1 minute)")["RuleArn"]
    if is_permitted:
        functions.add_permission(
            FunctionName="one",
            StatementId=name,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=arn,
        )
    events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": ARN, **target}])
    return name


def payloads(region: Region) -> list[Any]:
    return [json.loads(event.payload) for _, event in region.runner.invoked]


def test_schedule_invokes_its_function_again_and_again(region: Region, events: Any, functions: Any) -> None:
    name = schedule(events, functions)
    eventually(lambda: len(region.runner.invoked) >= 3)
    first = payloads(region)[0]
    assert (first["source"], first["detail-type"]) == ("aws.events", "Scheduled Event")
    assert first["resources"] == [f"arn:aws:events:us-east-1:123456789012:rule/{name}"]
    assert len({each["time"] for each in payloads(region)[:3]}) == 3


def test_input_replaces_the_event(region: Region, events: Any, functions: Any) -> None:
    schedule(events, functions, Input=json.dumps({"key": "employees"}))
    eventually(lambda: payloads(region)[:1] == [{"key": "employees"}])


def test_disabled_or_deleted_rule_invokes_nothing(region: Region, events: Any, functions: Any) -> None:
    disabled, deleted = (schedule(events, functions, Input=f'"{name}"') for name in ("disabled", "deleted"))
    events.disable_rule(Name=disabled)
    events.remove_targets(Rule=deleted, Ids=["one"])
    events.delete_rule(Name=deleted)
    schedule(events, functions, Input='"other"')
    eventually(lambda: "other" in payloads(region))  # behind what the queue of events had before
    count = len(region.runner.invoked)
    eventually(lambda: len(region.runner.invoked) >= count + 3)
    assert set(payloads(region)[count:]) == {"other"}

    events.enable_rule(Name=disabled)
    eventually(lambda: "disabled" in payloads(region)[count:])


def test_schedule_needs_the_permission_of_the_function(region: Region, events: Any, functions: Any) -> None:
    schedule(events, functions, is_permitted=False, Input="2")
    schedule(events, functions, Input="1")
    eventually(lambda: payloads(region).count(1) >= 3)
    assert 2 not in payloads(region)


def test_invalid_schedule_is_refused(events: Any) -> None:
    error = api_error(events.put_rule, Name="rule", ScheduleExpression="rate(1 minutes)")
    assert error[1:] == ("ValidationException", "Parameter ScheduleExpression is not valid.")


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ({"Arn": "arn:aws:sqs:us-east-1:123456789012:queue"}, "other than functions"),
        ({"Arn": ARN, "InputPath": "$.time"}, "Targets.InputPath"),
        (
            {"Arn": ARN, "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q"}},
            "DeadLetterConfig",
        ),
    ],
)
def test_target_that_is_not_emulated_is_named(events: Any, target: dict[str, Any], named: str) -> None:
    events.put_rule(Name="rule", ScheduleExpression="rate(1 hour)")
    error = api_error(events.put_targets, Rule="rule", Targets=[{"Id": "one", **target}])
    assert error.code == "NotImplemented" and named in error.message
