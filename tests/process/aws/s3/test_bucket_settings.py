from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served.region import Region, api_error, error_code, unique

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def encryption(s3: Any, bucket: str) -> Any:
    return s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def ownership(s3: Any, bucket: str) -> str:
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    return str(rule["ObjectOwnership"])


def set_ownership(s3: Any, bucket: str, value: str) -> None:
    controls = {"Rules": [{"ObjectOwnership": value}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)


def test_new_bucket_has_defaults(s3: Any, bucket: str) -> None:
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
    assert encryption(s3, bucket) == [default]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(BLOCKS, True)
    assert ownership(s3, bucket) == "BucketOwnerEnforced"


def test_deleted_settings_of_bucket(s3: Any, bucket: str) -> None:
    s3.delete_bucket_encryption(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket_ownership_controls(Bucket=bucket)

    assert encryption(s3, bucket)[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    code = error_code(s3.get_public_access_block, Bucket=bucket)
    assert code == "NoSuchPublicAccessBlockConfiguration"
    code = error_code(s3.get_bucket_ownership_controls, Bucket=bucket)
    assert code == "OwnershipControlsNotFoundError"


def test_written_object_shows_encryption_and_checksum(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"")

    assert (put["ServerSideEncryption"], put["ChecksumType"]) == ("AES256", "FULL_OBJECT")
    assert put["ChecksumCRC32"] == "AAAAAA=="
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["ChecksumCRC32"], got["ChecksumType"]) == ("AAAAAA==", "FULL_OBJECT")
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([], "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}] * 2, "MalformedXML"),
        ([{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aes"}}], "MalformedXML"),
        (
            [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "k"}}],
            "InvalidArgument",
        ),
    ],
)
def test_invalid_bucket_encryption_is_rejected(s3: Any, bucket: str, rules: Any, code: str) -> None:
    configuration = {"Rules": rules}
    call = s3.put_bucket_encryption

    assert error_code(call, Bucket=bucket, ServerSideEncryptionConfiguration=configuration) == code


def test_copy_onto_itself_needs_a_change(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    copy = {"Bucket": bucket, "Key": "k", "CopySource": {"Bucket": bucket, "Key": "k"}}

    assert error_code(s3.copy_object, **copy) == "InvalidRequest"
    s3.copy_object(**copy, MetadataDirective="REPLACE", Metadata={"a": "b"})


def test_new_bucket_has_tags_of_its_creation(s3: Any) -> None:
    name, tags = unique("tagged"), [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": tags})

    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == tags


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("aws:a", "1")], "System tags cannot be added/updated by requester"),
        ([("a,b", "1")], "The TagKey you have provided is invalid"),
        ([("a", "1,2")], "The TagValue you have provided is invalid"),
    ],
)
def test_invalid_bucket_tags_are_rejected(
    s3: Any, bucket: str, tags: list[tuple[str, str]], message: str
) -> None:
    tag_set = [{"Key": key, "Value": value} for key, value in tags]
    name = unique("tagged")
    expected = (400, "InvalidTag", message)

    assert api_error(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": tag_set}) == expected
    configuration = {"Tags": tag_set}
    assert api_error(s3.create_bucket, Bucket=name, CreateBucketConfiguration=configuration) == expected
    assert api_error(s3.head_bucket, Bucket=name).status == 404


def test_bucket_ownership_is_validated(s3: Any, bucket: str) -> None:
    set_ownership(s3, bucket, "ObjectWriter")
    assert ownership(s3, bucket) == "ObjectWriter"
    call = s3.put_bucket_ownership_controls
    for rules in ([], [{"ObjectOwnership": "x"}], [{"ObjectOwnership": "ObjectWriter"}] * 2):
        assert error_code(call, Bucket=bucket, OwnershipControls={"Rules": rules}) == "MalformedXML"
    error = api_error(s3.create_bucket, Bucket=unique("b"), ObjectOwnership="RandomValue")
    assert error == (400, "InvalidArgument", "Invalid x-amz-object-ownership header: RandomValue")


def test_bucket_with_enforced_owner_takes_no_acls(s3: Any, bucket: str) -> None:
    refused = (400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
    assert api_error(s3.put_bucket_acl, Bucket=bucket, ACL="private") == refused
    assert api_error(s3.put_object, Bucket=bucket, Key="k", ACL="public-read") == refused
    s3.put_object(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    code = error_code(s3.create_bucket, Bucket=unique("b"), ACL="public-read")
    assert code == "InvalidBucketAclWithObjectOwnership"

    set_ownership(s3, bucket, "BucketOwnerPreferred")
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    error = api_error(s3.put_bucket_acl, Bucket=bucket, ACL="public-read")
    assert error[:2] == (501, "NotImplemented") and "public-read" in error.message


def test_public_policy_is_blocked_by_default(s3: Any, bucket: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    assert api_error(s3.put_bucket_policy, Bucket=bucket, Policy=policy)[:2] == (403, "AccessDenied")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)


@pytest.mark.parametrize("name", ["ab", "Upper", "under_score", "192.168.1.1", "two..dots", "-dash", "xn--a"])
def test_invalid_bucket_name_is_rejected(region: Region, name: str) -> None:
    s3 = region.own_client("s3")
    s3.meta.events.unregister("before-parameter-build.s3", unique_id="validate_bucket_name")
    error = api_error(s3.create_bucket, Bucket=name)

    assert error[:2] == (400, "InvalidBucketName")
