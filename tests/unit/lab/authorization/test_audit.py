"""Used and unused permissions, and the smallest policy."""

from __future__ import annotations

from tests.support.iam.rows import allow, deny, document
from vpcache.lab.aws.authorization.audit import permissions, smallest_policy
from vpcache.lab.aws.authorization.usage import Use

ROLE = "arn:aws:iam::123456789012:role/r"
VPC = "arn:aws:ec2:us-east-1:123456789012:vpc/"


def use(action: str, resource: str = "*", *, is_allowed: bool = True) -> Use:
    return Use(ROLE, action, resource, is_allowed)


def test_unused_permissions_are_granted_and_never_used() -> None:
    documents = [document(allow(["sqs:SendMessage", "sqs:Receive*"]), deny("sqs:DeleteQueue"))]
    audit = permissions(ROLE, [use("sqs:SendMessage"), use("s3:GetObject", is_allowed=False)], documents)
    assert (audit.used, audit.denied, audit.unused) == (
        ("sqs:SendMessage",),
        ("s3:GetObject",),
        ("sqs:ReceiveMessage",),
    )


def test_denied_permission_counts_as_unused() -> None:
    documents = [document(allow("ec2:DeleteVpc", Condition={"Null": {"aws:ResourceTag/x": "false"}}))]
    assert permissions(ROLE, [use("ec2:DeleteVpc", is_allowed=False)], documents).unused == ("ec2:DeleteVpc",)


def test_granted_action_outside_the_reference_is_listed_by_name() -> None:
    audit = permissions(ROLE, [], [document(allow(["events:PutRule", "dynamodb:*"]))])
    assert audit.unused == ("events:PutRule",)


def test_smallest_policy_joins_actions_of_the_same_resources() -> None:
    uses = [
        use("ec2:DescribeVpcs"),
        use("ec2:DescribeSubnets"),
        use("ec2:CreateVpc", f"{VPC}*"),
        use("ec2:DeleteVpc", f"{VPC}vpc-1"),
        use("ec2:DeleteVpc", f"{VPC}vpc-2"),
        use("s3:GetObject", "arn:aws:s3:::b/k"),
    ]
    assert smallest_policy(uses) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["ec2:CreateVpc", "ec2:DeleteVpc"], "Resource": [f"{VPC}*"]},
            {"Effect": "Allow", "Action": ["ec2:DescribeSubnets", "ec2:DescribeVpcs"], "Resource": ["*"]},
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/k"]},
        ],
    }


def test_statement_is_unneeded_if_another_allows_the_same() -> None:
    policy = document(
        allow("ec2:*", Sid="All"), allow("ec2:DescribeVpcs", Sid="Double"), allow("s3:*"), deny("iam:*")
    )
    every, double, _, _ = policy.statements
    audit = permissions(ROLE, [], [policy], {(every, double), (every,)})
    assert audit.unneeded_statements == ("Double", "3")
