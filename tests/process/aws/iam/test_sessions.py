from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.region import Region, api_error, error_code, unchecked, unique

OURS, THEIRS = "123456789012", "210987654321"


def client(region: Region, service: str, credentials: dict[str, Any]) -> Any:
    return boto3.client(
        service,
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
    )


def test_caller_is_an_iam_user_of_its_account(region: Region) -> None:
    for key, account in (("any", OURS), (THEIRS, THEIRS)):
        caller = region.client("sts", account=key).get_caller_identity()
        assert (caller["Account"], caller["Arn"]) == (account, f"arn:aws:iam::{account}:user/lab")
        assert caller["UserId"].startswith("AIDA")


def test_session_is_of_the_assumed_role(region: Region, sts: Any, role: Any) -> None:
    answer = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")
    caller = client(region, "sts", answer["Credentials"]).get_caller_identity()

    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:session",
        "Arn": f"arn:aws:sts::{OURS}:assumed-role/{role['RoleName']}/session",
    }
    assert caller["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert "PackedPolicySize" not in answer


def test_keys_belong_to_the_account_that_issued_them(region: Region) -> None:
    theirs = region.client("iam", account=THEIRS)
    role = theirs.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=TRUST_POLICY)["Role"]
    user = unique("user")
    theirs.create_user(UserName=user)
    key = theirs.create_access_key(UserName=user)["AccessKey"]
    session = region.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")

    for credentials in (key, session["Credentials"]):
        assert client(region, "sts", credentials).get_caller_identity()["Account"] == THEIRS
        name = unique("bucket")
        client(region, "s3", credentials).create_bucket(Bucket=name)
        assert name in {
            each["Name"] for each in region.client("s3", account=THEIRS).list_buckets()["Buckets"]
        }
        assert client(region, "iam", credentials).get_role(RoleName=role["RoleName"])
    assert client(region, "sts", key).get_caller_identity()["Arn"] == f"arn:aws:iam::{THEIRS}:user/{user}"


@pytest.mark.parametrize(
    "arn",
    [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
    ],
)
def test_what_is_no_arn_is_invalid(sts: Any, arn: str) -> None:
    error = api_error(sts.assume_role, RoleArn=arn, RoleSessionName="session")

    assert error == (400, "ValidationError", f"{arn} is invalid")


@pytest.mark.parametrize(
    "resource", ["iam::123456789012:role/missing", "iam::123456789012:user/lab", "iam::999999999999:role/r"]
)
def test_role_that_does_not_exist_cannot_be_assumed(sts: Any, resource: str) -> None:
    error = api_error(sts.assume_role, RoleArn=f"arn:aws:{resource}", RoleSessionName="session")

    assert error[:2] == (403, "AccessDenied")
    assert error.message == (
        f"User: arn:aws:iam::{OURS}:user/lab is not authorized to perform: sts:AssumeRole "
        f"on resource: arn:aws:{resource}"
    )


@pytest.mark.parametrize(
    ("arguments", "path", "constraint"),
    [
        (
            {"RoleSessionName": "Session1:2"},
            "Value 'Session1:2' at 'roleSessionName'",
            r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
        ),
        (
            {"RoleSessionName": "a" * 65},
            "'roleSessionName'",
            "Member must have length less than or equal to 64",
        ),
        ({"RoleArn": "arn"}, "'roleArn'", "Member must have length greater than or equal to 20"),
        ({"DurationSeconds": 60}, "'durationSeconds'", "Member must have value greater than or equal to 900"),
        (
            {"DurationSeconds": 50000},
            "'durationSeconds'",
            "Member must have value less than or equal to 43200",
        ),
    ],
)
def test_invalid_value_of_session_is_rejected(
    sts: Any, role: Any, arguments: dict[str, Any], path: str, constraint: str
) -> None:
    request = {"RoleArn": role["Arn"], "RoleSessionName": "session"} | arguments
    error = api_error(unchecked(sts).assume_role, **request)

    assert error[:2] == (400, "ValidationError")
    assert path in error.message and constraint in error.message


def test_session_is_not_longer_than_its_role_allows(sts: Any, iam: Any, role: Any) -> None:
    request = {"RoleArn": role["Arn"], "RoleSessionName": "session", "DurationSeconds": 7200}
    error = api_error(sts.assume_role, **request)
    iam.update_role(RoleName=role["RoleName"], MaxSessionDuration=7200)

    assert error.code == "ValidationError"
    assert "exceeds the MaxSessionDuration set for this role" in error.message
    sts.assume_role(**request)


def test_session_policy_must_be_json(sts: Any, role: Any) -> None:
    request = {"RoleArn": role["Arn"], "RoleSessionName": "session"}

    assert error_code(sts.assume_role, **request, Policy="{invalid") == "MalformedPolicyDocument"
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    assert sts.assume_role(**request, Policy=policy)["PackedPolicySize"] > 0


@pytest.mark.parametrize("call", ["get_session_token", "get_federation_token"])
def test_tokens_are_of_the_account(region: Region, call: str) -> None:
    arguments = {"Name": "federated"} if call == "get_federation_token" else {}
    theirs = region.client("sts", account=THEIRS)
    first, second = (getattr(theirs, call)(**arguments)["Credentials"] for _ in range(2))

    assert first["AccessKeyId"] != second["AccessKeyId"]
    assert client(region, "sts", first).get_caller_identity()["Account"] == THEIRS


def test_identity_providers_are_refused_by_name(sts: Any, role: Any) -> None:
    call = sts.assume_role_with_saml
    provider = "arn:aws:iam::123456789012:saml-provider/none"
    error = api_error(call, RoleArn=role["Arn"], PrincipalArn=provider, SAMLAssertion="assertion")

    assert error[:2] == (501, "NotImplemented")
    assert "AssumeRoleWithSAML" in error.message
