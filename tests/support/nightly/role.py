"""The IAM actions that the nightly workflow requires, by the API calls of a lab, and those of its role.

    .venv/bin/python -m tests.support.nightly.role PORT

prints the API calls to the lab on 127.0.0.1:PORT that the role denies, and exits with status 1 if there are
any. tests.support.nightly.run executes the commands of the workflow.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping

from tests.support.paths import ROOT
from vpcache.lab.client import Lab

ROLE = ROOT / "examples/nightly-role"

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
_ACTIONS = {
    "apigateway:GetApis": "apigateway:GET",
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycle": "s3:GetLifecycleConfiguration",  # its predecessor, at the same path
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Actions with another name than their operation."""
_ADDITIONAL = {
    "cloudwatch:PutMetricAlarm": {"cloudwatch:TagResource"},
    "ec2:CreateFlowLogs": {"iam:PassRole"},
    "elasticache:CreateCacheCluster": {"elasticache:AddTagsToResource", "iam:CreateServiceLinkedRole"},
    "iam:CreateRole": {"iam:TagRole"},
    "lambda:CreateFunction": {"iam:PassRole", "lambda:TagResource"},
    "logs:CreateLogGroup": {"logs:TagResource"},
    "sns:CreateTopic": {"sns:TagResource"},
}
"""Additional actions of an operation, for its tags or the role that it passes."""
_WITHOUT_ACTION = {"sts:GetCallerIdentity"}

AWS_ONLY = {
    "ec2:CreateNetworkInterface",  # ElastiCache may call it on behalf of the caller
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
}
"""Actions of calls that happen on AWS only, where a function's interfaces outlive it."""

CHANGES = {
    "cloudwatch:UntagResource",
    "ec2:DeleteTags",
    "ec2:ModifySecurityGroupRules",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReplaceRoute",
    "elasticache:ModifyCacheCluster",
    "elasticache:ModifyCacheParameterGroup",
    "elasticache:ModifyCacheSubnetGroup",
    "elasticache:RemoveTagsFromResource",
    "elasticache:ResetCacheParameterGroup",
    "iam:DetachRolePolicy",  # leftovers.py detaches other policies
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "lambda:UntagResource",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "logs:DeleteRetentionPolicy",
    "logs:UntagResource",
    "sns:SetTopicAttributes",
    "sns:UntagResource",
}
"""Actions of the provider to change an existing stack, such as one left by an earlier night."""

OPTIONS = {
    "ec2:DescribePrefixLists",
    "lambda:CreateAlias",
    "lambda:DeleteAlias",
    "lambda:DeleteFunctionConcurrency",
    "lambda:GetAlias",
    "lambda:GetFunctionConcurrency",
    "lambda:PublishVersion",
    "lambda:PutFunctionConcurrency",
    "lambda:UpdateAlias",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "sns:Subscribe",
    "sns:Unsubscribe",
}
"""Actions of the provider for features of the modules that dev does not use."""

TOOLS = {
    "lambda:AddPermission",
    "lambda:CreateFunctionUrlConfig",
    "lambda:DeleteFunctionUrlConfig",
    "lambda:GetAccountSettings",
    "lambda:GetFunctionConfiguration",
    "lambda:GetFunctionUrlConfig",
    "lambda:GetPolicy",
    "lambda:InvokeFunctionUrl",
    "lambda:RemovePermission",
    "lambda:UpdateFunctionUrlConfig",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetLifecycleConfiguration",
    "s3:GetObjectVersion",
    "s3:ListAllMyBuckets",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "servicequotas:GetServiceQuota",
}
"""Actions of vpcache for state bucket, quotas and leftovers, and of Terraform for the stack's own origin."""


def needed_actions(calls: Iterable[str]) -> set[str]:
    """Return the IAM actions that `calls`, named as by the lab, require on AWS."""
    return {action for call in calls for action in _actions_of(call)}


def _actions_of(call: str) -> set[str]:
    if call in _WITHOUT_ACTION:
        return set()
    service, operation = call.split(":", 1)
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return {_ACTIONS.get(action, action)} | _ADDITIONAL.get(action, set())


def allowed_actions() -> set[str]:
    """Return the actions in the role's HCL."""
    hcl = "\n".join(path.read_text() for path in ROLE.glob("*.tf"))
    services = "apigateway|cloudwatch|ec2|elasticache|events|iam|lambda|logs|s3|servicequotas|sns|tag"
    return set(re.findall(rf'"((?:{services}):[A-Z]\w+)"', hcl)) - {
        "ec2:CreateAction",
        "iam:AWSServiceName",
        "iam:PassedToService",
    }


def denied_calls(calls: Mapping[str, int]) -> dict[str, set[str]]:
    """Return the calls that the role denies, each with the missing actions."""
    allowed = allowed_actions()
    return {call: missing for call in sorted(calls) if (missing := _actions_of(call) - allowed)}


def main() -> int:
    """Print the calls to a lab that the role denies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("port", type=int, help="the lab's port")
    calls = Lab(parser.parse_args().port).calls()
    denied = denied_calls(calls)
    for call, missing in denied.items():
        print(f"{call} (called {calls[call]} times) requires {', '.join(sorted(missing))}")
    print(f"the role allows {len(calls) - len(denied)} of {len(calls)} operations")
    return 1 if denied else 0


if __name__ == "__main__":
    sys.exit(main())
