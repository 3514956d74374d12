"""Denials, permissions boundaries, session policies and endpoint policies, as documented."""

from __future__ import annotations

from tests.support.iam.rows import (
    ROLE,
    ROOT,
    SESSION,
    USER,
    Row,
    allow,
    deny,
    parametrized,
    put,
    to,
)

LOGIC = "reference_policies_evaluation-logic_policy-eval-denyallow.html"
DENIES = "reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html"
BOUNDARIES = "access_policies_boundaries.html"
SESSIONS = "access_policies.html#policies_session"
SHIRLEY = [allow(["s3:*", "cloudwatch:*", "ec2:*"])]
GET_LIST = [
    allow(["iam:Get*", "iam:List*"]),
    deny("iam:*Report"),
]


ROWS = [
    put("nothing allows it", LOGIC, False),
    put("identity allows it", LOGIC, True, identity=[allow("s3:*")]),
    put("deny overrides allow", LOGIC, False, identity=[allow("s3:*"), deny("s3:PutObject")]),
    Row("allowed prefix", DENIES, True, "iam:GetUser", identity=GET_LIST),
    Row("implicit deny", DENIES, False, "iam:CreatePolicy", identity=GET_LIST),
    Row("explicit deny", DENIES, False, "iam:GetOrganizationsAccessReport", identity=GET_LIST),
    Row(
        "deny in another policy",
        DENIES,
        False,
        "iam:GenerateCredentialReport",
        identity=[*GET_LIST, allow("iam:GenerateCredentialReport")],
    ),
    Row("boundary grants nothing", BOUNDARIES, False, "s3:ListAllMyBuckets", boundary=SHIRLEY),
    Row(
        "boundary limits identity",
        BOUNDARIES,
        False,
        "iam:CreateUser",
        identity=[allow("iam:CreateUser")],
        boundary=SHIRLEY,
    ),
    Row(
        "boundary and identity allow",
        BOUNDARIES,
        True,
        "ec2:CreateVpc",
        identity=[allow("*")],
        boundary=SHIRLEY,
    ),
    Row(
        "boundary denies",
        BOUNDARIES,
        False,
        "ec2:CreateVpc",
        identity=[allow("*")],
        boundary=[allow("*"), deny("ec2:CreateVpc")],
    ),
    put(
        "boundary does not limit a user's grant",
        BOUNDARIES,
        True,
        boundary=[allow("ec2:*")],
        of_resource=to({"AWS": USER.arn}),
    ),
    put(
        "boundary limits a role's grant",
        BOUNDARIES,
        False,
        principal=SESSION,
        boundary=[allow("ec2:*")],
        of_resource=to({"AWS": ROLE}),
    ),
    put(
        "boundary does not limit a session's grant",
        BOUNDARIES,
        True,
        principal=SESSION,
        boundary=[allow("ec2:*")],
        of_resource=to({"AWS": SESSION.arn}),
    ),
    put(
        "boundary and NotPrincipal",
        BOUNDARIES,
        False,
        identity=[allow("*")],
        boundary=[allow("*")],
        of_resource=to({"AWS": [USER.arn, ROOT]}, "Deny", is_not=True),
    ),
    put(
        "session policy and identity allow",
        SESSIONS,
        True,
        principal=SESSION,
        identity=[allow("s3:*")],
        session=[allow("s3:PutObject")],
    ),
    put(
        "session policy limits identity",
        SESSIONS,
        False,
        principal=SESSION,
        identity=[allow("s3:*")],
        session=[allow("s3:GetObject")],
    ),
    put("session policy grants nothing", SESSIONS, False, principal=SESSION, session=[allow("s3:*")]),
    put(
        "session policy denies",
        SESSIONS,
        False,
        principal=SESSION,
        identity=[allow("s3:*")],
        session=[allow("*"), deny("s3:Put*")],
    ),
    put(
        "session policy limits a role's grant",
        SESSIONS,
        False,
        principal=SESSION,
        session=[allow("ec2:*")],
        of_resource=to({"AWS": ROLE}),
    ),
    put(
        "session policy allows a role's grant",
        SESSIONS,
        True,
        principal=SESSION,
        session=[allow("s3:*")],
        of_resource=to({"AWS": ROLE}),
    ),
    put(
        "session policy does not limit a session's grant",
        SESSIONS,
        True,
        principal=SESSION,
        session=[allow("ec2:*")],
        of_resource=to({"AWS": SESSION.arn}),
    ),
    put(
        "session policy and boundary",
        SESSIONS,
        False,
        principal=SESSION,
        identity=[allow("s3:*")],
        session=[allow("s3:*")],
        boundary=[allow("ec2:*")],
    ),
    put(
        "session policy, boundary and identity",
        SESSIONS,
        True,
        principal=SESSION,
        identity=[allow("*")],
        session=[allow("s3:*")],
        boundary=[allow("s3:Put*")],
    ),
    put(
        "endpoint policy limits",
        LOGIC,
        False,
        identity=[allow("s3:*")],
        endpoint=to("*", action="s3:GetObject"),
    ),
    put("endpoint policy allows", LOGIC, True, identity=[allow("s3:*")], endpoint=to("*")),
    put("endpoint policy grants nothing", LOGIC, False, endpoint=to("*")),
]


@parametrized(ROWS)
def test_limits_are_combined_as_documented(row: Row) -> None:
    assert row.decision().is_allowed is row.allowed, row.page
