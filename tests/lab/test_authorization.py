"""Enforced IAM on a running lab: refusals and the audit of permissions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError
from vpcache.stack.target import Target, lab_target

pytestmark = pytest.mark.lab

POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": ["ec2:DescribeVpcs", "sqs:ListQueues", "sqs:CreateQueue"],
        "Resource": "*",
    },
}


@pytest.fixture
def account(own_lab: Lab) -> Iterator[Target]:
    own_lab.configure(iam="enforce")
    yield lab_target(own_lab.endpoint, os.environ)
    own_lab.configure(iam="off")


def create_role(account: Target, name: str) -> None:
    iam: Any = account.client("iam")
    principal = {"AWS": f"arn:aws:iam::{account.account()}:root"}
    trust = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal},
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(POLICY))


def test_token_of_an_issuer_is_exchanged_for_credentials(own_lab: Lab, account: Target) -> None:
    iam: Any = account.client("iam")
    issuer, audience = "https://issuer.example.com/team", "sts.amazonaws.com"
    created = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[audience])
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": created["OpenIDConnectProviderArn"]},
            "Condition": {"StringEquals": {"issuer.example.com/team:sub": "job"}},
        },
    }
    role = iam.create_role(RoleName="federated", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    request = {"RoleArn": role, "RoleSessionName": "run"}
    sts: Any = account.client("sts")
    token = own_lab.identity_token(issuer, aud=audience, sub="job")
    assert sts.assume_role_with_web_identity(**request, WebIdentityToken=token)["Credentials"]
    other = own_lab.identity_token(issuer, aud=audience, sub="other")
    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        sts.assume_role_with_web_identity(**request, WebIdentityToken=other)
    assert all(each.principal.startswith("arn:") for each in own_lab.audit())
    with pytest.raises(LabError, match="https:// URL"):
        own_lab.identity_token("issuer.example.com", sub="job")


def test_audit_reports_used_denied_and_unused_permissions(own_lab: Lab, account: Target) -> None:
    create_role(account, "audited")
    with pytest.raises(LabError, match="unknown principal 'audited'"):
        own_lab.unused_permissions("audited")
    session = account.as_role("audited")
    session.client("ec2").describe_vpcs()
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        session.client("ec2").describe_subnets()
    assert own_lab.unused_permissions("audited") == ("sqs:CreateQueue", "sqs:ListQueues")
    (audit,) = (each for each in own_lab.audit() if each.principal.endswith(":role/audited"))
    assert (audit.used, audit.denied) == (("ec2:DescribeVpcs",), ("ec2:DescribeSubnets",))
    requests = [each for each in own_lab.authorized_requests() if each.principal == audit.principal]
    assert [(each.action, each.resource, each.is_allowed) for each in requests] == [
        ("ec2:DescribeVpcs", "*", True),
        ("ec2:DescribeSubnets", "*", False),
    ]
    assert requests[0].context["aws:requestedregion"] == ("us-east-1",)
    assert audit.policy["Statement"] == [
        {"Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": ["*"]}
    ]
