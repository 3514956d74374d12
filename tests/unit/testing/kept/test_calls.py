"""Which calls of AWS's API change resources."""

import pytest

from vpcache.testing.kept.calls import changes, changes_since


@pytest.mark.parametrize(
    "name",
    [
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateTags",
        "elasticache:ModifyCacheCluster",
        "iam:PutRolePolicy",
        "lambda:PublishVersion",
        "lambda:UpdateFunctionCode",
        "logs:PutRetentionPolicy",
        "s3:DeleteBucket",
        "s3:PUT /unknown",
        "s3:PutBucketPolicy",
        "sqs:SetQueueAttributes",
        "unknown:Frobnicate",
    ],
)
def test_change(name):
    assert changes({name: 1}) == {name: 1}


@pytest.mark.parametrize(
    "name",
    [
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "ec2:DescribeVpcs",
        "elasticache:RebootCacheCluster",
        "iam:ListRoles",
        "lambda:GetFunction",
        "lambda:Invoke",
        "logs:FilterLogEvents",
        "monitoring:PutMetricData",
        "s3:HeadObject",
        "s3:PutObject",
        "sqs:SendMessage",
        "sts:AssumeRole",
    ],
)
def test_read_or_use(name):
    assert changes({name: 1}) == {}


def test_changes_since():
    before = changes({"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 2})
    assert changes_since(before, {"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 3}) == []
    assert changes_since(before, {"ec2:CreateVpc": 2, "ec2:DeleteVpc": 1}) == [
        "ec2:CreateVpc",
        "ec2:DeleteVpc",
    ]
