"""Buckets of other accounts, the expected owner of a bucket, and the calls that make a bucket for state."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from functools import partial
from typing import Any

import pytest

from tests.support.served_functions import refusal
from tests.support.served_region import Region, error_of, unique

OURS, THEIRS = "123456789012", "210987654321"


@pytest.fixture
def s3(region: Region) -> Any:
    return region.client("s3")


@pytest.fixture
def their_s3(region: Region) -> Any:
    return region.client("s3", account=THEIRS)


@pytest.fixture
def bucket(s3: Any) -> str:
    name = unique("state")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="key", Body=b"ours")
    return name


@pytest.fixture
def their_bucket(their_s3: Any) -> str:
    name = unique("taken")
    their_s3.create_bucket(Bucket=name)
    return name


def policy(bucket: str, **statement: Any) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    whole = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resources} | statement
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]})


def tls_only(bucket: str) -> str:
    return policy(bucket, Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})


def test_access_key_of_twelve_digits_is_an_account(region: Region) -> None:
    assert region.client("sts").get_caller_identity()["Account"] == OURS
    assert region.client("sts", account=THEIRS).get_caller_identity()["Account"] == THEIRS


def test_accounts_have_roles_of_their_own(region: Region) -> None:
    name = unique("role")
    iam = region.client("iam", account=THEIRS)
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    assert arn == f"arn:aws:iam::{THEIRS}:role/{name}"
    assert refusal(region.client("iam").get_role, RoleName=name)["Code"] == "NoSuchEntity"


def test_other_accounts_have_no_networks(region: Region) -> None:
    ec2 = region.client("ec2", account=THEIRS)
    error = refusal(ec2.create_vpc, CidrBlock="10.0.0.0/24")
    assert error["Code"] == "NotImplemented"
    assert OURS in error["Message"] and THEIRS in error["Message"]
    assert ec2.describe_vpcs()["Vpcs"] == []


EXPECTING: list[tuple[str, dict[str, Any]]] = [
    ("head_bucket", {}),
    ("list_objects_v2", {}),
    ("get_bucket_versioning", {}),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
    ("put_bucket_tagging", {"Tagging": {"TagSet": []}}),
    ("get_bucket_location", {}),
    ("get_object", {"Key": "key"}),
    ("head_object", {"Key": "key"}),
    ("put_object", {"Key": "key", "Body": b"x"}),
    ("delete_object", {"Key": "key"}),
    ("delete_objects", {"Delete": {"Objects": [{"Key": "key"}]}}),
    ("put_public_access_block", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
    ("delete_bucket", {}),
]


@pytest.mark.parametrize(("operation", "request_"), EXPECTING, ids=[each[0] for each in EXPECTING])
def test_bucket_of_an_unexpected_owner_is_denied(
    s3: Any, bucket: str, operation: str, request_: dict[str, Any]
) -> None:
    call = partial(getattr(s3, operation), Bucket=bucket, **request_)
    status, code, _ = error_of(call, ExpectedBucketOwner=THEIRS)
    assert status == 403 and code in ("AccessDenied", "403")  # a HEAD has no body for the code
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"ours"
    if operation != "delete_bucket":
        call(ExpectedBucketOwner=OURS)


def test_expected_owner_must_be_an_account(s3: Any, bucket: str) -> None:
    error = refusal(s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": []}, ExpectedBucketOwner="0000")
    assert error["Code"] == "InvalidBucketOwnerAWSAccountID"


def test_expected_owner_of_a_bucket_that_is_not_there_matters_not(s3: Any) -> None:
    error = refusal(s3.list_objects_v2, Bucket=unique("nowhere"), ExpectedBucketOwner=OURS)
    assert error["Code"] == "NoSuchBucket"


def test_source_of_a_copy_has_an_expected_owner_too(s3: Any, bucket: str) -> None:
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/key"}
    assert refusal(s3.copy_object, **copy, ExpectedSourceBucketOwner=THEIRS)["Code"] == "AccessDenied"
    s3.copy_object(**copy, ExpectedSourceBucketOwner=OURS, ExpectedBucketOwner=OURS)


def test_bucket_of_another_account_is_closed_without_a_policy(s3: Any, their_bucket: str) -> None:
    assert error_of(s3.head_bucket, Bucket=their_bucket)[0] == 403
    assert refusal(s3.list_objects_v2, Bucket=their_bucket)["Code"] == "AccessDenied"
    assert refusal(s3.put_object, Bucket=their_bucket, Key="k", Body=b"x")["Code"] == "AccessDenied"
    assert refusal(s3.create_bucket, Bucket=their_bucket)["Code"] == "BucketAlreadyExists"
    assert their_bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": "*"}, {"AWS": OURS}, {"AWS": f"arn:aws:iam::{OURS}:root"}]
)
def test_bucket_that_lets_us_in_is_told_by_its_owner_alone(
    s3: Any, their_s3: Any, their_bucket: str, principal: Any
) -> None:
    their_s3.put_bucket_policy(Bucket=their_bucket, Policy=policy(their_bucket, Principal=principal))
    s3.head_bucket(Bucket=their_bucket)
    s3.put_object(Bucket=their_bucket, Key="k", Body=b"our state")
    assert their_s3.get_object(Bucket=their_bucket, Key="k")["Body"].read() == b"our state"

    assert error_of(s3.head_bucket, Bucket=their_bucket, ExpectedBucketOwner=OURS)[0] == 403
    put = partial(s3.put_object, Bucket=their_bucket, Key="k", Body=b"x")
    assert refusal(put, ExpectedBucketOwner=OURS)["Code"] == "AccessDenied"


def test_policy_lets_in_for_what_it_names(s3: Any, their_s3: Any, their_bucket: str) -> None:
    their_s3.put_object(Bucket=their_bucket, Key="k", Body=b"x")
    their_s3.put_bucket_policy(Bucket=their_bucket, Policy=policy(their_bucket, Action="s3:GetObject"))
    assert s3.get_object(Bucket=their_bucket, Key="k")["Body"].read() == b"x"
    assert refusal(s3.put_object, Bucket=their_bucket, Key="k", Body=b"y")["Code"] == "AccessDenied"


STATE_BUCKET: dict[str, tuple[dict[str, Any], str]] = {
    "bucket_lifecycle_configuration": (
        {
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "ID": "old-versions",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            }
        },
        "Rules",
    ),
    "bucket_ownership_controls": (
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        "OwnershipControls",
    ),
    "public_access_block": (
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            }
        },
        "PublicAccessBlockConfiguration",
    ),
    "bucket_versioning": ({"VersioningConfiguration": {"Status": "Enabled"}}, "Status"),
}


@pytest.mark.parametrize("setting", STATE_BUCKET)
def test_settings_of_a_state_bucket_come_back(s3: Any, bucket: str, setting: str) -> None:
    wanted, member = STATE_BUCKET[setting]
    getattr(s3, f"put_{setting}")(Bucket=bucket, ExpectedBucketOwner=OURS, **wanted)
    shown = getattr(s3, f"get_{setting}")(Bucket=bucket, ExpectedBucketOwner=OURS)
    (given,) = wanted.values()
    assert shown[member] == given.get(member, given)


def test_tls_only_policy_lets_the_labs_own_endpoint_pass(s3: Any, bucket: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=tls_only(bucket))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(tls_only(bucket))
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"x"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "key"}]})
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("host", ["s3.us-east-1.amazonaws.com", "{bucket}.s3.us-east-1.amazonaws.com"])
def test_tls_only_policy_denies_plain_http_inside_the_lab(
    region: Region, s3: Any, bucket: str, host: str
) -> None:
    path = "key" if host.startswith("{") else f"{bucket}/key"
    key = "Credential=lab/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Host": host.format(bucket=bucket), "Authorization": f"AWS4-HMAC-SHA256 {key}"}

    def get() -> bytes:
        with urllib.request.urlopen(
            urllib.request.Request(f"{region.url}/{path}", headers=headers)
        ) as answer:
            return bytes(answer.read())

    assert get() == b"ours"
    s3.put_bucket_policy(Bucket=bucket, Policy=tls_only(bucket))
    with pytest.raises(urllib.error.HTTPError) as error:
        get()
    assert error.value.code == 403 and b"AccessDenied" in error.value.read()


@pytest.mark.parametrize(
    "document",
    [
        '{"Version": "2012-10-17"',
        "[]",
        '{"Version": "2012-10-17"}',
        '{"Statement": [{"Effect": "Deny"}]}',
        policy("another-bucket"),
    ],
)
def test_malformed_policy_is_refused(s3: Any, bucket: str, document: str) -> None:
    assert refusal(s3.put_bucket_policy, Bucket=bucket, Policy=document)["Code"] == "MalformedPolicy"
    assert refusal(s3.get_bucket_policy, Bucket=bucket)["Code"] == "NoSuchBucketPolicy"
