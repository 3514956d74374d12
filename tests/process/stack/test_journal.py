"""The journal of stacks: reading and writing entries, and detecting dead test runs."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.served.region import Region
from vpcache.stack import journal
from vpcache.stack.state import StateLocation, s3_client, state_location
from vpcache.stack.target import Target, TargetName

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# the format of an earlier release
OLD = {
    "stack": "old",
    "environment": "dev",
    "phase": "applying",
    "since": "2026-03-04T05:06:07+00:00",
    "who": "ada@host",
    "temporary": True,
}


@pytest.fixture
def target(region: Region) -> Target:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return Target(TargetName.AWS, "us-east-1", {"AWS_ENDPOINT_URL": region.url, **keys})


@pytest.fixture
def location(target) -> StateLocation:
    location = replace(
        state_location(target, target.account(), "one"), bucket=f"journals-{secrets.token_hex(4)}"
    )
    s3_client(target).create_bucket(Bucket=location.bucket)
    return location


def put(target, location, stack, body):
    s3_client(target).put_object(Bucket=location.bucket, Key=f"{stack}/journal.json", Body=body)


def entry(phase: str, age: timedelta, *, temporary: bool = True) -> journal.JournalEntry:
    when = (NOW - age).isoformat()
    return replace(journal.new_entry("x", "dev", phase, temporary=temporary), since=when, updated=when)


def test_entry_round_trip(target, location):
    written = journal.new_entry(
        "one", "dev", journal.APPLYING, temporary=True, protected=True, existing=(("VPC", "vpc-1", ""),)
    )
    journal.write(target, location, written)
    assert journal.read(target, location) == written


def test_entry_of_an_earlier_release_loads(target, location):
    put(target, location, "old", json.dumps(OLD))
    (old,) = journal.entries(target, location)
    assert (old.existing, old.protected, old.run.existing) == (None, False, None)
    assert old.age(NOW) == NOW - datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_entry_of_a_later_release_loads(target, location):
    put(target, location, "new", json.dumps(OLD | {"colour": "blue"}))
    (new,) = journal.entries(target, location)
    assert new.stack == "old"


@pytest.mark.parametrize(
    "body",
    ["", "no JSON", "[]", "{}", json.dumps(OLD | {"since": "soon"}), json.dumps(OLD | {"existing": 1})],
)
def test_unreadable_entry_is_skipped_with_a_note(target, location, body):
    put(target, location, "bad", body)
    put(target, location, "good", json.dumps(OLD))
    notes: list[str] = []
    assert [item.stack for item in journal.entries(target, location, notes.append)] == ["old"]
    (note,) = notes
    assert note.startswith(f"skipped s3://{location.bucket}/bad/journal.json: ")


def test_entry_with_denied_access_is_skipped_with_a_note(target, location):
    """The lab evaluates no bucket policies: an event handler denies access to one key."""
    from botocore.exceptions import ClientError

    put(target, location, "good", json.dumps(OLD))
    put(target, location, "mine", json.dumps(OLD))

    def deny(params, **_):
        if params["Key"].startswith("mine/"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    s3_client(target).meta.events.register("before-parameter-build.s3.GetObject", deny)
    notes: list[str] = []
    assert len(list(journal.entries(target, location, notes.append))) == 1
    assert "AccessDenied" in notes[0]


@pytest.mark.parametrize(
    ("phase", "age", "is_locked", "is_dead"),
    [
        (journal.APPLIED, HOUR, False, False),
        (journal.APPLIED, 7 * HOUR, False, True),
        (journal.FAILED, HOUR, False, False),
        (journal.FAILED, 7 * HOUR, False, True),
        (journal.APPLYING, HOUR / 60, False, False),
        (journal.APPLYING, HOUR, False, True),
        (journal.APPLYING, HOUR, True, False),
        (journal.DESTROYING, HOUR, True, False),
        (journal.APPLYING, 7 * HOUR, True, True),
    ],
)
def test_test_run_is_abandoned_by_age_or_missing_lock(phase, age, is_locked, is_dead):
    assert entry(phase, age).is_abandoned(NOW, is_locked=is_locked) is is_dead


@pytest.mark.parametrize("phase", [journal.APPLYING, journal.APPLIED, journal.FAILED, journal.DESTROYING])
def test_permanent_stacks_are_never_abandoned(phase):
    assert not entry(phase, 999 * HOUR, temporary=False).is_abandoned(NOW, is_locked=False)


def test_failed_phase_is_not_interrupted():
    assert not entry(journal.FAILED, HOUR).is_interrupted
    assert entry(journal.DESTROYING, HOUR).is_interrupted
