"""What a test run prints while its stack is applied."""

from typing import Any

from vpcache.terraform.runner import Event
from vpcache.testing.apply_progress import ApplyProgress

PLANNED = {"type": "planned_change", "change": {"action": "create"}}
RESOURCE = {"addr": "aws_vpc.this", "resource_type": "aws_vpc"}
COMPLETE = {"type": "apply_complete", "hook": {"resource": RESOURCE, "action": "create"}}


def test_apply_is_announced_and_reported_every_ten_seconds():
    lines: list[str] = []
    recorded: list[Event] = []
    now = 0.0
    progress = ApplyProgress(lines.append, "vpcache-ci-1 on lab", recorded.append, lambda: now)
    assert lines == ["\nvpcache: applying vpcache-ci-1 on lab"]
    events: list[tuple[Any, float]] = [
        *[(PLANNED, 1)] * 3,
        (COMPLETE, 9),
        (COMPLETE, 11),
        (COMPLETE, 19),
        ({}, 21),
    ]
    for event, time in events:
        now = time
        progress(event)
    progress.end()
    assert recorded == [event for event, _ in events]
    assert lines[1:] == [
        "vpcache: 2 of 3 resources after 11 s",
        "vpcache: 3 of 3 resources after 21 s",
        "vpcache: applied vpcache-ci-1 on lab in 21 s",
    ]


def test_apply_without_a_plan_yet_is_planning():
    lines: list[str] = []
    now = 0.0
    progress = ApplyProgress(lines.append, "vpcache-ci-1 on lab", lambda _: None, lambda: now)
    now = 12.0
    progress({"type": "version"})
    assert lines[1:] == ["vpcache: planning after 12 s"]
