"""Condition operators, set operators and missing keys, each as a documented row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.iam.rows import allow, context, document
from vpcache.lab.aws.policies.conditions import all_hold

OPERATORS = "reference_policies_elements_condition_operators.html"
VALUES = "reference_policies_condition-logic-multiple-context-keys-or-values.html"
SETS = "reference_policies_condition-single-vs-multi-valued-context-keys.html"
SET_EXAMPLES = "reference_policies_condition_examples-multi-valued-context-keys.html"
CONDITION = "reference_policies_elements_condition.html"
VARIABLES = "reference_policies_variables.html"
TAGS = "access_tags.html"

ATTRIBUTES = ["PostDateTime", "Message", "Tags"]
FINANCE = {
    "StringEqualsIgnoreCase": {
        "aws:PrincipalTag/department": ["finance", "hr", "legal"],
        "aws:PrincipalTag/role": ["audit", "security"],
    },
    "StringEquals": {"aws:PrincipalAccount": "123456789012"},
}
LEGAL = {
    "aws:PrincipalTag/department": "Legal",
    "aws:PrincipalTag/role": "audit",
    "aws:PrincipalAccount": "123456789012",
}
COLONS = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
PREFIXES = {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/"]}}
TAG_ENVIRONMENT = {
    "StringEquals": {"aws:RequestTag/environment": ["preprod", "production"]},
    "ForAllValues:StringEquals": {"aws:TagKeys": "environment"},
}
INSTANCE_TYPES = ["t1.*", "t2.*", "m3.*"]
JOB = {"StringEquals": {"aws:PrincipalTag/job-category": "iamuser-admin"}}
ISSUED = {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}}
ADDRESSES = {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}}
KEY_PREFIX = {"ForAllValues:StringLike": {"aws:TagKeys": ["key1*"]}, "Null": {"aws:TagKeys": "false"}}

ROWS: list[tuple[str, Mapping[str, Any], Mapping[str, str | list[str]], bool]] = [
    # string operators
    (OPERATORS, JOB, {"aws:PrincipalTag/job-category": "iamuser-admin"}, True),
    (OPERATORS, JOB, {"aws:PrincipalTag/job-category": "IAMuser-admin"}, False),
    (OPERATORS, JOB, {"aws:PrincipalTag/job-category": "iamuser"}, False),
    (OPERATORS, JOB, {}, False),
    (CONDITION, JOB, {"AWS:principaltag/JOB-category": "iamuser-admin"}, True),
    (OPERATORS, {"StringEquals": {"aws:username": "johndoe"}}, {"aws:username": "johndoe"}, True),
    (CONDITION, {"StringEquals": {"aws:username": "johndoe"}}, {"aws:username": "JohnDoe"}, False),
    (CONDITION, {"StringEqualsIgnoreCase": {"aws:username": "johndoe"}}, {"aws:username": "JohnDoe"}, True),
    (OPERATORS, {"StringNotEqualsIgnoreCase": {"aws:username": "a"}}, {"aws:username": "A"}, False),
    (OPERATORS, {"StringNotEqualsIgnoreCase": {"aws:username": "a"}}, {"aws:username": "b"}, True),
    (OPERATORS, {"StringNotEquals": {"aws:username": "a"}}, {"aws:username": "A"}, True),
    (OPERATORS, {"StringNotEquals": {"aws:username": "a"}}, {"aws:username": "a"}, False),
    (OPERATORS, {"StringNotEquals": {"aws:username": "a"}}, {}, True),
    (OPERATORS, {"StringEquals": {"s3:prefix": "home/*"}}, {"s3:prefix": "home/x"}, False),
    (OPERATORS, {"StringLike": {"s3:prefix": "David/*"}}, {"s3:prefix": "David/notes"}, True),
    (OPERATORS, {"StringLike": {"s3:prefix": "David/*"}}, {"s3:prefix": "david/notes"}, False),
    (OPERATORS, {"StringLike": {"s3:prefix": "a?c"}}, {"s3:prefix": "abc"}, True),
    (OPERATORS, {"StringLike": {"s3:prefix": "a?c"}}, {"s3:prefix": "abbc"}, False),
    (OPERATORS, {"StringLike": {"s3:prefix": "a.c"}}, {"s3:prefix": "abc"}, False),
    (OPERATORS, {"StringNotLike": {"s3:prefix": "home/*"}}, {"s3:prefix": "home/x"}, False),
    (OPERATORS, {"StringNotLike": {"s3:prefix": "home/*"}}, {"s3:prefix": "logs"}, True),
    (OPERATORS, {"StringNotLike": {"s3:prefix": "home/*"}}, {}, True),
    (OPERATORS, PREFIXES, {"s3:prefix": "", "aws:username": "eve"}, True),
    (OPERATORS, PREFIXES, {"s3:prefix": "home/", "aws:username": "eve"}, True),
    (OPERATORS, PREFIXES, {"s3:prefix": "home/eve/", "aws:username": "eve"}, True),
    (OPERATORS, PREFIXES, {"s3:prefix": "home/bob/", "aws:username": "eve"}, False),
    # numeric operators
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, True),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": 10}}, {"s3:max-keys": "9"}, True),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "11"}, False),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {}, False),
    (OPERATORS, {"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, False),
    (OPERATORS, {"NumericEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10.0"}, True),
    (OPERATORS, {"NumericNotEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "10"}, False),
    (OPERATORS, {"NumericNotEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "2"}, True),
    (OPERATORS, {"NumericGreaterThan": {"s3:max-keys": "9"}}, {"s3:max-keys": "10"}, True),
    (OPERATORS, {"NumericGreaterThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "9.5"}, False),
    (OPERATORS, {"NumericEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": "ten"}, False),
    # date operators
    (OPERATORS, ISSUED, {"aws:TokenIssueTime": "2020-06-01T00:00:00Z"}, True),
    (OPERATORS, ISSUED, {"aws:TokenIssueTime": "2019-12-31T23:59:59Z"}, False),
    (OPERATORS, ISSUED, {}, False),
    (OPERATORS, {"DateLessThan": {"aws:CurrentTime": "2013-06-30"}}, {"aws:CurrentTime": "2013-06-29"}, True),
    (OPERATORS, {"DateEquals": {"aws:EpochTime": "1577836800"}}, {"aws:EpochTime": "2020-01-01"}, True),
    (OPERATORS, {"DateNotEquals": {"aws:CurrentTime": "2020"}}, {"aws:CurrentTime": "2020-01-01"}, False),
    (
        OPERATORS,
        {"DateLessThanEquals": {"aws:CurrentTime": "2020-01-01T01:00:00+01:00"}},
        {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
        True,
    ),
    (OPERATORS, {"DateGreaterThanEquals": {"aws:CurrentTime": "20*"}}, {"aws:CurrentTime": "2020"}, False),
    # Boolean and binary operators
    (OPERATORS, {"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "false"}, True),
    (OPERATORS, {"Bool": {"aws:SecureTransport": False}}, {"aws:SecureTransport": "true"}, False),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "true"}}, {}, False),
    (OPERATORS, {"BinaryEquals": {"key": "QmluYXJ5"}}, {"key": "QmluYXJ5"}, True),
    (OPERATORS, {"BinaryEquals": {"key": "QmluYXJ5"}}, {"key": "b3RoZXI="}, False),
    # IP addresses
    (OPERATORS, ADDRESSES, {"aws:SourceIp": "203.0.113.7"}, True),
    (OPERATORS, ADDRESSES, {"aws:SourceIp": "203.0.114.7"}, False),
    (OPERATORS, ADDRESSES, {"aws:SourceIp": "2001:db8:1234:5678::1"}, True),
    (OPERATORS, ADDRESSES, {"aws:SourceIp": "2001:db8:1234:5679::1"}, False),
    (OPERATORS, ADDRESSES, {}, False),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.7"}}, {"aws:SourceIp": "203.0.113.7"}, True),
    (OPERATORS, {"IpAddress": {"aws:SourceIp": "203.0.113.7"}}, {"aws:SourceIp": "203.0.113.8"}, False),
    (OPERATORS, {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, {"aws:SourceIp": "192.0.2.9"}, False),
    (OPERATORS, {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, {"aws:SourceIp": "10.0.0.1"}, True),
    # ARNs
    (OPERATORS, {"StringLike": {"k": "arn:aws:someservice:*:111122223333:finance/*"}}, {"k": COLONS}, True),
    (OPERATORS, {"ArnLike": {"k": "arn:aws:someservice:*:111122223333:finance/*"}}, {"k": COLONS}, False),
    (OPERATORS, {"ArnEquals": {"k": "arn:aws:sns:*:1:t?pic"}}, {"k": "arn:aws:sns:us-east-1:1:topic"}, True),
    (OPERATORS, {"ArnEquals": {"k": "arn:aws:sns:*:1:topic"}}, {"k": "arn:aws:sns:us-east-1:2:topic"}, False),
    (OPERATORS, {"ArnLike": {"k": "arn:aws:iam::1:role/*"}}, {"k": "arn:aws:iam::1:role/a/b"}, True),
    (OPERATORS, {"ArnNotLike": {"k": "arn:aws:iam::1:role/*"}}, {"k": "arn:aws:iam::1:role/a"}, False),
    (OPERATORS, {"ArnNotEquals": {"k": "arn:aws:iam::1:role/a"}}, {"k": "arn:aws:iam::1:role/b"}, True),
    (OPERATORS, {"ArnNotEquals": {"k": "arn:aws:iam::1:role/a"}}, {}, True),
    (OPERATORS, {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:1:topic"}}, {}, False),
    # IfExists and Null
    (OPERATORS, {"StringLike": {"ec2:InstanceType": INSTANCE_TYPES}}, {}, False),
    (OPERATORS, {"StringLikeIfExists": {"ec2:InstanceType": INSTANCE_TYPES}}, {}, True),
    (
        OPERATORS,
        {"StringLikeIfExists": {"ec2:InstanceType": INSTANCE_TYPES}},
        {"ec2:InstanceType": "m3.large"},
        True,
    ),
    (
        OPERATORS,
        {"StringLikeIfExists": {"ec2:InstanceType": INSTANCE_TYPES}},
        {"ec2:InstanceType": "c5.large"},
        False,
    ),
    (OPERATORS, {"StringNotEqualsIfExists": {"aws:RequestTag/a": "b"}}, {}, True),
    (OPERATORS, {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, {}, True),
    (OPERATORS, {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, {}, False),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "true"}}, {}, True),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": "2020-01-01"}, False),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "false"}}, {"aws:TokenIssueTime": "2020-01-01"}, True),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": False}}, {}, False),
    # several keys and values
    (VALUES, FINANCE, LEGAL, True),
    (VALUES, FINANCE, {**LEGAL, "aws:PrincipalTag/role": "intern"}, False),
    (VALUES, FINANCE, {**LEGAL, "aws:PrincipalAccount": "210987654321"}, False),
    (VALUES, FINANCE, {key: value for key, value in LEGAL.items() if "role" not in key}, False),
    (VALUES, {"StringNotEquals": {"aws:PrincipalAccount": ["1", "2"]}}, {"aws:PrincipalAccount": "2"}, False),
    (VALUES, {"StringNotEquals": {"aws:PrincipalAccount": ["1", "2"]}}, {"aws:PrincipalAccount": "3"}, True),
    # set operators
    (SETS, {"ForAllValues:StringLike": {"k": ATTRIBUTES}}, {"k": ["PostDateTime", "Message"]}, True),
    (SETS, {"ForAllValues:StringLike": {"k": ATTRIBUTES}}, {"k": ["PostDateTime", "UserName"]}, False),
    (SETS, {"ForAllValues:StringLike": {"k": ATTRIBUTES}}, {}, True),
    (SETS, {"ForAllValues:StringLike": {"k": ATTRIBUTES}}, {"k": ""}, True),
    (SETS, {"ForAnyValue:StringLike": {"k": ATTRIBUTES}}, {"k": ["UserName", "Message"]}, True),
    (SETS, {"ForAnyValue:StringLike": {"k": ATTRIBUTES}}, {"k": ["UserName"]}, False),
    (SETS, {"ForAnyValue:StringLike": {"k": ATTRIBUTES}}, {}, False),
    (SETS, {"ForAnyValue:StringLike": {"k": ATTRIBUTES}}, {"k": ""}, False),
    (SETS, {"ForAllValues:StringNotEquals": {"k": ["Stack"]}}, {"k": ["Name", "Owner"]}, True),
    (SETS, {"ForAllValues:StringNotEquals": {"k": ["Stack"]}}, {"k": ["Name", "Stack"]}, False),
    (SETS, {"ForAnyValue:StringNotEquals": {"k": ["Stack"]}}, {"k": ["Name", "Stack"]}, True),
    (SETS, {"ForAnyValue:StringNotEquals": {"k": ["Stack"]}}, {"k": ["Stack"]}, False),
    (SET_EXAMPLES, KEY_PREFIX, {"aws:TagKeys": ["key1", "key1-legal"]}, True),
    (SET_EXAMPLES, KEY_PREFIX, {"aws:TagKeys": ["key1", "key2"]}, False),
    (SET_EXAMPLES, KEY_PREFIX, {}, False),
    (SET_EXAMPLES, {"ForAllValues:StringLike": {"aws:TagKeys": ["key1*"]}}, {}, True),
    (TAGS, TAG_ENVIRONMENT, {"aws:RequestTag/environment": "preprod", "aws:TagKeys": ["environment"]}, True),
    (TAGS, TAG_ENVIRONMENT, {"aws:RequestTag/environment": "test", "aws:TagKeys": ["environment"]}, False),
    (
        TAGS,
        TAG_ENVIRONMENT,
        {"aws:RequestTag/environment": "preprod", "aws:TagKeys": ["environment", "Owner"]},
        False,
    ),
    # variables
    (
        VARIABLES,
        {"StringNotEquals": {"s3:ExistingObjectTag/Team": "${aws:PrincipalTag/Team}"}},
        {"s3:ExistingObjectTag/Team": "Gold", "aws:PrincipalTag/Team": "Yellow"},
        True,
    ),
    (
        VARIABLES,
        {"ArnLike": {"k": "arn:aws:iam::1:user/${aws:username}"}},
        {"k": "arn:aws:iam::1:user/eve", "aws:username": "eve"},
        True,
    ),
    (VARIABLES, {"StringEquals": {"k": "a${*}b"}}, {"k": "a*b"}, True),
    (VARIABLES, {"StringLike": {"k": "a${*}b"}}, {"k": "axb"}, False),
    (VARIABLES, {"StringLike": {"k": "a${?}${$}*"}}, {"k": "a?$b"}, True),
    (VARIABLES, {"StringLike": {"k": "${aws:username}"}}, {"k": "axb", "aws:username": "a*b"}, False),
    (VARIABLES, {"StringEquals": {"k": "${aws:PrincipalTag/team, 'all'}"}}, {"k": "all"}, True),
]


@pytest.mark.parametrize(("page", "block", "values", "expected"), ROWS)
def test_condition_is_evaluated_as_documented(
    page: str, block: Mapping[str, Any], values: Mapping[str, str | list[str]], expected: bool
) -> None:
    statement = document(allow("*", Condition=block)).statements[0]
    assert all_hold(statement.conditions, context(values), has_variables=True) is expected, page
