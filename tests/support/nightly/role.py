"""What the nightly needs of AWS, by the calls that a lab saw, and what its role may do.

    .venv/bin/python -m tests.support.nightly.role PORT

says which of the calls that the lab on 127.0.0.1:PORT saw the role does not allow, and exits with status 1 if
there is one. nightly_run.py types the nightly's commands first.
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
"""Actions that have another name than the operation that they allow."""
_BESIDES = {
    "cloudwatch:PutMetricAlarm": {"cloudwatch:TagResource"},
    "ec2:CreateFlowLogs": {"iam:PassRole"},
    "elasticache:CreateCacheCluster": {"elasticache:AddTagsToResource", "iam:CreateServiceLinkedRole"},
    "iam:CreateRole": {"iam:TagRole"},
    "lambda:CreateFunction": {"iam:PassRole", "lambda:TagResource"},
    "logs:CreateLogGroup": {"logs:TagResource"},
    "sns:CreateTopic": {"sns:TagResource"},
}
"""What an operation needs besides, for the tags that it brings or the role that it passes."""
_NEED_NOTHING = {"sts:GetCallerIdentity"}

AWS_ONLY = {
    "ec2:CreateNetworkInterface",  # ElastiCache may ask for it in the caller's name
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
}
"""What is called only on AWS, where a function's interfaces outlive it."""

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
    "iam:DetachRolePolicy",  # leftovers.py detaches what somebody attached
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
"""What the provider calls to change a stack that it finds, such as one that a night before left."""

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
"""What the provider calls for parts of the modules that dev leaves out and prod or others do not."""

TOOLS = {
    "lambda:AddPermission",
    "lambda:CreateFunctionUrlConfig",
    "lambda:DeleteFunctionUrlConfig",
    "lambda:GetAccountSettings",
    "lambda:GetFunctionConfiguration",
    "lambda:GetFunctionUrlConfig",
    "lambda:GetPolicy",
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
    "tag:GetResources",
}
"""What vpcache calls for the state bucket, quotas and leftovers, and Terraform for the stack's own origin."""


def needed_actions(calls: Iterable[str]) -> set[str]:
    """Return the IAM actions that `calls`, as the lab names them, need on AWS."""
    return {action for call in calls for action in _actions_of(call)}


def _actions_of(call: str) -> set[str]:
    if call in _NEED_NOTHING:
        return set()
    service, operation = call.split(":", 1)
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return {_ACTIONS.get(action, action)} | _BESIDES.get(action, set())


def allowed_actions() -> set[str]:
    """Return the actions that the role's HCL names."""
    hcl = "\n".join(path.read_text() for path in ROLE.glob("*.tf"))
    services = "cloudwatch|ec2|elasticache|iam|lambda|logs|s3|servicequotas|sns|tag"
    return set(re.findall(rf'"((?:{services}):[A-Z]\w+)"', hcl)) - {
        "ec2:CreateAction",
        "iam:AWSServiceName",
        "iam:PassedToService",
    }


def refused_calls(calls: Mapping[str, int]) -> dict[str, set[str]]:
    """Return the calls that the role does not allow, each with the actions that it lacks."""
    allowed = allowed_actions()
    return {call: lacking for call in sorted(calls) if (lacking := _actions_of(call) - allowed)}


def main() -> int:
    """Print what the role refuses of the calls that a lab saw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("port", type=int, help="the lab's port")
    calls = Lab(parser.parse_args().port).calls()
    refused = refused_calls(calls)
    for call, lacking in refused.items():
        print(f"{call} (called {calls[call]} times) needs {', '.join(sorted(lacking))}")
    print(f"the role allows {len(calls) - len(refused)} of {len(calls)} operations")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
