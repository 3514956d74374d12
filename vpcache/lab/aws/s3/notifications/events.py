"""The records of notifications. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

_EMPTY_HASH = "d41d8cd98f00b204e9800998ecf8427e"  # the entity tag of a delete marker
_SOURCE_ADDRESS = "127.0.0.1"
_WITH_SIZE = ("ObjectCreated", "ObjectRestore")
_WITHOUT_SEQUENCER = ("ObjectAcl", "ObjectTagging")  # the types of version 2.3


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """An event about an object; `name` is such as "ObjectCreated:Put"."""

    name: str
    bucket: str
    region: str
    owner: str  # ID of the account
    user: str  # ID of the caller
    key: str
    size: int
    etag: str
    version_id: str | None  # None in a bucket without versions


def record_of(event: ObjectEvent, configuration_id: str) -> dict[str, Any]:
    """Return the record of an event for one notification of the bucket."""
    type_ = event.name.partition(":")[0]
    is_restricted = type_ in _WITHOUT_SEQUENCER
    return {
        "eventVersion": "2.3" if is_restricted else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": event.region,
        "eventTime": timestamp(),
        "eventName": event.name,
        "userIdentity": {"principalId": f"AWS:{event.user}"},
        "requestParameters": {"sourceIPAddress": _SOURCE_ADDRESS},
        "responseElements": request_ids("x-amz-request-id", "x-amz-id-2"),
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": event.owner},
                "arn": f"arn:aws:s3:::{event.bucket}",
            },
            "object": _object(event, type_, has_sequencer=not is_restricted),
        },
    }


def trial_event(bucket: str) -> dict[str, Any]:
    """Return the event that S3 sends to a new queue or topic of a configuration."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": timestamp(),
        "Bucket": bucket,
        **request_ids("RequestId", "HostId"),
    }


def timestamp() -> str:
    """Return the current time with milliseconds."""
    return f"{datetime.now(UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def request_ids(first: str, second: str) -> dict[str, str]:
    """Return new IDs of a request, under two names."""
    return {
        first: secrets.token_hex(8).upper(),
        second: base64.b64encode(secrets.token_bytes(48)).decode(),
    }


def _object(event: ObjectEvent, type_: str, *, has_sequencer: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"key": quote_plus(event.key, safe="/")}
    if type_ in _WITH_SIZE:
        content["size"] = event.size
    if event.name == "ObjectRemoved:DeleteMarkerCreated":
        content["eTag"] = _EMPTY_HASH
    elif type_ != "ObjectRemoved":
        content["eTag"] = event.etag
    if event.version_id is not None:
        content["versionId"] = event.version_id
    if has_sequencer:
        content["sequencer"] = f"00{time.time_ns():016X}"
    return content
