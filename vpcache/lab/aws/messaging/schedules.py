"""The schedule expressions of EventBridge rules. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from calendar import month_abbr
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = {name.upper(): number for number, name in enumerate(month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_LAST_YEAR = 2199


class ScheduleError(Exception):
    """An expression that EventBridge refuses."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A schedule with a fixed interval."""

    interval: timedelta

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the next time, one interval after the last one."""
        return moment + self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule of minutes in UTC. `days` and `weekdays` (1 is Sunday) are None for the question mark."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first matching minute after `moment`, None if there is none."""
        start = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        midnight = start.replace(hour=0, minute=0)
        while midnight.year <= max(self.years):
            if self._has_day(midnight):
                times = (
                    midnight.replace(hour=hour, minute=minute)
                    for hour in sorted(self.hours)
                    for minute in sorted(self.minutes)
                )
                if found := next((time for time in times if time >= start), None):
                    return found
            midnight += timedelta(days=1)
        return None

    def _has_day(self, day: datetime) -> bool:
        return (
            day.year in self.years
            and day.month in self.months
            and (self.days is None or day.day in self.days)
            and (self.weekdays is None or day.isoweekday() % 7 + 1 in self.weekdays)
        )


def parse_schedule(expression: str) -> Rate | Cron:
    """Return the schedule of an expression.

    Raises ScheduleError, and NotImplementedError for the wildcards L, W and #.
    """
    if match := _RATE.fullmatch(expression):
        number = int(match[1])
        if number < 1 or (number == 1) == bool(match[3]):
            raise ScheduleError(expression)
        return Rate(timedelta(**{f"{match[2]}s": number}))
    match = _CRON.fullmatch(expression)
    if match is None or (match[3] == "?") == (match[5] == "?"):
        raise ScheduleError(expression)
    minutes, hours, days, months, weekdays, years = match.groups()
    return Cron(
        _field(minutes, 0, 59),
        _field(hours, 0, 23),
        None if days == "?" else _field(days, 1, 31),
        _field(months, 1, 12, _MONTHS),
        None if weekdays == "?" else _field(weekdays, 1, 7, _DAYS),
        _field(years, 1970, _LAST_YEAR),
    )


def _field(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """Return the values of a field: `*`, numbers or names, ranges, steps, and lists of these."""
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        start = low if span == "*" else _number(first, names or {})
        end = _number(last, names or {}) if dash else high if span == "*" or step else start
        width = _number(step, {}) if step else 1
        if not low <= start <= end <= high or width < 1:
            raise ScheduleError(text)
        values.update(range(start, end + 1, width))
    return frozenset(values)


def _number(text: str, names: Mapping[str, int]) -> int:
    if text.upper() in names:
        return names[text.upper()]
    if re.search(r"[LW#]", text):
        raise NotImplementedError(f"Schedules with {text} are not emulated.")
    if not text.isascii() or not text.isdecimal():
        raise ScheduleError(text)
    return int(text)
