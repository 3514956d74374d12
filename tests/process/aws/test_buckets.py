"""Buckets of other accounts, expected bucket owners, and the settings of a bucket for Terraform state."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from functools import partial
from typing import Any

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.region import Region, api_error, error_code, unique

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
    their_s3.delete_public_access_block(Bucket=name)  # the tests set public policies
    return name


def policy(bucket: str, **statement: Any) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    default = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [default | statement]})


def tls_only(bucket: str) -> str:
    return policy(bucket, Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})


def test_twelve_digit_access_key_selects_account(region: Region) -> None:
    assert region.client("sts").get_caller_identity()["Account"] == OURS
    assert region.client("sts", account=THEIRS).get_caller_identity()["Account"] == THEIRS


def test_roles_belong_to_one_account(region: Region) -> None:
    name = unique("role")
    iam = region.client("iam", account=THEIRS)
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST_POLICY)["Role"]["Arn"]
    assert arn == f"arn:aws:iam::{THEIRS}:role/{name}"
    assert error_code(region.client("iam").get_role, RoleName=name) == "NoSuchEntity"


def test_other_accounts_cannot_create_networks(region: Region) -> None:
    ec2 = region.client("ec2", account=THEIRS)
    error = api_error(ec2.create_vpc, CidrBlock="10.0.0.0/24")
    assert error.code == "NotImplemented"
    assert OURS in error.message and THEIRS in error.message
    assert ec2.describe_vpcs()["Vpcs"] == []


OWNER_CHECKED_CALLS: list[tuple[str, dict[str, Any]]] = [
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


@pytest.mark.parametrize(
    ("operation", "request_"), OWNER_CHECKED_CALLS, ids=[name for name, _ in OWNER_CHECKED_CALLS]
)
def test_unexpected_bucket_owner_is_denied(
    s3: Any, bucket: str, operation: str, request_: dict[str, Any]
) -> None:
    call = partial(getattr(s3, operation), Bucket=bucket, **request_)
    status, code, _ = api_error(call, ExpectedBucketOwner=THEIRS)
    assert status == 403 and code in ("AccessDenied", "403")  # a HEAD has no body for the code
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"ours"
    if operation != "delete_bucket":
        call(ExpectedBucketOwner=OURS)


def test_expected_bucket_owner_must_be_an_account_id(s3: Any, bucket: str) -> None:
    error = api_error(
        s3.put_bucket_tagging, Bucket=bucket, Tagging={"TagSet": []}, ExpectedBucketOwner="0000"
    )
    assert error.code == "InvalidBucketOwnerAWSAccountID"


def test_expected_owner_is_ignored_for_missing_bucket(s3: Any) -> None:
    error = api_error(s3.list_objects_v2, Bucket=unique("nowhere"), ExpectedBucketOwner=OURS)
    assert error.code == "NoSuchBucket"


def test_copy_checks_expected_source_owner(s3: Any, bucket: str) -> None:
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/key"}
    assert error_code(s3.copy_object, **copy, ExpectedSourceBucketOwner=THEIRS) == "AccessDenied"
    s3.copy_object(**copy, ExpectedSourceBucketOwner=OURS, ExpectedBucketOwner=OURS)


def test_bucket_of_other_account_requires_policy(s3: Any, their_bucket: str) -> None:
    assert api_error(s3.head_bucket, Bucket=their_bucket).status == 403
    assert error_code(s3.list_objects_v2, Bucket=their_bucket) == "AccessDenied"
    assert error_code(s3.put_object, Bucket=their_bucket, Key="k", Body=b"x") == "AccessDenied"
    assert error_code(s3.create_bucket, Bucket=their_bucket) == "BucketAlreadyExists"
    assert their_bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}


@pytest.mark.parametrize(
    "principal", ["*", {"AWS": "*"}, {"AWS": OURS}, {"AWS": f"arn:aws:iam::{OURS}:root"}]
)
def test_expected_owner_rejects_shared_bucket(
    s3: Any, their_s3: Any, their_bucket: str, principal: Any
) -> None:
    their_s3.put_bucket_policy(Bucket=their_bucket, Policy=policy(their_bucket, Principal=principal))
    s3.head_bucket(Bucket=their_bucket)
    s3.put_object(Bucket=their_bucket, Key="k", Body=b"our state")
    assert their_s3.get_object(Bucket=their_bucket, Key="k")["Body"].read() == b"our state"

    assert api_error(s3.head_bucket, Bucket=their_bucket, ExpectedBucketOwner=OURS).status == 403
    put = partial(s3.put_object, Bucket=their_bucket, Key="k", Body=b"x")
    assert error_code(put, ExpectedBucketOwner=OURS) == "AccessDenied"


def test_bucket_policy_allows_only_its_actions(s3: Any, their_s3: Any, their_bucket: str) -> None:
    their_s3.put_object(Bucket=their_bucket, Key="k", Body=b"x")
    their_s3.put_bucket_policy(Bucket=their_bucket, Policy=policy(their_bucket, Action="s3:GetObject"))
    assert s3.get_object(Bucket=their_bucket, Key="k")["Body"].read() == b"x"
    assert error_code(s3.put_object, Bucket=their_bucket, Key="k", Body=b"y") == "AccessDenied"


STATE_BUCKET: dict[str, tuple[dict[str, Any], str]] = {
    "bucket_lifecycle_configuration": (
        {
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "ID": "old-versions",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10},
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
def test_state_bucket_settings_are_returned(s3: Any, bucket: str, setting: str) -> None:
    request, member = STATE_BUCKET[setting]
    getattr(s3, f"put_{setting}")(Bucket=bucket, ExpectedBucketOwner=OURS, **request)
    response = getattr(s3, f"get_{setting}")(Bucket=bucket, ExpectedBucketOwner=OURS)
    (value,) = request.values()
    assert response[member] == value.get(member, value)


def test_tls_only_policy_allows_lab_endpoint(s3: Any, bucket: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=tls_only(bucket))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(tls_only(bucket))
    s3.put_object(Bucket=bucket, Key="key", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"x"
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "key"}]})
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("host", ["s3.us-east-1.amazonaws.com", "{bucket}.s3.us-east-1.amazonaws.com"])
def test_tls_only_policy_denies_http_in_lab_network(region: Region, s3: Any, bucket: str, host: str) -> None:
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
def test_malformed_bucket_policy_is_rejected(s3: Any, bucket: str, document: str) -> None:
    assert error_code(s3.put_bucket_policy, Bucket=bucket, Policy=document) == "MalformedPolicy"
    assert error_code(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"
