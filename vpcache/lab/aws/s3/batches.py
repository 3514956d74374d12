"""DeleteObjects: up to 1,000 deletions, each with a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import AccessDeniedByLock, MalformedXML

_MAX_OBJECTS = 1_000


def delete_batch(backend: Any, bucket_name: str, document: Any, *, bypass: bool) -> dict[str, Any]:
    """Delete the objects of a `Delete` document, and return the answer.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    listed = (document or {}).get("Object") or []
    objects = listed if isinstance(listed, list) else [listed]
    if not 0 < len(objects) <= _MAX_OBJECTS or not all(each.get("Key") for each in objects):
        raise MalformedXML
    bucket = backend.get_bucket(bucket_name)
    results = [_result(backend, bucket, each, bypass=bypass) for each in objects]
    is_quiet = document.get("Quiet") == "true"
    return {
        "Deleted": [] if is_quiet else [each for each in results if "Code" not in each],
        "Errors": [each for each in results if "Code" in each],
    }


def denied_batch(document: Any) -> dict[str, Any]:
    """Return the answer to a request whose caller may delete none of the objects."""
    listed = (document or {}).get("Object") or []
    objects = listed if isinstance(listed, list) else [listed]
    return {"Deleted": [], "Errors": [_error(each, "AccessDenied", "Access Denied") for each in objects]}


def _result(backend: Any, bucket: Any, wanted: Mapping[str, str], *, bypass: bool) -> dict[str, Any]:
    key, version_id = wanted["Key"], wanted.get("VersionId")
    if bucket.get_permission("s3:DeleteObject", f"{bucket.arn}/{key}") == PermissionResult.DENIED:
        return _error(wanted, "AccessDenied", "Access Denied")
    if version_id and backend.is_missing_version(bucket.name, version_id):
        return _error(wanted, "NoSuchVersion", "The specified version does not exist.")
    if (etag := wanted.get("ETag")) and not _has_etag(backend, bucket, wanted, etag):
        message = "At least one of the pre-conditions you specified did not hold"
        return _error(wanted, "PreconditionFailed", message)
    try:
        _, headers = backend.delete_object(bucket.name, key, version_id=version_id, bypass=bypass)
    except AccessDeniedByLock:
        return _error(wanted, "AccessDenied", "Access Denied because object protected by object lock.")
    return {"Key": key, **dict(_versions(version_id, headers))}


def _versions(version_id: str | None, headers: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    if version_id:
        yield "VersionId", version_id
    if "delete-marker" in headers:
        yield "DeleteMarker", True
        yield "DeleteMarkerVersionId", headers["version-id"]


def _has_etag(backend: Any, bucket: Any, wanted: Mapping[str, str], etag: str) -> bool:
    current = backend.get_object(bucket.name, wanted["Key"], version_id=wanted.get("VersionId"))
    return current is not None and etag in ("*", current.etag, current.etag.strip('"'))


def _error(wanted: Mapping[str, str], code: str, message: str) -> dict[str, Any]:
    version = {"VersionId": wanted["VersionId"]} if wanted.get("VersionId") else {}
    return {"Key": wanted["Key"], "Code": code, "Message": message, **version}
