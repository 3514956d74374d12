"""Action and NotAction, as documented."""

from __future__ import annotations

from tests.support.iam.rows import Row, allow, parametrized

ACTION = "reference_policies_elements_action.html"
NOT_ACTION = "reference_policies_elements_notaction.html"
EXCEPT_DELETE = [{"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::*"}]
EXCEPT_IAM = [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]
MFA = [
    allow("*"),
    {
        "Effect": "Deny",
        "NotAction": "iam:*",
        "Resource": "*",
        "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    },
]
INSTANCE = "arn:aws:ec2:us-east-1:111122223333:instance/i-1"

ROWS = [
    Row("action", ACTION, True, "sqs:SendMessage", identity=[allow("sqs:SendMessage")]),
    Row("other action", ACTION, False, "sqs:ReceiveMessage", identity=[allow("sqs:SendMessage")]),
    Row(
        "list of actions",
        ACTION,
        True,
        "sqs:ReceiveMessage",
        identity=[allow(["sqs:SendMessage", "sqs:ReceiveMessage"])],
    ),
    Row("all actions of a service", ACTION, True, "s3:GetObject", identity=[allow("s3:*")]),
    Row("prefix of a service", ACTION, False, "s3express:CreateSession", identity=[allow("s3:*")]),
    Row("part of an action", ACTION, True, "iam:CreateAccessKey", identity=[allow("iam:*AccessKey*")]),
    Row("other part of an action", ACTION, False, "iam:CreateUser", identity=[allow("iam:*AccessKey*")]),
    Row("case of an action", ACTION, True, "iam:ListAccessKeys", identity=[allow("IAM:listaccesskeys")]),
    Row("one character of an action", ACTION, True, "ec2:CreateVpc", identity=[allow("ec2:Create???")]),
    Row("no statement", ACTION, False, "ec2:CreateVpc", identity=[allow("ec2:DescribeVpcs")]),
    Row("NotAction, not listed", NOT_ACTION, True, "s3:CreateBucket", "arn:aws:s3:::b", EXCEPT_DELETE),
    Row("NotAction, listed", NOT_ACTION, False, "s3:DeleteBucket", "arn:aws:s3:::b", EXCEPT_DELETE),
    Row("NotAction, all resources", NOT_ACTION, False, "s3:ListAllMyBuckets", "*", EXCEPT_DELETE),
    Row("NotAction, other service", NOT_ACTION, False, "ec2:StopInstances", INSTANCE, EXCEPT_DELETE),
    Row("NotAction, service not listed", NOT_ACTION, True, "ec2:CreateVpc", identity=EXCEPT_IAM),
    Row("NotAction, service listed", NOT_ACTION, False, "iam:CreateUser", identity=EXCEPT_IAM),
    Row(
        "NotAction with Deny, no MFA",
        NOT_ACTION,
        False,
        "ec2:CreateVpc",
        identity=MFA,
        values={"aws:MultiFactorAuthPresent": "false"},
    ),
    Row(
        "NotAction with Deny, MFA",
        NOT_ACTION,
        True,
        "ec2:CreateVpc",
        identity=MFA,
        values={"aws:MultiFactorAuthPresent": "true"},
    ),
    Row("NotAction with Deny, access key", NOT_ACTION, False, "ec2:CreateVpc", identity=MFA),
    Row("NotAction with Deny, listed", NOT_ACTION, True, "iam:GetUser", identity=MFA),
]


@parametrized(ROWS)
def test_actions_match_as_documented(row: Row) -> None:
    assert row.decision().is_allowed is row.allowed, row.page
