from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.region import Region, api_error, unchecked, unique

ACCOUNT, OTHER = "123456789012", "210987654321"


def trust(**fields: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    statement = {name: value for name, value in (statement | fields).items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{invalid", "This policy contains invalid Json"),
        ("[]", "This policy contains invalid Json"),
        ("{}", "Missing required field Statement"),
        (json.dumps({"Version": "2020-01-01", "Statement": []}), "a valid version string"),
        (trust(Principal=None), "Missing required field Principal"),
        (trust(Action=None), "Missing required field Action"),
        (trust(Effect="allow"), "Syntax errors in policy."),
        (trust(Colour="red"), "Syntax errors in policy."),
        (trust(Resource="*"), "Has prohibited field Resource"),
        (trust(Principal=None, NotPrincipal={"AWS": ACCOUNT}), "Has prohibited field NotPrincipal"),
        (trust(Condition={"StringIs": {"aws:username": "a"}}), "Syntax errors in policy."),
        (json.dumps({"Version": "2012-10-17", "Statement": [1]}), "Syntax errors in policy."),
        (trust(Action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trust(Principal={"Service": "lambda"}), 'Invalid principal in policy: "SERVICE":"lambda"'),
        (trust(Principal={"AWS": "arn:aws:sts::123456789012:user/moto"}), "Invalid principal in policy"),
        (trust(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/missing"}), "Invalid principal in policy"),
        (trust(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/missing"}), "Invalid principal in policy"),
    ],
)
def test_invalid_trust_policy_is_rejected(iam: Any, role: Any, document: str, message: str) -> None:
    name = role["RoleName"]
    calls = (
        (iam.create_role, {"RoleName": unique("role"), "AssumeRolePolicyDocument": document}),
        (iam.update_assume_role_policy, {"RoleName": name, "PolicyDocument": document}),
    )
    for call, arguments in calls:
        error = api_error(call, **arguments)
        assert error[:2] == (400, "MalformedPolicyDocument")
        assert message in error.message
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == json.loads(TRUST_POLICY)


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        {"AWS": "*"},
        {"AWS": [ACCOUNT, OTHER]},
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        {"AWS": "caller"},
        {"AWS": "role"},
        {"Service": ["ec2.amazonaws.com", "edgelambda.amazonaws.com"]},
        {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"},
    ],
)
def test_valid_principal_is_trusted(region: Region, iam: Any, role: Any, principal: Any) -> None:
    if principal == {"AWS": "caller"}:
        principal = {"AWS": region.client("sts").get_caller_identity()["Arn"]}
    if principal == {"AWS": "role"}:
        principal = {"AWS": role["Arn"]}
    document = trust(Principal=principal)

    made = iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=document)

    assert made["Role"]["AssumeRolePolicyDocument"] == json.loads(document)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"RoleName": "a" * 65},
            "'roleName' failed to satisfy constraint: Member must have length less than",
        ),
        (
            {"RoleName": "a b"},
            "'roleName' failed to satisfy constraint: Member must satisfy regular expression",
        ),
        ({"MaxSessionDuration": 60}, "'maxSessionDuration' failed to satisfy constraint"),
        ({"Path": "no-slash"}, "'path' failed to satisfy constraint"),
    ],
)
def test_invalid_value_of_role_is_rejected(iam: Any, arguments: dict[str, Any], text: str) -> None:
    request = {"RoleName": unique("role"), "AssumeRolePolicyDocument": TRUST_POLICY} | arguments
    error = api_error(unchecked(iam).create_role, **request)

    assert error[:2] == (400, "ValidationError")
    assert text in error.message


def test_missing_role_is_named(iam: Any) -> None:
    error = api_error(iam.get_role, RoleName="missing")

    assert error == (404, "NoSuchEntity", "The role with name missing cannot be found.")
