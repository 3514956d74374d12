"""Rules of EventBridge: schedules that invoke functions.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from functools import partial
from typing import Any

from moto.events import urls
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule

from vpcache.lab.aws.awslambda.service_invocations import invoke_for
from vpcache.lab.aws.messaging.schedules import Cron, Rate, ScheduleError, parse_schedule
from vpcache.lab.aws.scheduler import Scheduler

_PRINCIPAL = "events.amazonaws.com"
_HONOURED = frozenset({"Arn", "Id", "Input"})
"""The members of a target of a scheduled rule. Others change what a function gets, or where failures go."""
_SECOND = 1.0


class RulesBackend(EventsBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """EventBridge of one region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._scheduler = Scheduler("EventBridge schedules")

    @property
    def _url_module(self) -> Any:
        return urls

    def put_rule(self, name: str, **options: Any) -> Rule:
        """Create or replace a rule; its schedule starts again. Raises ValidationException."""
        expression = options.get("scheduled_expression")
        schedule = _schedule(expression) if expression else None
        rule = super().put_rule(name, **options)
        if schedule:
            self._arm(rule, schedule, datetime.now(UTC))
        return rule

    def enable_rule(self, name: str, event_bus_arn: str | None) -> bool:
        """Enable a rule; its schedule starts again."""
        rule = self.describe_rule(name, event_bus_arn)
        was_enabled = rule.state == "ENABLED"
        result = bool(super().enable_rule(name, event_bus_arn))
        if rule.scheduled_expression and not was_enabled:
            self._arm(rule, _schedule(rule.scheduled_expression), datetime.now(UTC))
        return result

    def put_targets(self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        """Add or replace targets of a rule. Those of scheduled rules are functions."""
        if self.describe_rule(name, event_bus_arn).scheduled_expression:
            for target in targets:
                _check_target(target)
        super().put_targets(name, event_bus_arn, targets)

    def _arm(self, rule: Rule, schedule: Rate | Cron, last: datetime) -> None:
        now = datetime.now(UTC)
        due = schedule.next_after(last)
        if due is not None and due < now:  # after a snapshot: AWS makes up for no time that has passed
            due = schedule.next_after(now)
        if due is not None:
            seconds = (due - now).total_seconds() * _SECOND
            self._scheduler.after(seconds, partial(self._fire, rule, schedule, due))

    def _fire(self, rule: Rule, schedule: Rate | Cron, due: datetime) -> None:
        """Invoke the targets of a rule that is unchanged and enabled, and wait for the next time."""
        current = self._get_event_bus("default").rules.get(rule.name)
        if current is rule and rule.state == "ENABLED":
            for target in list(rule.targets):
                payload = target.get("Input") or json.dumps(_scheduled_event(rule, due))
                invoke_for(target["Arn"], _PRINCIPAL, rule.arn, rule.account_id, payload.encode())
            self._arm(rule, schedule, due)


def _schedule(expression: str) -> Rate | Cron:
    try:
        return parse_schedule(expression)
    except ScheduleError as error:
        raise ValidationException("Parameter ScheduleExpression is not valid.") from error


def _check_target(target: dict[str, Any]) -> None:
    if target.get("Arn", "").split(":")[2:3] != ["lambda"]:
        raise NotImplementedError("Targets of scheduled rules other than functions are not emulated.")
    for name in target:
        if name not in _HONOURED:
            raise NotImplementedError(f"The parameter Targets.{name} of a scheduled rule is not emulated.")


def _scheduled_event(rule: Rule, due: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
