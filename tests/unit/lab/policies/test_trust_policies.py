"""Trust policies of roles, and messages of denials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.iam.rows import ACCOUNT, OTHER_ACCOUNT, SESSION, USER, Row, allow, deny, parametrized
from vpcache.lab.aws.policies.decision import PolicyType
from vpcache.lab.aws.policies.principals import Principal

LOGIC = "reference_policies_evaluation-logic_policy-eval-denyallow.html"
ACROSS = "reference_policies_evaluation-logic-cross-account.html"
PRINCIPAL = "reference_policies_elements_principal.html"
MESSAGES = "troubleshoot_access-denied.html"
BUCKET, OBJECT = "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/key"
ROLE = "arn:aws:iam::111122223333:role/app"
CARLOS = Principal("arn:aws:iam::111111111111:user/carlossalazar", "111111111111")
SERVICE = Principal("lambda.amazonaws.com", "", is_service=True)
GITHUB = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
TOKEN = Principal("repo", "", federated=GITHUB)


def to(principal: Any, effect: str = "Allow", action: str = "s3:*", **elements: Any) -> list[dict[str, Any]]:
    """Return a bucket policy about a principal."""
    name = "NotPrincipal" if elements.pop("is_not", False) else "Principal"
    return [
        {"Effect": effect, "Action": action, name: principal, "Resource": [BUCKET, f"{BUCKET}/*"], **elements}
    ]


def trust(principal: Any, action: str = "sts:AssumeRole", **elements: Any) -> list[dict[str, Any]]:
    """Return a trust policy."""
    return [{"Effect": "Allow", "Action": action, "Principal": principal, **elements}]


def put(name: str, page: str, allowed: bool, **policies: Any) -> Row:
    """Return a row about an object that is written."""
    return Row(name, page, allowed, "s3:PutObject", OBJECT, **policies)


def assume(name: str, page: str, allowed: bool, **policies: Any) -> Row:
    """Return a row about a role that is assumed."""
    return Row(name, page, allowed, "sts:AssumeRole", ROLE, **policies)


ROOT = f"arn:aws:iam::{ACCOUNT}:root"
BOB = f"arn:aws:iam::{OTHER_ACCOUNT}:user/Bob"


def denial(principal: str, action: str, resource: str, context: str) -> str:
    on_resource = f" on resource: {resource}" if resource != "*" else ""
    return f"User: {principal} is not authorized to perform: {action}{on_resource} {context}"


ROWS = [
    assume("trust policy names the user", LOGIC, True, trust=trust({"AWS": USER.arn})),
    assume("trust policy names the account", PRINCIPAL, False, trust=trust({"AWS": ROOT})),
    assume(
        "trust of the account, identity allows",
        PRINCIPAL,
        True,
        identity=[allow("sts:AssumeRole")],
        trust=trust({"AWS": ROOT}),
    ),
    assume(
        "trust policy is needed", LOGIC, False, identity=[allow("*")], trust=trust({"Service": SERVICE.arn})
    ),
    assume(
        "trust policy names the service",
        PRINCIPAL,
        True,
        principal=SERVICE,
        owner=ACCOUNT,
        trust=trust({"Service": SERVICE.arn}),
    ),
    assume(
        "trust policy names another service",
        PRINCIPAL,
        False,
        principal=SERVICE,
        owner=ACCOUNT,
        trust=trust({"Service": "ec2.amazonaws.com"}),
    ),
    assume(
        "trust across accounts",
        ACROSS,
        True,
        principal=CARLOS,
        owner=ACCOUNT,
        identity=[allow("sts:*")],
        trust=trust({"AWS": CARLOS.account}),
    ),
    assume(
        "trust across accounts, no identity policy",
        ACROSS,
        False,
        principal=CARLOS,
        owner=ACCOUNT,
        trust=trust({"AWS": CARLOS.arn}),
    ),
    assume(
        "external ID",
        "id_roles_common-scenarios_third-party.html",
        True,
        principal=CARLOS,
        owner=ACCOUNT,
        identity=[allow("sts:*")],
        trust=trust({"AWS": CARLOS.account}, Condition={"StringEquals": {"sts:ExternalId": "12345"}}),
        values={"sts:ExternalId": "12345"},
    ),
    assume(
        "other external ID",
        "id_roles_common-scenarios_third-party.html",
        False,
        principal=CARLOS,
        owner=ACCOUNT,
        identity=[allow("sts:*")],
        trust=trust({"AWS": CARLOS.account}, Condition={"StringEquals": {"sts:ExternalId": "12345"}}),
    ),
    replace(
        assume(
            "federated",
            PRINCIPAL,
            True,
            principal=TOKEN,
            owner=ACCOUNT,
            trust=trust({"Federated": GITHUB}, "sts:AssumeRoleWithWebIdentity"),
        ),
        action="sts:AssumeRoleWithWebIdentity",
    ),
    replace(
        assume(
            "other identity provider",
            PRINCIPAL,
            False,
            principal=TOKEN,
            owner=ACCOUNT,
            trust=trust({"Federated": "accounts.google.com"}, "sts:AssumeRoleWithWebIdentity"),
        ),
        action="sts:AssumeRoleWithWebIdentity",
    ),
]


@parametrized(ROWS)
def test_trust_policy_is_evaluated_as_documented(row: Row) -> None:
    assert row.decision().is_allowed is row.allowed, row.page


@pytest.mark.parametrize(
    ("row", "context"),
    [
        (put("", MESSAGES, False), "because no identity-based policy allows the s3:PutObject action"),
        (
            put("", MESSAGES, False, identity=[deny("*")]),
            "with an explicit deny in an identity-based policy",
        ),
        (
            put("", MESSAGES, False, identity=[allow("*")], boundary=[allow("ec2:*")]),
            "because no permissions boundary allows the s3:PutObject action",
        ),
        (
            put("", MESSAGES, False, boundary=[deny("*")]),
            "with an explicit deny in a permissions boundary",
        ),
        (
            put("", MESSAGES, False, principal=SESSION, identity=[allow("*")], session=[allow("ec2:*")]),
            "because no session policy allows the s3:PutObject action",
        ),
        (
            put("", MESSAGES, False, principal=SESSION, session=[deny("*")]),
            "with an explicit deny in a session policy",
        ),
        (
            put("", MESSAGES, False, identity=[allow("*")], owner=OTHER_ACCOUNT),
            "because no resource-based policy allows the s3:PutObject action",
        ),
        (
            put("", MESSAGES, False, of_resource=to("*", "Deny")),
            "with an explicit deny in a resource-based policy",
        ),
        (
            put("", MESSAGES, False, identity=[allow("*")], endpoint=to("*", action="s3:GetObject")),
            "because no VPC endpoint policy allows the s3:PutObject action",
        ),
        (
            put("", MESSAGES, False, identity=[allow("*")], endpoint=to("*", "Deny")),
            "with an explicit deny in a VPC endpoint policy",
        ),
        (
            assume("", MESSAGES, False, trust=trust({"AWS": BOB})),
            "because no role trust policy allows the sts:AssumeRole action",
        ),
    ],
)
def test_denial_names_principal_action_resource_and_policy_type(row: Row, context: str) -> None:
    message = row.decision().message(row.request)
    assert message == denial(row.principal.arn, row.action, row.resource, context)


def test_decision_names_the_decisive_statements() -> None:
    denied = put("", LOGIC, False, identity=[allow("s3:*"), deny("s3:Put*", Sid="NoWrites")]).decision()
    assert (denied.denied_by, denied.statements[0].sid) == (PolicyType.IDENTITY, "NoWrites")
    allowed = put("", LOGIC, True, identity=[allow("s3:*", Sid="A"), allow("s3:Put*", Sid="B")]).decision()
    assert [statement.sid for statement in allowed.statements] == ["A", "B"]
