from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.region import api_error, error_code

NOT_IMPLEMENTED = "A header you provided implies functionality that is not implemented"


@pytest.mark.parametrize(
    "condition",
    [{"IfMatch": "*"}, {"IfNoneMatch": '"etag"'}, {"IfMatch": "*", "IfNoneMatch": "*"}],
    ids=lambda each: "-".join(each),
)
@pytest.mark.parametrize("exists", [True, False])
def test_condition_that_s3_does_not_take_is_rejected(
    s3: Any, bucket: str, condition: dict[str, str], exists: bool
) -> None:
    if exists:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    source = {"Bucket": bucket, "Key": "source"}

    for call, arguments in ((s3.put_object, {}), (s3.copy_object, {"CopySource": source})):
        error = api_error(call, Bucket=bucket, Key="k", **arguments, **condition)
        assert error == (501, "NotImplemented", NOT_IMPLEMENTED)


def test_write_requires_matching_etag(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    source = {"Bucket": bucket, "Key": "k"}

    for call, arguments in ((s3.put_object, {}), (s3.copy_object, {"CopySource": source})):
        assert error_code(call, Bucket=bucket, Key="k", IfMatch='"0"', **arguments) == "PreconditionFailed"
        assert error_code(call, Bucket=bucket, Key="none", IfMatch=etag, **arguments) == "NoSuchKey"
        assert error_code(call, Bucket=bucket, Key="k", IfNoneMatch="*", **arguments) == "PreconditionFailed"
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=etag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


def test_deleted_object_allows_conditional_creation(s3: Any, versioned: str) -> None:
    etag = s3.put_object(Bucket=versioned, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    s3.delete_object(Bucket=versioned, Key="k")

    assert error_code(s3.put_object, Bucket=versioned, Key="k", IfMatch=etag) == "NoSuchKey"
    s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfNoneMatch="*")


def test_conditional_deletion(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]

    assert error_code(s3.delete_object, Bucket=bucket, Key="k", IfMatch='"0"') == "PreconditionFailed"
    for name, value in (("IfMatchSize", 1), ("IfMatchLastModifiedTime", "2025-01-01")):
        assert error_code(s3.delete_object, Bucket=bucket, Key="k", **{name: value}) == "NotImplemented"
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=etag)
    assert error_code(s3.get_object, Bucket=bucket, Key="k") == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="k", Body=b"2")
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    assert error_code(s3.delete_object, Bucket=bucket, Key="k", IfMatch="*") == "NoSuchKey"


def test_batch_deletion_checks_etags(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]

    (error,) = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": '"0"'}]})["Errors"]
    assert error["Code"] == "PreconditionFailed"
    assert "Errors" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "ETag": etag}]})


def test_only_one_of_concurrent_writers_creates_object(s3: Any, bucket: str) -> None:
    def create(number: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="lock", Body=b"%d" % number, IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(40))) == 1


def test_upload_in_parts_is_conditional(s3: Any, bucket: str) -> None:
    def complete(**condition: str) -> str:
        return error_code(s3.complete_multipart_upload, **upload, MultipartUpload=parts, **condition)

    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    created = s3.create_multipart_upload(Bucket=bucket, Key="k")
    upload = {"Bucket": bucket, "Key": "k", "UploadId": created["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}

    assert created["ServerSideEncryption"] == "AES256"
    assert complete(IfNoneMatch="*") == "PreconditionFailed"
    assert complete(IfMatch='"0"') == "PreconditionFailed"
    assert complete(IfMatch="*") == "NotImplemented"
    s3.delete_object(Bucket=bucket, Key="k")
    assert complete(IfNoneMatch="*") == "ConditionalRequestConflict"
    assert complete(IfMatch=etag) == "NoSuchKey"
    s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"part"
