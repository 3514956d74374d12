"""The journal of stacks: what was begun, by whom, and how it ended.

An entry lies beside the stack's state, so that whoever looks into the account finds it, whatever machine
the run died on.
"""

from __future__ import annotations

import getpass
import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from vpcache.stack.outside import Mark, Run
from vpcache.stack.resource_types import pages
from vpcache.stack.state import StateLocation, erase_object, s3_client
from vpcache.stack.target import Target

APPLYING, APPLIED, FAILED, DESTROYING = "applying", "applied", "failed", "destroying"
_FILE = "journal.json"
_LONGEST_TEST_RUN = timedelta(hours=6)  # a hosted CI job lasts no longer
_LONGEST_SILENCE = timedelta(minutes=15)  # between a change's entry and Terraform's lock, which follows it


class UnreadableEntryError(Exception):
    """An entry that is not one of this program's."""


@dataclass(frozen=True)
class Entry:
    """What is known of a stack: `phase` is the last that began or ended, `updated` the time of that.

    A `failed` stack has a whole state: Terraform ended by itself, with an error. `since` is when the last run
    began, or the first of several that were interrupted one after another; `existing` marks what bore the
    stack's tag by then, None in an entry of an earlier release. Times are ISO 8601, UTC. A `temporary` stack
    is a test run's, which destroys it within hours.
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

    @property
    def is_interrupted(self) -> bool:
        """Whether a change of the stack began and did not end, as far as the journal knows."""
        return self.phase not in (APPLIED, FAILED)

    @property
    def run(self) -> Run:
        """The run that began at `since`."""
        return Run(self.began, None if self.existing is None else frozenset(self.existing))

    @property
    def began(self) -> datetime:
        """`since` as a time."""
        return datetime.fromisoformat(self.since)

    def age(self, now: datetime) -> timedelta:
        """How long ago the entry was written."""
        return now - datetime.fromisoformat(self.updated or self.since)

    def is_abandoned(self, now: datetime, *, is_locked: bool) -> bool:
        """Whether this is the stack of a test run that is dead.

        A live one destroys it within hours, and holds Terraform's lock while it changes it.
        """
        if not self.temporary:
            return False
        age = self.age(now)
        return age > _LONGEST_TEST_RUN or (self.is_interrupted and not is_locked and age > _LONGEST_SILENCE)


def new_entry(
    stack: str,
    environment: str,
    phase: str,
    *,
    temporary: bool,
    protected: bool = False,
    existing: tuple[Mark, ...] | None = None,
) -> Entry:
    """Return an entry of this user and moment."""
    now = _now()
    return Entry(
        stack, environment, phase, now, who(), temporary, protected=protected, updated=now, existing=existing
    )


def changed(entry: Entry, phase: str) -> Entry:
    """Return the entry in another phase, of this user and moment."""
    return replace(entry, phase=phase, who=who(), updated=_now())


def who() -> str:
    """Return user@host, as Terraform's locks name it."""
    return f"{getpass.getuser()}@{platform.node()}"


def write(target: Target, location: StateLocation, entry: Entry) -> None:
    """Put the entry in place of the one before."""
    s3_client(target).put_object(
        **location.request(_key(location.key)), Body=json.dumps(asdict(entry)).encode()
    )


def read(
    target: Target, location: StateLocation, notice: Callable[[str], None] = lambda _: None
) -> Entry | None:
    """Return the stack's entry, None if it has none or an unreadable one, which `notice` reports."""
    s3 = s3_client(target)
    try:
        return _entry(s3, location.request(_key(location.key)))
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None
    except UnreadableEntryError as error:
        notice(f"ignored the journal of the stack: {error}")
        return None


def erase(target: Target, location: StateLocation) -> None:
    """Forget the stack: nothing is left of it."""
    erase_object(target, location, _key(location.key))


def entries(
    target: Target, location: StateLocation, notice: Callable[[str], None] = lambda _: None
) -> Iterator[Entry]:
    """Yield the entries of all stacks whose state lies in the bucket of `location`, by name.

    `notice` reports each that cannot be read: a role may be limited to some stacks.
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
                    continue  # erased after it was listed
                except (ClientError, UnreadableEntryError) as error:
                    notice(f"skipped s3://{location.bucket}/{item['Key']}: {error}")
    except s3.exceptions.NoSuchBucket:
        return


def _key(state: str) -> str:
    return f"{state.rpartition('/')[0]}/{_FILE}"


def _now() -> str:
    return datetime.now(UTC).isoformat("T", "seconds")


_FIELDS = {each.name for each in fields(Entry)}


def _entry(s3: Any, request: dict[str, str]) -> Entry:
    body = s3.get_object(**request)["Body"].read()
    try:
        # a later release may know more fields
        known = {name: value for name, value in json.loads(body).items() if name in _FIELDS}
        if known.get("existing") is not None:
            known["existing"] = tuple((kind, id, created) for kind, id, created in known["existing"])
        entry = Entry(**known)
        for time in (entry.since, entry.updated or entry.since):
            if datetime.fromisoformat(time).tzinfo is None:
                raise ValueError(f"{time} names no time zone")
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableEntryError(f"not a journal entry ({error})") from error
    return entry
