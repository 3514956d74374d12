"""Lists of keys with characters that XML does not have, and documents without required elements."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import error_code, unchecked

KEYS = ["\x01", "a b/c%", "ü"]


@pytest.fixture
def named(s3: Any, versioned: str) -> str:
    """A bucket with an object under each key, and a delete marker for each."""
    for key in KEYS:
        s3.put_object(Bucket=versioned, Key=key)
        s3.delete_object(Bucket=versioned, Key=key)
        s3.put_object(Bucket=versioned, Key=key)
    return versioned


def keys(entries: list[dict[str, Any]]) -> list[str]:
    return sorted({each["Key"] for each in entries})


def test_all_keys_are_listed_as_they_are(s3: Any, named: str) -> None:
    """botocore asks for the encoding `url` and decodes the answer."""
    versions = s3.list_object_versions(Bucket=named)
    assert keys(versions["Versions"]) == keys(versions["DeleteMarkers"]) == KEYS
    assert keys(s3.list_objects(Bucket=named)["Contents"]) == KEYS
    assert keys(s3.list_objects_v2(Bucket=named)["Contents"]) == KEYS


def test_markers_and_prefixes_are_listed_as_they_are(s3: Any, named: str) -> None:
    assert s3.list_object_versions(Bucket=named, KeyMarker="\x01")["KeyMarker"] == "\x01"
    page = s3.list_object_versions(Bucket=named, MaxKeys=1, Prefix="\x01")
    assert (page["NextKeyMarker"], page["Prefix"]) == ("\x01", "\x01")
    for operation, prefix in (
        (s3.list_object_versions, "a "),
        (s3.list_objects, "a%20"),  # botocore does not decode it: https://github.com/boto/boto3/issues/3534
        (s3.list_objects_v2, "a "),
    ):
        answer = operation(Bucket=named, Delimiter="/", Prefix="a ")
        assert answer["CommonPrefixes"] == [{"Prefix": "a b/"}], operation
        assert (answer["Delimiter"], answer["Prefix"]) == ("/", prefix), operation
    assert s3.list_objects_v2(Bucket=named, StartAfter="\x01")["StartAfter"] == "\x01"


def test_url_is_the_only_encoding(s3: Any, bucket: str) -> None:
    for operation in (s3.list_object_versions, s3.list_objects, s3.list_objects_v2):
        assert error_code(operation, Bucket=bucket, EncodingType="null") == "InvalidArgument"


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("put_bucket_cors", {"CORSConfiguration": {"CORSRules": []}}),
        (
            "put_bucket_cors",
            {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": [], "AllowedOrigins": []}]}},
        ),
        ("put_bucket_tagging", {"Tagging": {"TagSet": [{"Key": "k"}]}}),
        ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [{"ID": "one"}]}}),
        (
            "put_bucket_encryption",
            {
                "ServerSideEncryptionConfiguration": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"KMSMasterKeyID": "k"}}]
                }
            },
        ),
        ("put_bucket_ownership_controls", {"OwnershipControls": {"Rules": [{}]}}),
    ],
)
def test_document_without_a_required_element_is_malformed(
    s3: Any, bucket: str, operation: str, document: dict[str, Any]
) -> None:
    call = getattr(unchecked(s3), operation)
    assert error_code(call, Bucket=bucket, **document) == "MalformedXML"
