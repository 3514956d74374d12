"""Resource-based policies within an account and across accounts, as documented."""

from __future__ import annotations

from tests.support.iam.rows import (
    ACCOUNT,
    OTHER_ACCOUNT,
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
from vpcache.lab.aws.policies.principals import Principal

LOGIC = "reference_policies_evaluation-logic_policy-eval-denyallow.html"
ACROSS = "reference_policies_evaluation-logic-cross-account.html"
NOT_PRINCIPAL = "reference_policies_elements_notprincipal.html"
PRINCIPAL = "reference_policies_elements_principal.html"
ROLES = "id_roles_compare-resource-policies.html"
CARLOS = Principal("arn:aws:iam::111111111111:user/carlossalazar", "111111111111")
SERVICE = Principal("lambda.amazonaws.com", "", is_service=True)
CARLOS_MAY = [
    allow("s3:ListAllMyBuckets"),
    allow("s3:*Object*", "arn:aws:s3:::Production/*"),
    deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]),
]
PRODUCTION = [
    {
        "Effect": "Allow",
        "Action": ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"],
        "Principal": {"AWS": CARLOS.arn},
        "Resource": "arn:aws:s3:::Production/*",
    }
]


BOB = f"arn:aws:iam::{OTHER_ACCOUNT}:user/Bob"
EXCEPT_BOB = to({"AWS": [BOB, f"arn:aws:iam::{OTHER_ACCOUNT}:root"]}, "Deny", is_not=True)
AUDIT = Principal(
    f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/read-only/audit-app",
    OTHER_ACCOUNT,
    role_arn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/read-only",
)
AUDIT_ARNS = [AUDIT.arn, AUDIT.role_arn, f"arn:aws:iam::{OTHER_ACCOUNT}:root"]

