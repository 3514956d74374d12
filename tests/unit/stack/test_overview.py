"""The condition and the age of a stack, from its journal entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vpcache.stack import journal
from vpcache.stack.overview.summary import Condition, age_text, summary


def entry(phase: str, **fields: Any) -> journal.JournalEntry:
    return replace(journal.new_entry("two", "dev", phase, temporary=False), **fields)


@pytest.mark.parametrize(
    ("phase", "is_running", "condition"),
    [
        (journal.APPLIED, False, Condition.APPLIED),
        (journal.APPLIED, True, Condition.APPLIED),  # a plan holds the lock
        (journal.FAILED, False, Condition.FAILED),
        (journal.APPLYING, True, Condition.APPLYING),
        (journal.APPLYING, False, Condition.INTERRUPTED),
        (journal.DESTROYING, True, Condition.DESTROYING),
        (journal.DESTROYING, False, Condition.INTERRUPTED),
    ],
)
def test_condition_follows_from_phase_and_lock(phase, is_running, condition):
    found = summary("two", "eu-west-1", entry(phase), has_resources=False, is_running=is_running)
    assert found.condition == condition


@pytest.mark.parametrize(
    ("has_resources", "condition"), [(False, Condition.EMPTY), (True, Condition.APPLIED)]
)
def test_stack_without_entry_is_empty_without_resources(has_resources, condition):
    found = summary("two", "eu-west-1", None, has_resources=has_resources, is_running=False)
    assert (found.condition, found.environment, found.applied) == (condition, "", "")


def test_age_counts_from_the_last_successful_apply():
    applied = journal.changed(entry(journal.APPLYING), journal.APPLIED)
    failed = journal.changed(replace(applied, updated="2020-01-01T00:00:00+00:00"), journal.FAILED)
    found = summary("two", "eu-west-1", failed, has_resources=True, is_running=False)
    age = found.age(datetime.fromisoformat(applied.applied) + timedelta(hours=3))
    assert age == timedelta(hours=3)


def test_entry_of_an_earlier_release_has_the_time_of_its_apply():
    old = entry(journal.APPLIED, updated="2020-01-01T00:00:00+00:00")
    assert old.last_applied == "2020-01-01T00:00:00+00:00"
    assert replace(old, phase=journal.FAILED).last_applied == ""


def test_stack_that_was_never_applied_has_no_age():
    found = summary("two", "eu-west-1", entry(journal.APPLYING), has_resources=False, is_running=True)
    assert found.age(datetime.now(UTC)) is None


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_age_has_one_unit(age, text):
    assert age_text(age) == text
