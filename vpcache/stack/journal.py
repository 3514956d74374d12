"""The journal of stacks: the last change of each stack, its user, and its result.

An entry is an object beside the stack's state, so it can be found from every machine after a run has died.
"""

from __future__ import annotations

import getpass
import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vpcache.stack.outside import InterruptedRun, Mark
from vpcache.stack.resource_types import pages
from vpcache.stack.state import StateLocation, erase_object, s3_client
from vpcache.stack.target import Target

APPLYING, APPLIED, FAILED, DESTROYING = "applying", "applied", "failed", "destroying"
_FILE = "journal.json"
_MAX_TEST_RUN = timedelta(hours=6)  # the limit of a hosted CI job
_MAX_UNLOCKED = timedelta(minutes=15)  # from the entry of a change to Terraform's lock, which follows it


class UnreadableEntryError(Exception):
    """The content of an entry is invalid."""


@dataclass(frozen=True)
class JournalEntry:
    """The journal entry of a stack.

    `phase` is the last phase that began or ended, and `updated` the time of that. In the phase `failed` the
    state is complete: Terraform exited with an error. `since` is the start of the last run, or of the first
    of several consecutive interrupted runs. `existing` are the marks of the resources that had the stack's
    tag at that time, None in an entry of an earlier release. `applied` is the end of the last successful
    apply, empty if there was none, or if an earlier release wrote the entry. Times are ISO 8601, UTC. A
    `temporary` stack belongs to a test run, which destroys it within hours.
    """

    stack: str
    environment: str
    phase: str
    since: str
    who: str
    temporary: bool
    protected: bool = False
    updated: str = ""
    existing: tuple[Mark, ...] | None = None
    applied: str = ""

    @property
    def is_interrupted(self) -> bool:
        """Whether a change of the stack began and its end is not recorded."""
        return self.phase not in (APPLIED, FAILED)

    @property
    def run(self) -> InterruptedRun:
        """The run that began at `since`."""
        return InterruptedRun(self.began, None if self.existing is None else frozenset(self.existing))

    @property
    def began(self) -> datetime:
        """`since` as a time."""
        return datetime.fromisoformat(self.since)

    @property
    def last_applied(self) -> str:
        """`applied`, or the same from an entry of an earlier release."""
        return self.applied or ((self.updated or self.since) if self.phase == APPLIED else "")

    def age(self, now: datetime) -> timedelta:
        """Return the time since the entry was written."""
        return now - datetime.fromisoformat(self.updated or self.since)

    def is_abandoned(self, now: datetime, *, is_locked: bool) -> bool:
        """Return whether this is the stack of a dead test run.

        A running test run holds Terraform's lock during each change, and destroys its stack within hours.
        """
        if not self.temporary:
            return False
        age = self.age(now)
        return age > _MAX_TEST_RUN or (self.is_interrupted and not is_locked and age > _MAX_UNLOCKED)


def new_entry(
    stack: str,
    environment: str,
    phase: str,
    *,
    temporary: bool,
    protected: bool = False,
    existing: tuple[Mark, ...] | None = None,
) -> JournalEntry:
    """Return an entry for the current user and time."""
    now = _now()
    return JournalEntry(
        stack, environment, phase, now, who(), temporary, protected=protected, updated=now, existing=existing
    )


def changed(entry: JournalEntry, phase: str) -> JournalEntry:
    """Return the entry with another phase, for the current user and time."""
    now = _now()
    return replace(
        entry, phase=phase, who=who(), updated=now, applied=now if phase == APPLIED else entry.applied
    )


def who() -> str:
    """Return user@host, the format of Terraform's locks."""
    return f"{getpass.getuser()}@{platform.node()}"


def write(target: Target, location: StateLocation, entry: JournalEntry) -> None:
    """Write the entry, replacing the previous one."""
    s3_client(target).put_object(
        **location.request(_key(location.key)), Body=json.dumps(asdict(entry)).encode()
    )


def read(
    target: Target, location: StateLocation, notice: Callable[[str], None] = lambda _: None
) -> JournalEntry | None:
    """Return the stack's entry, None if it is missing or invalid. `notice` reports an invalid one."""
    s3 = s3_client(target)
    try:
        return _entry(s3, location.request(_key(location.key)))
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    except UnreadableEntryError as error:
        notice(f"ignored the journal entry of the stack: {error}")
        return None


def erase(target: Target, location: StateLocation) -> None:
    """Delete the entry of a stack without leftovers."""
    erase_object(target, location, _key(location.key))


def entries(
    target: Target, location: StateLocation, notice: Callable[[str], None] = lambda _: None
) -> Iterator[JournalEntry]:
    """Yield the entries of all stacks whose state is in the bucket of `location`, by name.

    `notice` reports each entry that cannot be read: a role may have access to some stacks only.
    """
    from botocore.exceptions import ClientError

    s3 = s3_client(target)
    try:
        for item in pages(
            s3, "list_objects_v2", "Contents", Bucket=location.bucket, ExpectedBucketOwner=location.account
        ):
            if item["Key"].endswith(f"/{_FILE}"):
                try:
                    yield _entry(s3, location.request(item["Key"]))
                except s3.exceptions.NoSuchKey:
                    continue  # deleted after it was listed
                except (ClientError, UnreadableEntryError) as error:
                    notice(f"skipped s3://{location.bucket}/{item['Key']}: {error}")
    except s3.exceptions.NoSuchBucket:
        return


def _key(state: str) -> str:
    return f"{state.rpartition('/')[0]}/{_FILE}"


def _now() -> str:
    return datetime.now(UTC).isoformat("T", "seconds")


_FIELDS = {field.name for field in fields(JournalEntry)}


def _entry(s3: Any, request: dict[str, str]) -> JournalEntry:
    body = s3.get_object(**request)["Body"].read()
    try:
        # a later release may write more fields
        known = {name: value for name, value in json.loads(body).items() if name in _FIELDS}
        if known.get("existing") is not None:
            known["existing"] = tuple((kind, id, created) for kind, id, created in known["existing"])
        entry = JournalEntry(**known)
        for time in (entry.since, entry.updated or entry.since):
            if datetime.fromisoformat(time).tzinfo is None:
                raise ValueError(f"{time} has no time zone")
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableEntryError(f"invalid journal entry ({error})") from error
    return entry