ROWS = [
    put("bucket policy allows the user", LOGIC, True, of_resource=to({"AWS": USER.arn})),
    put("bucket policy allows everyone", PRINCIPAL, True, of_resource=to("*")),
    put("bucket policy allows everyone of AWS", PRINCIPAL, True, of_resource=to({"AWS": "*"})),
    put(
        "bucket policy allows another user",
        LOGIC,
        False,
        of_resource=to({"AWS": f"arn:aws:iam::{ACCOUNT}:user/eve"}),
    ),
    put("bucket policy allows the role", LOGIC, True, principal=SESSION, of_resource=to({"AWS": ROLE})),
    put(
        "bucket policy allows the session",
        LOGIC,
        True,
        principal=SESSION,
        of_resource=to({"AWS": SESSION.arn}),
    ),
    put(
        "bucket policy allows another session",
        LOGIC,
        False,
        principal=SESSION,
        of_resource=to({"AWS": SESSION.arn + "2"}),
    ),
    put("bucket policy allows the account", PRINCIPAL, False, of_resource=to({"AWS": ROOT})),
    put(
        "account and identity allow",
        PRINCIPAL,
        True,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": ACCOUNT}),
    ),
    put("bucket policy denies", LOGIC, False, identity=[allow("s3:*")], of_resource=to("*", "Deny")),
    put(
        "bucket policy denies the account",
        PRINCIPAL,
        False,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": ROOT}, "Deny"),
    ),
    put(
        "bucket policy denies another account",
        PRINCIPAL,
        True,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": OTHER_ACCOUNT}, "Deny"),
    ),
    put(
        "identity denies what the bucket allows",
        LOGIC,
        False,
        identity=[deny("s3:*")],
        of_resource=to({"AWS": USER.arn}),
    ),
    put(
        "bucket policy without Resource",
        "access_policies.html",
        True,
        of_resource=[{"Effect": "Allow", "Action": "s3:*", "Principal": "*"}],
    ),
    put(
        "bucket policy allows the service",
        PRINCIPAL,
        True,
        principal=SERVICE,
        owner=ACCOUNT,
        of_resource=to({"Service": SERVICE.arn}),
    ),
    put(
        "bucket policy allows another service",
        PRINCIPAL,
        False,
        principal=SERVICE,
        owner=ACCOUNT,
        of_resource=to({"Service": "sns.amazonaws.com"}),
    ),
    put("service without a policy", PRINCIPAL, False, principal=SERVICE, owner=ACCOUNT),
    put(
        "NotPrincipal excepts the user",
        NOT_PRINCIPAL,
        True,
        principal=Principal(BOB, OTHER_ACCOUNT),
        identity=[allow("s3:*")],
        of_resource=EXCEPT_BOB,
    ),
    put("NotPrincipal denies others", NOT_PRINCIPAL, False, identity=[allow("s3:*")], of_resource=EXCEPT_BOB),
    put(
        "NotPrincipal without the account",
        NOT_PRINCIPAL,
        False,
        principal=Principal(BOB, OTHER_ACCOUNT),
        identity=[allow("s3:*")],
        of_resource=to({"AWS": BOB}, "Deny", is_not=True),
    ),
    put(
        "NotPrincipal excepts the session",
        NOT_PRINCIPAL,
        True,
        principal=AUDIT,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": AUDIT_ARNS}, "Deny", is_not=True),
    ),
    put(
        "NotPrincipal without the role",
        NOT_PRINCIPAL,
        False,
        principal=AUDIT,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": [AUDIT_ARNS[0], AUDIT_ARNS[2]]}, "Deny", is_not=True),
    ),
    put("NotPrincipal with Allow", NOT_PRINCIPAL, True, of_resource=to({"AWS": BOB}, is_not=True)),
    Row(
        "denied logs",
        ACROSS,
        False,
        "s3:PutObject",
        "arn:aws:s3:::Production-logs/a",
        CARLOS_MAY,
        owner="222222222222",
        principal=CARLOS,
    ),
    Row(
        "production",
        ACROSS,
        True,
        "s3:PutObject",
        "arn:aws:s3:::Production/a",
        CARLOS_MAY,
        of_resource=PRODUCTION,
        owner="222222222222",
        principal=CARLOS,
    ),
    Row(
        "production, deleted",
        ACROSS,
        False,
        "s3:DeleteObject",
        "arn:aws:s3:::Production/a",
        CARLOS_MAY,
        of_resource=PRODUCTION,
        owner="222222222222",
        principal=CARLOS,
    ),
    Row("own account", ACROSS, True, "s3:ListAllMyBuckets", identity=CARLOS_MAY, principal=CARLOS),
    put("other account, identity only", ACROSS, False, identity=[allow("s3:*")], owner=OTHER_ACCOUNT),
    put(
        "other account, resource only", ACROSS, False, of_resource=to({"AWS": USER.arn}), owner=OTHER_ACCOUNT
    ),
    put(
        "other account, both",
        ACROSS,
        True,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": USER.arn}),
        owner=OTHER_ACCOUNT,
    ),
    put(
        "other account, whole account",
        ROLES,
        True,
        identity=[allow("s3:*")],
        of_resource=to({"AWS": ROOT}),
        owner=OTHER_ACCOUNT,
    ),
    put(
        "other account, read-only user",
        ROLES,
        False,
        identity=[allow("s3:Get*")],
        of_resource=to({"AWS": ROOT}),
        owner=OTHER_ACCOUNT,
    ),
    put(
        "other account, user without policies",
        ROLES,
        False,
        of_resource=to({"AWS": ROOT}),
        owner=OTHER_ACCOUNT,
    ),
    put(
        "other account, boundary",
        ACROSS,
        False,
        identity=[allow("*")],
        boundary=[allow("ec2:*")],
        of_resource=to({"AWS": USER.arn}),
        owner=OTHER_ACCOUNT,
    ),
]


@parametrized(ROWS)
def test_resource_policies_are_combined_as_documented(row: Row) -> None:
    assert row.decision().is_allowed is row.allowed, row.page
