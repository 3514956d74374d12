from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import api_error, error_code
from vpcache.lab.aws.s3.versions import is_version_id, new_version_id

FOREIGN = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"


def status(s3: Any, bucket: str, text: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": text})


def versions(s3: Any, bucket: str, key: str) -> list[str]:
    listed = s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
    return [each["VersionId"] for each in listed]


def markers(s3: Any, bucket: str) -> list[tuple[str, str, bool]]:
    listed = s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", [])
    return [(each["Key"], each["VersionId"], each["IsLatest"]) for each in listed]


def test_version_ids_have_32_characters_and_are_recognized() -> None:
    ids = {new_version_id() for _ in range(100)}

    assert len(ids) == 100
    assert all(len(each) == 32 and is_version_id(each) for each in ids)
    assert not is_version_id(FOREIGN)


def test_suspended_versioning_keeps_versions(s3: Any, versioned: str) -> None:
    kept = [
        s3.put_object(Bucket=versioned, Key="k", Body=bytes([number]))["VersionId"] for number in range(3)
    ]
    status(s3, versioned, "Suspended")

    assert "VersionId" not in s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    s3.put_object(Bucket=versioned, Key="k", Body=b"y")

    assert versions(s3, versioned, "k") == ["null", *reversed(kept)]
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"y"
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=kept[1])["Body"].read() == b"\1"
    assert s3.head_object(Bucket=versioned, Key="k", VersionId="null")["VersionId"] == "null"


def test_deletion_in_suspended_bucket_makes_null_marker(s3: Any, versioned: str) -> None:
    kept = s3.put_object(Bucket=versioned, Key="d", Body=b"1")["VersionId"]
    status(s3, versioned, "Suspended")
    s3.put_object(Bucket=versioned, Key="d", Body=b"2")

    deleted = s3.delete_object(Bucket=versioned, Key="d")

    assert (deleted["VersionId"], deleted["DeleteMarker"]) == ("null", True)
    assert markers(s3, versioned) == [("d", "null", True)]
    assert versions(s3, versioned, "d") == [kept]
    s3.delete_object(Bucket=versioned, Key="d")
    assert markers(s3, versioned) == [("d", "null", True)]
    s3.put_object(Bucket=versioned, Key="d", Body=b"3")
    assert markers(s3, versioned) == []
    assert versions(s3, versioned, "d") == ["null", kept]


def test_enabled_versioning_keeps_earlier_object_as_null(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    status(s3, bucket, "Enabled")
    new = s3.put_object(Bucket=bucket, Key="k", Body=b"2")["VersionId"]

    assert versions(s3, bucket, "k") == [new, "null"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert versions(s3, bucket, "k") == [new]


def test_key_that_does_not_exist_gets_delete_marker(s3: Any, versioned: str) -> None:
    marker = s3.delete_object(Bucket=versioned, Key="none")["VersionId"]
    second = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "other"}]})["Deleted"][0]

    assert markers(s3, versioned) == [
        ("none", marker, True),
        ("other", second["DeleteMarkerVersionId"], True),
    ]


def test_deleted_marker_restores_object(s3: Any, versioned: str) -> None:
    kept = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    assert error_code(s3.get_object, Bucket=versioned, Key="k") == "NoSuchKey"

    deleted = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)

    assert (deleted["VersionId"], deleted["DeleteMarker"]) == (marker, True)
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == kept


def test_delete_marker_cannot_be_read(s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]

    for call in (s3.get_object, s3.get_object_tagging):
        assert api_error(call, Bucket=versioned, Key="k", VersionId=marker)[:2] == (405, "MethodNotAllowed")
    assert api_error(s3.head_object, Bucket=versioned, Key="k", VersionId=marker).status == 405


@pytest.mark.parametrize(
    "call", ["get_object", "delete_object", "get_object_tagging", "delete_object_tagging"]
)
def test_unknown_version_id_is_rejected(s3: Any, bucket: str, call: str) -> None:
    for each in ("None", "Enabled"):
        if each != "None":
            status(s3, bucket, each)
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
        error = api_error(getattr(s3, call), Bucket=bucket, Key="k", VersionId=FOREIGN)
        assert error == (400, "InvalidArgument", "Invalid version id specified")
        assert api_error(s3.head_object, Bucket=bucket, Key="k", VersionId=FOREIGN).status == 400
    assert len(versions(s3, bucket, "k")) == 2


def test_null_version_of_unversioned_bucket_is_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"x"
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert error_code(s3.get_object, Bucket=bucket, Key="k") == "NoSuchKey"


def test_batch_deletion_reports_missing_versions(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for each in ("None", "Enabled"):
        if each != "None":
            status(s3, bucket, each)
        objects = [{"Key": "k", "VersionId": FOREIGN}, {"Key": "none", "VersionId": FOREIGN}]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
        assert "Deleted" not in answer
        assert [(error["Code"], error["Key"], error["VersionId"]) for error in answer["Errors"]] == [
            ("NoSuchVersion", "k", FOREIGN),
            ("NoSuchVersion", "none", FOREIGN),
        ]


def test_batch_deletion_names_deleted_markers(s3: Any, versioned: str) -> None:
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]

    objects = [{"Key": "k", "VersionId": marker}]
    (deleted,) = s3.delete_objects(Bucket=versioned, Delete={"Objects": objects})["Deleted"]

    expected = {"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    assert deleted == expected
    quiet = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}], "Quiet": True})
    assert "Deleted" not in quiet


def test_version_of_another_bucket_does_not_exist(s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    gone = s3.put_object(Bucket=versioned, Key="k", Body=b"y")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=gone)

    assert error_code(s3.get_object, Bucket=versioned, Key="k", VersionId=gone) == "NoSuchVersion"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=gone)


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({"Status": "enabled"}, "MalformedXML"),
        ({"Status": "Disabled"}, "MalformedXML"),
        ({}, "IllegalVersioningConfigurationException"),
    ],
)
def test_invalid_versioning_status_is_rejected(
    s3: Any, bucket: str, configuration: dict[str, str], code: str
) -> None:
    error = api_error(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=configuration)

    assert error[:2] == (400, code)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_versioning_of_missing_bucket_is_not_found(s3: Any) -> None:
    call = s3.put_bucket_versioning
    error = api_error(call, Bucket="no-such-bucket", VersioningConfiguration={"Status": "Enabled"})

    assert error[:2] == (404, "NoSuchBucket")


def test_versions_of_one_moment_are_in_order(s3: Any, versioned: str) -> None:
    ids = [
        s3.put_object(Bucket=versioned, Key="k", Body=bytes([number]))["VersionId"] for number in range(20)
    ]

    assert versions(s3, versioned, "k") == ids[::-1]
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == bytes([19])


def test_version_is_copied(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"2")

    source = {"Bucket": versioned, "Key": "k", "VersionId": first}
    copied = s3.copy_object(Bucket=versioned, Key="k", CopySource=source)

    assert copied["CopySourceVersionId"] == first
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"
    bad = source | {"VersionId": FOREIGN}
    assert error_code(s3.copy_object, Bucket=versioned, Key="c", CopySource=bad) == "InvalidArgument"
