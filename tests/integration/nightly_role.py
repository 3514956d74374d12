"""What the nightly needs of AWS, by the calls that a lab saw, and what its role may do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROLE = Path(__file__).parents[2] / "examples/nightly-role"

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_PREFIXES = {"monitoring": "cloudwatch"}
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
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
"""What an operation needs besides, for the tags that it brings or the role that it hands over."""
_NEED_NOTHING = {"sts:GetCallerIdentity"}

UNSEEN = {"ec2:DeleteNetworkInterface", "ec2:DetachNetworkInterface"}
"""What the provider calls only on AWS, where a function's interfaces outlive it."""


def needed_actions(calls: Iterable[str]) -> set[str]:
    """Return the IAM actions that `calls`, as the lab names them, need on AWS."""
    needed = set()
    for call in set(calls) - _NEED_NOTHING:
        service, operation = call.split(":", 1)
        action = f"{_PREFIXES.get(service, service)}:{operation}"
        needed |= {_ACTIONS.get(action, action)} | _BESIDES.get(action, set())
    return needed


def allowed_actions() -> set[str]:
    """Return the actions that the role's HCL names."""
    hcl = "\n".join(path.read_text() for path in ROLE.glob("*.tf"))
    return set(re.findall(r'"((?:cloudwatch|ec2|elasticache|iam|lambda|logs|s3|sns):[A-Z]\w+)"', hcl)) - {
        "iam:AWSServiceName",
        "iam:PassedToService",
        "ec2:CreateAction",
    }
