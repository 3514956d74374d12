"""Conditional writes and deletions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.s3.exceptions import MissingKey, PreconditionFailed

from vpcache.lab.aws.s3.errors import S3Error, header_not_implemented

_MATCH, _NONE_MATCH = "If-Match", "If-None-Match"
_OF_EXPRESS_BUCKETS = ("x-amz-if-match-last-modified-time", "x-amz-if-match-size")


def check_write(headers: Mapping[str, str], current: Any | None, key: str) -> None:
    """Raise the error for a write whose condition does not hold for the current version, None if missing.

    `If-Match` takes an ETag, `If-None-Match` only "*".
    """
    match, none_match = headers.get(_MATCH), headers.get(_NONE_MATCH)
    if match is not None and none_match is not None:
        reason = "Multiple conditional request headers present in the request"
        raise header_not_implemented(f"{_MATCH},{_NONE_MATCH}", reason)
    for name, is_taken in ((_MATCH, match != "*"), (_NONE_MATCH, none_match in (None, "*"))):
        if not is_taken:
            reason = f"We don't accept the provided value of {name} header for this API"
            raise header_not_implemented(name, reason)
    if match is not None:
        _check_match(match, current, key)
    if none_match is not None and current is not None:
        raise PreconditionFailed(_NONE_MATCH)


def check_completion(headers: Mapping[str, str], changed: datetime | None, key: str, start: datetime) -> None:
    """Raise the error for the conditional completion of an upload whose object changed after its start."""
    name = next((each for each in (_MATCH, _NONE_MATCH) if each in headers), None)
    if name and changed is not None and changed >= start:
        message = (
            "The conditional request cannot succeed due to a conflicting operation against this resource."
        )
        raise S3Error(409, "ConditionalRequestConflict", message, Condition=name, Key=key)


def check_deletion(headers: Mapping[str, str], current: Any | None, key: str) -> None:
    """Raise the error for a deletion whose condition does not hold; `If-Match: *` requires an object."""
    for name in _OF_EXPRESS_BUCKETS:
        if name in headers:
            raise header_not_implemented(name)
    match = headers.get(_MATCH)
    if match is not None and (match != "*" or current is None):
        _check_match(match, current, key)


def _check_match(etag: str, current: Any | None, key: str) -> None:
    if current is None:
        raise MissingKey(key=key)
    if etag.strip('"') != current.etag.strip('"'):
        raise PreconditionFailed(_MATCH)
