"""The journal of stacks in flight: what was begun, by whom, and whether it was brought to its end.

An entry lies beside the stack's state, so that whoever looks into the account finds it, whatever machine
the run died on.
"""

from __future__ import annotations

import getpass
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vpcache.kinds import pages
from vpcache.state import StateLocation, s3_client
from vpcache.target import Target

APPLYING, APPLIED, DESTROYING = "applying", "applied", "destroying"
_FILE = "journal.json"
_LONGEST_TEST_RUN = timedelta(hours=6)  # a hosted CI job lasts no longer


@dataclass(frozen=True)
class Entry:
    """What is known of a stack: `phase` is the last that began, `since` its time (ISO 8601, UTC).

    A `temporary` stack is a test run's, which ends it within hours.
    """

    stack: str
    environment: str
    phase: str
    since: str
    who: str
    temporary: bool

    @property
    def is_interrupted(self) -> bool:
        """Whether a change of the stack began and did not end, as far as the journal knows."""
        return self.phase != APPLIED

    def is_abandoned(self, now: datetime) -> bool:
        """Whether nobody will end what stands there: interrupted, or older than any test run."""
        return self.is_interrupted or (
            self.temporary and now - datetime.fromisoformat(self.since) > _LONGEST_TEST_RUN
        )


def new_entry(stack: str, environment: str, phase: str, *, temporary: bool) -> Entry:
    """Return an entry of this user and moment."""
    return Entry(stack, environment, phase, datetime.now(UTC).isoformat("T", "seconds"), who(), temporary)


def who() -> str:
    """Return user@host, as Terraform's locks name it."""
    return f"{getpass.getuser()}@{platform.node()}"


def write(target: Target, location: StateLocation, entry: Entry) -> None:
    """Put the entry in place of the one before."""
    s3_client(target).put_object(
        Bucket=location.bucket, Key=_key(location), Body=json.dumps(asdict(entry)).encode()
    )


def read(target: Target, location: StateLocation) -> Entry | None:
    """Return the stack's entry, None if it has none."""
    s3 = s3_client(target)
    try:
        return _entry(s3, location.bucket, _key(location))
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return None


def erase(target: Target, location: StateLocation) -> None:
    """Forget the stack: nothing is left of it."""
    s3_client(target).delete_object(Bucket=location.bucket, Key=_key(location))


def entries(target: Target, bucket: str) -> Iterator[Entry]:
    """Yield the entries of all stacks whose state lies in `bucket`, by name."""
    s3 = s3_client(target)
    try:
        for item in pages(s3, "list_objects_v2", "Contents", Bucket=bucket):
            if item["Key"].endswith(f"/{_FILE}"):
                yield _entry(s3, bucket, item["Key"])
    except s3.exceptions.NoSuchBucket:
        return


def _key(location: StateLocation) -> str:
    return f"{location.key.rpartition('/')[0]}/{_FILE}"


def _entry(s3: Any, bucket: str, key: str) -> Entry:
    return Entry(**json.load(s3.get_object(Bucket=bucket, Key=key)["Body"]))
