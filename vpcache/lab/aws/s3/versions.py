"""Versions of objects: their IDs, and what a bucket keeps of them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from moto.core.utils import utcnow
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.s3.utils import _VersionedKeyStore

from vpcache.lab.aws.s3.errors import S3Error, invalid_argument
from vpcache.lab.aws.s3.notifications.configuration import Notification

NULL = "null"  # ID of the version that a bucket without or with suspended versioning writes
_STATUSES = ("Enabled", "Suspended")
_RANDOM_LENGTH = 24
_ONE_TICK = timedelta(milliseconds=1)  # versions are sorted by milliseconds


def new_version_id() -> str:
    """Return an ID of 32 characters, which `is_version_id` recognizes."""
    random = secrets.token_urlsafe(18).replace("-", ".")
    return random + _seal(random)


def is_version_id(text: str) -> bool:
    """Return whether an ID was returned by `new_version_id` in any bucket, or is "null"."""
    return text == NULL or text[_RANDOM_LENGTH:] == _seal(text[:_RANDOM_LENGTH])


def check_version_id(bucket: FakeBucket, version_id: str | None) -> None:
    """Raise an error for the ID of a version that the bucket cannot have."""
    if version_id is None or version_id == NULL:
        return
    if bucket.versioning_status is None or not is_version_id(version_id):
        raise invalid_argument("Invalid version id specified", "versionId", version_id)


def versioning_status(configuration: dict[str, Any] | None) -> str:
    """Return the status of a VersioningConfiguration. Raises MalformedXML or its likes."""
    status = (configuration or {}).get("Status")
    if status is None:
        message = "The Versioning element must be specified"
        raise S3Error(400, "IllegalVersioningConfigurationException", message)
    if status not in _STATUSES:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise S3Error(400, "MalformedXML", message)
    return str(status)


class Bucket(FakeBucket):  # type: ignore[misc]
    """A bucket that has versions as soon as its versioning was enabled or suspended."""

    notifications: tuple[Notification, ...] = ()
    muted: frozenset[str] = frozenset()  # events that are part of another one

    @contextmanager
    def muting(self, *events: str) -> Iterator[None]:
        """Send no such events inside a `with` block. The caller holds the backend's write lock."""
        self.muted = frozenset(events)
        try:
            yield
        finally:
            self.muted = frozenset()

    @property
    def is_versioned(self) -> bool:
        """Whether the bucket keeps versions: also in a bucket whose versioning is suspended."""
        return self.versioning_status is not None


class DeleteMarker(FakeDeleteMarker):  # type: ignore[misc]
    """A delete marker, also of a key that the bucket does not have."""

    def __init__(self, name: str, version_id: str) -> None:
        self.name = name
        self.last_modified = utcnow()
        self._version_id = version_id


class ObjectVersions(_VersionedKeyStore):  # type: ignore[misc]
    """The versions of a bucket's objects, each object's oldest first.

    In a bucket with suspended versioning, a new version replaces the null version only:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html
    """

    def __init__(self, bucket: Bucket) -> None:
        super().__init__()
        self._bucket = bucket
        self._changed: dict[str, datetime] = {}

    def changed(self, key: str) -> datetime | None:
        """Return when an object was last written or deleted, None if never."""
        return self._changed.get(key)

    def setlist(self, key: str, list_: Any) -> None:
        """Add the last of `list_`, as moto's PutObject does, to the versions that the bucket keeps."""
        self.add(key, list_[-1])

    def add(self, key: str, version: Any) -> None:
        """Add a version, or a delete marker, as the latest."""
        earlier = self.getlist(key, [])
        status = self._bucket.versioning_status
        version._version_id = new_version_id() if status == "Enabled" else NULL
        if status is None:
            earlier = []
        elif status == "Suspended":
            earlier = [each for each in earlier if each.version_id != NULL]
        if earlier:
            version.last_modified = max(version.last_modified, earlier[-1].last_modified + _ONE_TICK)
        super().setlist(key, [*earlier, version])
        self._changed[key] = utcnow()

    def remove(self, key: str, version_id: str) -> Any | None:
        """Remove and return a version, None if there is no such version."""
        versions = self.getlist(key, [])
        removed = next((each for each in versions if each.version_id == version_id), None)
        if removed is not None:
            self._keep(key, (each for each in versions if each is not removed))
        return removed

    def _keep(self, key: str, versions: Iterable[Any]) -> None:
        super().setlist(key, list(versions))
        self._changed[key] = utcnow()
        if not self.getlist(key):
            dict.pop(self, key)


def _seal(random: str) -> str:
    return hashlib.sha256(f"version {random}".encode()).hexdigest()[:8]
