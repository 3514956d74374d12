from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vpcache.lab.aws.messaging.schedules import ScheduleError, parse_schedule

NOW = datetime(2026, 3, 6, 10, 15, 30, tzinfo=UTC)  # a Friday


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", NOW + timedelta(minutes=1)),
        ("rate(5 minutes)", NOW + timedelta(minutes=5)),
        ("rate(1 hour)", NOW + timedelta(hours=1)),
        ("rate(7 days)", NOW + timedelta(days=7)),
        ("cron(0 10 * * ? *)", at(2026, 3, 7, 10, 0)),
        ("cron(15 12 * * ? *)", at(2026, 3, 6, 12, 15)),
        ("cron(0 18 ? * MON-FRI *)", at(2026, 3, 6, 18, 0)),
        ("cron(0 8 1 * ? *)", at(2026, 4, 1, 8, 0)),
        ("cron(0/15 * * * ? *)", at(2026, 3, 6, 10, 30)),
        ("cron(0/10 * ? * MON-FRI *)", at(2026, 3, 6, 10, 20)),
        ("cron(0/5 8-17 ? * MON-FRI *)", at(2026, 3, 6, 10, 20)),
        ("cron(0/30 20-2 ? * MON-FRI *)", None),
        ("cron(30 9 ? * 1 *)", at(2026, 3, 8, 9, 30)),
        ("cron(0 0 29 2 ? *)", at(2028, 2, 29)),
        ("cron(0 0 1 1 ? 2027)", at(2027, 1, 1)),
        ("cron(0 0 1 JAN,JUL ? *)", at(2026, 7, 1)),
    ],
)
def test_schedule_has_its_next_time(expression: str, due: datetime | None) -> None:
    if due is None:
        with pytest.raises(ScheduleError):
            parse_schedule(expression)
    else:
        assert parse_schedule(expression).next_after(NOW) == due


def test_schedule_of_past_years_has_no_next_time() -> None:
    assert parse_schedule("cron(0 0 1 1 ? 2020)").next_after(NOW) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(5 seconds)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 10 * * ?)",
        "cron(x 10 * * ? *)",
        "every day",
    ],
)
def test_invalid_expression_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(expression)


@pytest.mark.parametrize("expression", ["cron(0 0 L * ? *)", "cron(0 0 3W * ? *)", "cron(0 0 ? * 6#1 *)"])
def test_wildcard_that_is_not_emulated_is_named(expression: str) -> None:
    with pytest.raises(NotImplementedError, match=r"[LW#]"):
        parse_schedule(expression)
