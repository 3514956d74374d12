from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import api_error, error_code

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
OTHER_KEY = KEY | {"SSECustomerKey": "o" * 32}
SOURCE_KEY = {f"CopySource{name}": value for name, value in KEY.items()}


def test_object_is_read_with_its_key_only(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", **KEY)

    assert put["SSECustomerAlgorithm"] == "AES256" and put["SSECustomerKeyMD5"]
    assert "ServerSideEncryption" not in put
    status, code, message = api_error(s3.get_object, Bucket=bucket, Key="k")
    assert (status, code) == (400, "InvalidRequest")
    assert message.startswith("The object was stored using a form of Server Side Encryption.")
    assert api_error(s3.head_object, Bucket=bucket, Key="k").status == 400
    assert api_error(s3.get_object, Bucket=bucket, Key="k", **OTHER_KEY)[:2] == (403, "AccessDenied")
    assert api_error(s3.head_object, Bucket=bucket, Key="k", **OTHER_KEY).status == 403
    got = s3.get_object(Bucket=bucket, Key="k", **KEY)
    assert got["Body"].read() == b"x"
    assert got["ETag"] == put["ETag"] == s3.head_object(Bucket=bucket, Key="k", **KEY)["ETag"]
    assert got["SSECustomerKeyMD5"] == put["SSECustomerKeyMD5"]


def test_key_for_object_without_key_is_rejected(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    assert error_code(s3.get_object, Bucket=bucket, Key="k", **KEY) == "InvalidRequest"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (KEY | {"ServerSideEncryption": "AES256"}, "InvalidArgument", "is incompatible with"),
        (KEY | {"SSECustomerAlgorithm": "KMS"}, "InvalidEncryptionAlgorithmError", "AES256"),
        ({"SSECustomerKey": "k" * 32}, "InvalidArgument", "a valid encryption algorithm"),
        ({"SSECustomerAlgorithm": "AES256"}, "InvalidArgument", "an appropriate secret key"),
        (KEY | {"SSECustomerKey": "short"}, "InvalidArgument", "secret key was invalid"),
        (KEY | {"SSECustomerKeyMD5": "0" * 24}, "InvalidArgument", "MD5 hash of the key did not match"),
    ],
)
def test_invalid_customer_key_is_rejected(
    s3: Any, bucket: str, arguments: dict[str, str], code: str, text: str
) -> None:
    if "SSECustomerKeyMD5" in arguments:  # botocore encodes the key only when it computes the MD5
        arguments = arguments | {"SSECustomerKey": "a" * 43 + "="}
    error = api_error(s3.put_object, Bucket=bucket, Key="k", Body=b"x", **arguments)

    assert error[:2] == (400, code) and text in error.message
    assert error_code(s3.get_object, Bucket=bucket, Key="k") == "NoSuchKey"


def test_copy_needs_key_of_source(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **KEY)
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}}

    assert error_code(s3.copy_object, **copy) == "InvalidRequest"
    s3.copy_object(**copy, **SOURCE_KEY)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"x"
    s3.copy_object(**copy, **SOURCE_KEY, **OTHER_KEY)
    assert s3.get_object(Bucket=bucket, Key="copy", **OTHER_KEY)["Body"].read() == b"x"


def test_versions_have_separate_keys(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1", **KEY)["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"2", **OTHER_KEY)

    got = s3.get_object(Bucket=versioned, Key="k", VersionId=first, **KEY)
    assert got["Body"].read() == b"1"
    assert error_code(s3.get_object, Bucket=versioned, Key="k", **KEY) == "AccessDenied"


def test_parts_of_upload_have_its_key(s3: Any, bucket: str) -> None:
    created = s3.create_multipart_upload(Bucket=bucket, Key="k", **KEY)
    part = {"Bucket": bucket, "Key": "k", "UploadId": created["UploadId"], "PartNumber": 1, "Body": b"x"}

    assert "ServerSideEncryption" not in created
    assert error_code(s3.upload_part, **part) == "InvalidRequest"
    assert error_code(s3.upload_part, **part, **OTHER_KEY) == "InvalidRequest"
    etag = s3.upload_part(**part, **KEY)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=created["UploadId"], MultipartUpload=parts)
    assert error_code(s3.get_object, Bucket=bucket, Key="k") == "InvalidRequest"
    assert s3.get_object(Bucket=bucket, Key="k", **KEY)["Body"].read() == b"x"
