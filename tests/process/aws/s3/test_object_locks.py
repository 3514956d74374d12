from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.served.region import Region, api_error, error_code

LOCK = {
    "ObjectLockEnabled": "Enabled",
    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
}


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    """A bucket whose versioning is enabled."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def without_digest(region: Region) -> Any:
    """A client that sends no digest of its requests, as Terraform's."""
    s3 = region.own_client("s3")

    def remove(request: Any, **_: Any) -> None:
        for name in [each for each in request.headers if "checksum" in each.lower() or each == "Content-MD5"]:
            del request.headers[name]

    s3.meta.events.register("before-sign.s3.PutObjectLegalHold", remove)
    return s3


def test_bucket_with_objects_gets_a_lock_for_new_ones(s3: Any, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="old", Body=b"x")["VersionId"]
    s3.put_object_lock_configuration(Bucket=versioned, ObjectLockConfiguration=LOCK)
    new = s3.put_object(Bucket=versioned, Key="new", Body=b"x")["VersionId"]

    assert s3.get_object_lock_configuration(Bucket=versioned)["ObjectLockConfiguration"] == LOCK
    s3.delete_object(Bucket=versioned, Key="old", VersionId=old)
    assert error_code(s3.delete_object, Bucket=versioned, Key="new", VersionId=new) == "AccessDenied"
    s3.delete_object(Bucket=versioned, Key="new", VersionId=new, BypassGovernanceRetention=True)


def test_lock_needs_versioning(s3: Any, bucket: str) -> None:
    error = api_error(s3.put_object_lock_configuration, Bucket=bucket, ObjectLockConfiguration=LOCK)

    assert error[:2] == (409, "InvalidBucketState")


def test_legal_hold_ends_before_its_version_is_deleted(s3: Any, without_digest: Any, versioned: str) -> None:
    s3.put_object_lock_configuration(Bucket=versioned, ObjectLockConfiguration=LOCK)
    until = datetime.now(UTC) + timedelta(days=1)
    version = s3.put_object(
        Bucket=versioned,
        Key="k",
        Body=b"x",
        ObjectLockLegalHoldStatus="ON",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
    )["VersionId"]
    request = {"Bucket": versioned, "Key": "k", "VersionId": version}

    assert s3.head_object(**request)["ObjectLockLegalHoldStatus"] == "ON"
    assert s3.get_object_legal_hold(**request)["LegalHold"] == {"Status": "ON"}
    deletion = {**request, "BypassGovernanceRetention": True}
    assert error_code(s3.delete_object, **deletion) == "AccessDenied"
    without_digest.put_object_legal_hold(**request, LegalHold={"Status": "OFF"})
    s3.delete_object(**deletion)


def test_lock_of_an_object_needs_the_lock_of_its_bucket(s3: Any, versioned: str) -> None:
    request = {"Bucket": versioned, "Key": "k"}
    until = datetime.now(UTC) + timedelta(days=1)
    retention = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}

    for lock in ({"ObjectLockLegalHoldStatus": "ON"}, retention):
        assert error_code(s3.put_object, **request, Body=b"x", **lock) == "InvalidRequest"
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
