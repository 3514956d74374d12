"""Execution roles of functions."""

from __future__ import annotations

import json
from typing import Any

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
TRUST_POLICY = json.dumps(TRUST)
OF_VPC = ("ec2:*NetworkInterface*", "logs:*")
"""Actions that a function in a VPC with a log needs."""
_POLICY = "execution"


def create_execution_role(iam: Any, name: str, *actions: str, **options: Any) -> str:
    """Create a role for functions, with some actions on all resources and those of `OF_VPC`; return its ARN.

    An existing role is kept: IAM is global, and labs and regions are shared.
    """
    try:
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST_POLICY, **options)
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName=name)
    allow(iam, name, *OF_VPC, *actions)
    return str(role["Role"]["Arn"])


def allow(iam: Any, name: str, *actions: str) -> None:
    """Replace what a role allows by these actions on all resources."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName=name, PolicyName=_POLICY, PolicyDocument=document)


def delete_execution_role(iam: Any, name: str) -> None:
    """Delete a role with its policy."""
    iam.delete_role_policy(RoleName=name, PolicyName=_POLICY)
    iam.delete_role(RoleName=name)
