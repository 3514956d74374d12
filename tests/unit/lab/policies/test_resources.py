"""Resource, NotResource and policy variables, as documented."""

from __future__ import annotations

from tests.support.iam.rows import OWN_INSTANCES, USER, Row, allow, parametrized
from vpcache.lab.aws.policies.decision import Policies, Request, decide
from vpcache.lab.aws.policies.documents import parse

RESOURCE = "reference_policies_elements_resource.html"
NOT_RESOURCE = "reference_policies_elements_notresource.html"
VARIABLES = "reference_policies_variables.html"
TEST_OBJECTS = [allow("s3:GetObject", "arn:aws:s3:::DOC-EXAMPLE-BUCKET/*/test/*")]
TEAM_BUCKETS = [
    allow("s3:GetObject", "arn:aws:s3:::DOC-EXAMPLE-BUCKET-${aws:PrincipalTag/team, 'company-wide'}")
]
NOT_HR = [
    allow("s3:*", ["arn:aws:s3:::HRBucket", "arn:aws:s3:::HRBucket/*"]),
    {
        "Effect": "Deny",
        "Action": "s3:*",
        "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"],
    },
]
INSTANCE = "arn:aws:ec2:us-east-1:111122223333:instance/i-1"


def in_bucket(key: str) -> str:
    return f"arn:aws:s3:::DOC-EXAMPLE-BUCKET/{key}"


ROWS = [
    Row(
        "wildcard spans slashes",
        RESOURCE,
        True,
        "s3:GetObject",
        in_bucket("1/2/test/3/object.jpg"),
        TEST_OBJECTS,
    ),
    Row(
        "wildcard matches one folder",
        RESOURCE,
        True,
        "s3:GetObject",
        in_bucket("1/test/object.jpg"),
        TEST_OBJECTS,
    ),
    Row(
        "wildcard matches slashes",
        RESOURCE,
        True,
        "s3:GetObject",
        in_bucket("1///test///object.jpg"),
        TEST_OBJECTS,
    ),
    Row(
        "wildcard matches nothing",
        RESOURCE,
        True,
        "s3:GetObject",
        in_bucket("/test/object.jpg"),
        TEST_OBJECTS,
    ),
    Row("object name ends with slash", RESOURCE, True, "s3:GetObject", in_bucket("1/test/"), TEST_OBJECTS),
    Row("slash is literal", RESOURCE, False, "s3:GetObject", in_bucket("1-test/object.jpg"), TEST_OBJECTS),
    Row(
        "first slash is literal", RESOURCE, False, "s3:GetObject", in_bucket("test/object.jpg"), TEST_OBJECTS
    ),
    Row("last slash is literal", RESOURCE, False, "s3:GetObject", in_bucket("1/2/test.jpg"), TEST_OBJECTS),
    Row(
        "path of a user",
        RESOURCE,
        True,
        "iam:GetUser",
        "arn:aws:iam::1:user/accounting/eve",
        [allow("iam:GetUser", "arn:aws:iam::1:user/accounting/*")],
    ),
    Row(
        "other path of a user",
        RESOURCE,
        False,
        "iam:GetUser",
        "arn:aws:iam::1:user/eve",
        [allow("iam:GetUser", "arn:aws:iam::1:user/accounting/*")],
    ),
    Row(
        "one of several resources",
        RESOURCE,
        True,
        "sqs:SendMessage",
        "arn:aws:sqs:us-east-2:1:b",
        [allow("sqs:*", ["arn:aws:sqs:us-east-2:1:a", "arn:aws:sqs:us-east-2:1:b"])],
    ),
    Row(
        "other region",
        RESOURCE,
        False,
        "sqs:SendMessage",
        "arn:aws:sqs:us-east-1:1:a",
        [allow("sqs:*", "arn:aws:sqs:us-east-2:1:a")],
    ),
    Row(
        "objects are not the bucket",
        RESOURCE,
        False,
        "s3:ListBucket",
        "arn:aws:s3:::b",
        [allow("s3:*", "arn:aws:s3:::b/*")],
    ),
    Row(
        "NotResource, listed",
        NOT_RESOURCE,
        True,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Payroll/march",
        NOT_HR,
    ),
    Row(
        "NotResource, not listed",
        NOT_RESOURCE,
        False,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/reviews",
        NOT_HR,
    ),
    Row(
        "session has no user name",
        VARIABLES,
        False,
        "ec2:StopInstances",
        INSTANCE,
        OWN_INSTANCES,
        values={"aws:ResourceTag/Owner": "eve"},
    ),
    Row(
        "bucket of the team",
        VARIABLES,
        True,
        "s3:GetObject",
        "arn:aws:s3:::DOC-EXAMPLE-BUCKET-yellow",
        TEAM_BUCKETS,
        values={"aws:PrincipalTag/team": "yellow"},
    ),
    Row(
        "default of a variable",
        VARIABLES,
        True,
        "s3:GetObject",
        "arn:aws:s3:::DOC-EXAMPLE-BUCKET-company-wide",
        TEAM_BUCKETS,
    ),
    Row(
        "default and a value",
        VARIABLES,
        False,
        "s3:GetObject",
        "arn:aws:s3:::DOC-EXAMPLE-BUCKET-company-wide",
        TEAM_BUCKETS,
        values={"aws:PrincipalTag/team": "yellow"},
    ),
    Row(
        "variable before the fifth colon",
        VARIABLES,
        False,
        "sqs:SendMessage",
        "arn:aws:sqs:us-east-2:1:q",
        [allow("sqs:*", "arn:aws:sqs:${k}:1:q")],
        values={"k": "us-east-2"},
    ),
]


@parametrized(ROWS)
def test_resources_match_as_documented(row: Row) -> None:
    assert row.decision().is_allowed is row.allowed, row.page


def test_variables_are_literal_in_the_old_version() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html."""
    policy = parse({"Statement": allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}")})
    values = {"aws:username": ("eve",)}
    literal, value = (
        Request(USER, "s3:GetObject", f"arn:aws:s3:::b/{name}", values) for name in ("${aws:username}", "eve")
    )
    assert decide(literal, Policies((policy,))).is_allowed
    assert not decide(value, Policies((policy,))).is_allowed
