"""Example policies of the IAM user guide."""

from __future__ import annotations

from tests.support.iam.rows import OWN_INSTANCES, Row, allow, deny, parametrized

TAGS = "access_tags.html"
REGIONS = "reference_policies_examples_aws_deny-requested-region.html"
DENY_IP = "reference_policies_examples_aws_deny-ip.html"
DATES = "reference_policies_examples_aws-dates.html"
TAG_OWNER = "reference_policies_examples_ec2_tag-owner.html"
EBS_OWNER = "reference_policies_examples_ec2_ebs-owner.html"
PASS_ROLE = "reference_policies_examples_iam-passrole-service.html"
MANAGE_GROUP = "reference_policies_examples_iam_users-manage-group.html"
EXCEPT_BUCKET = "reference_policies_examples_s3_deny-except-bucket.html"
HOME = "reference_policies_examples_s3_home-directory-console.html"
EC2_REGION = "reference_policies_examples_ec2_region.html"
OUTSIDE_REGIONS = [
    allow("*"),
    {
        "Effect": "Deny",
        "NotAction": ["cloudfront:*", "iam:*", "route53:*", "support:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
    },
]
OUTSIDE_ADDRESSES = [
    allow("*"),
    deny(
        "*",
        Condition={
            "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
            "Bool": {"aws:ViaAWSService": "false"},
        },
    ),
]
SPRING = [
    allow(
        "ec2:CreateVpc",
        Condition={
            "DateGreaterThan": {"aws:CurrentTime": "2020-04-01T00:00:00Z"},
            "DateLessThan": {"aws:CurrentTime": "2020-06-30T23:59:59Z"},
        },
    )
]
VOLUMES = [
    allow(
        ["ec2:AttachVolume", "ec2:DetachVolume"],
        "arn:aws:ec2:*:*:instance/*",
        Condition={"StringEquals": {"aws:ResourceTag/Department": "Development"}},
    ),
    allow(
        ["ec2:AttachVolume", "ec2:DetachVolume"],
        "arn:aws:ec2:*:*:volume/*",
        Condition={"StringEquals": {"aws:ResourceTag/VolumeUser": "${aws:username}"}},
    ),
]
CLOUDWATCH_ROLES = [
    allow("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "cloudwatch.amazonaws.com"}})
]
GROUP = "arn:aws:iam::*:group/AllUsers"
GROUP_MANAGERS = [
    allow("iam:ListGroups"),
    allow("iam:*Group*", GROUP),
    deny(
        ["iam:AddUserToGroup", "iam:DeleteGroup"],
        GROUP,
        Condition={"StringNotEquals": {"aws:username": ["srodriguez", "mjackson"]}},
    ),
]
ALL_USERS = "arn:aws:iam::111122223333:group/AllUsers"
ONLY_BUCKET = [
    allow("s3:*", ["arn:aws:s3:::bucket-name", "arn:aws:s3:::bucket-name/*"]),
    {
        "Effect": "Deny",
        "NotAction": "s3:*",
        "NotResource": ["arn:aws:s3:::bucket-name", "arn:aws:s3:::bucket-name/*"],
    },
]
HOMES = [
    allow(
        "s3:ListBucket",
        "arn:aws:s3:::bucket-name",
        Condition={"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}},
    ),
    allow(
        "s3:*",
        ["arn:aws:s3:::bucket-name/home/${aws:username}", "arn:aws:s3:::bucket-name/home/${aws:username}/*"],
    ),
]
TEAM_QUEUES = [allow("sqs:DeleteQueue", "arn:aws:sqs:us-east-2::${aws:PrincipalTag/team}-queue")]
INSTANCE = "arn:aws:ec2:us-east-1:111122223333:instance/i-1"
VOLUME = "arn:aws:ec2:us-east-1:111122223333:volume/vol-1"

ROWS = [
    Row(
        "allowed region",
        REGIONS,
        True,
        "ec2:CreateVpc",
        identity=OUTSIDE_REGIONS,
        values={"aws:RequestedRegion": "eu-west-1"},
    ),
    Row(
        "denied region",
        REGIONS,
        False,
        "ec2:CreateVpc",
        identity=OUTSIDE_REGIONS,
        values={"aws:RequestedRegion": "us-east-1"},
    ),
    Row(
        "global service in a denied region",
        REGIONS,
        True,
        "iam:GetRole",
        identity=OUTSIDE_REGIONS,
        values={"aws:RequestedRegion": "us-east-1"},
    ),
    Row(
        "allowed address",
        DENY_IP,
        True,
        "s3:ListAllMyBuckets",
        identity=OUTSIDE_ADDRESSES,
        values={"aws:SourceIp": "192.0.2.1", "aws:ViaAWSService": "false"},
    ),
    Row(
        "denied address",
        DENY_IP,
        False,
        "s3:ListAllMyBuckets",
        identity=OUTSIDE_ADDRESSES,
        values={"aws:SourceIp": "198.51.100.1", "aws:ViaAWSService": "false"},
    ),
    Row(
        "denied address of a service",
        DENY_IP,
        True,
        "s3:ListAllMyBuckets",
        identity=OUTSIDE_ADDRESSES,
        values={"aws:SourceIp": "198.51.100.1", "aws:ViaAWSService": "true"},
    ),
    Row(
        "before the dates",
        DATES,
        False,
        "ec2:CreateVpc",
        identity=SPRING,
        values={"aws:CurrentTime": "2020-03-31T00:00:00Z"},
    ),
    Row(
        "between the dates",
        DATES,
        True,
        "ec2:CreateVpc",
        identity=SPRING,
        values={"aws:CurrentTime": "2020-05-01T00:00:00Z"},
    ),
    Row(
        "after the dates",
        DATES,
        False,
        "ec2:CreateVpc",
        identity=SPRING,
        values={"aws:CurrentTime": "2020-07-01T00:00:00Z"},
    ),
    Row(
        "own instance",
        TAG_OWNER,
        True,
        "ec2:StopInstances",
        INSTANCE,
        OWN_INSTANCES,
        values={"aws:ResourceTag/Owner": "eve", "aws:username": "eve"},
    ),
    Row(
        "own instance, case of the tag",
        TAGS,
        True,
        "ec2:StopInstances",
        INSTANCE,
        OWN_INSTANCES,
        values={"aws:ResourceTag/owner": "eve", "aws:username": "eve"},
    ),
    Row(
        "other owner",
        TAG_OWNER,
        False,
        "ec2:StopInstances",
        INSTANCE,
        OWN_INSTANCES,
        values={"aws:ResourceTag/Owner": "bob", "aws:username": "eve"},
    ),
    Row(
        "instance without owner",
        TAG_OWNER,
        False,
        "ec2:StopInstances",
        INSTANCE,
        OWN_INSTANCES,
        values={"aws:username": "eve"},
    ),
    Row(
        "volume of the user",
        EBS_OWNER,
        True,
        "ec2:AttachVolume",
        VOLUME,
        VOLUMES,
        values={"aws:ResourceTag/VolumeUser": "eve", "aws:username": "eve"},
    ),
    Row(
        "instance of the department",
        EBS_OWNER,
        True,
        "ec2:AttachVolume",
        INSTANCE,
        VOLUMES,
        values={"aws:ResourceTag/Department": "Development"},
    ),
    Row(
        "instance of another department",
        EBS_OWNER,
        False,
        "ec2:AttachVolume",
        INSTANCE,
        VOLUMES,
        values={"aws:ResourceTag/Department": "Sales"},
    ),
    Row(
        "role passed to the service",
        PASS_ROLE,
        True,
        "iam:PassRole",
        "arn:aws:iam::1:role/r",
        CLOUDWATCH_ROLES,
        values={"iam:PassedToService": "cloudwatch.amazonaws.com"},
    ),
    Row(
        "role passed to another service",
        PASS_ROLE,
        False,
        "iam:PassRole",
        "arn:aws:iam::1:role/r",
        CLOUDWATCH_ROLES,
        values={"iam:PassedToService": "lambda.amazonaws.com"},
    ),
    Row(
        "named user manages the group",
        MANAGE_GROUP,
        True,
        "iam:AddUserToGroup",
        ALL_USERS,
        GROUP_MANAGERS,
        values={"aws:username": "mjackson"},
    ),
    Row(
        "other user manages the group",
        MANAGE_GROUP,
        False,
        "iam:AddUserToGroup",
        ALL_USERS,
        GROUP_MANAGERS,
        values={"aws:username": "eve"},
    ),
    Row(
        "other user views the group",
        MANAGE_GROUP,
        True,
        "iam:GetGroup",
        ALL_USERS,
        GROUP_MANAGERS,
        values={"aws:username": "eve"},
    ),
    Row("bucket", EXCEPT_BUCKET, True, "s3:PutObject", "arn:aws:s3:::bucket-name/key", ONLY_BUCKET),
    Row("other bucket", EXCEPT_BUCKET, False, "s3:PutObject", "arn:aws:s3:::other/key", ONLY_BUCKET),
    Row("other service", EXCEPT_BUCKET, False, "ec2:CreateVpc", "*", [allow("ec2:*"), *ONLY_BUCKET]),
    Row(
        "own home directory",
        HOME,
        True,
        "s3:PutObject",
        "arn:aws:s3:::bucket-name/home/eve/a",
        HOMES,
        values={"aws:username": "eve"},
    ),
    Row(
        "other home directory",
        HOME,
        False,
        "s3:PutObject",
        "arn:aws:s3:::bucket-name/home/bob/a",
        HOMES,
        values={"aws:username": "eve"},
    ),
    Row(
        "listing of own home directory",
        HOME,
        True,
        "s3:ListBucket",
        "arn:aws:s3:::bucket-name",
        HOMES,
        values={"aws:username": "eve", "s3:prefix": "home/eve/a"},
    ),
    Row(
        "listing of another home directory",
        HOME,
        False,
        "s3:ListBucket",
        "arn:aws:s3:::bucket-name",
        HOMES,
        values={"aws:username": "eve", "s3:prefix": "home/bob/"},
    ),
    Row(
        "queue of the team",
        TAGS,
        True,
        "sqs:DeleteQueue",
        "arn:aws:sqs:us-east-2::qa-queue",
        TEAM_QUEUES,
        values={"aws:PrincipalTag/team": "qa"},
    ),
    Row(
        "queue of another team",
        TAGS,
        False,
        "sqs:DeleteQueue",
        "arn:aws:sqs:us-east-2::dev-queue",
        TEAM_QUEUES,
        values={"aws:PrincipalTag/team": "qa"},
    ),
    Row(
        "ec2:Region",
        EC2_REGION,
        True,
        "ec2:CreateVpc",
        identity=[allow("ec2:*", Condition={"StringEquals": {"ec2:Region": "us-east-2"}})],
        values={"ec2:Region": "us-east-2"},
    ),
    Row(
        "other ec2:Region",
        EC2_REGION,
        False,
        "ec2:CreateVpc",
        identity=[allow("ec2:*", Condition={"StringEquals": {"ec2:Region": "us-east-2"}})],
        values={"ec2:Region": "us-east-1"},
    ),
]


@parametrized(ROWS)
def test_example_policy_is_evaluated_as_documented(row: Row) -> None:
    assert row.decision().is_allowed is row.allowed, row.page
