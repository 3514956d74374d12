"""IAM's roles and policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request
from vpcache.lab.aws.cloudformation.model import Made

_MAX_NAME = 64
_ROLE = ("Description", "MaxSessionDuration", "Path", "PermissionsBoundary")


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _create_role(request: Request) -> Made:
    calls, properties = request.calls, request.properties
    role = calls(
        "iam",
        "CreateRole",
        RoleName=properties.get("RoleName") or request.name(_MAX_NAME),
        AssumeRolePolicyDocument=_text(properties["AssumeRolePolicyDocument"]),
        Tags=request.tags() or None,
        **request.get(*_ROLE),
    )["Role"]
    name = role["RoleName"]
    made = request.record(Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]}))
    _attach(calls, name, properties.get("ManagedPolicyArns") or ())
    _put(calls, name, properties.get("Policies") or ())
    return made


def _attach(calls: Calls, role: str, arns: Iterable[str]) -> None:
    for arn in arns:
        calls("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)


def _put(calls: Calls, role: str, policies: Iterable[Mapping[str, Any]]) -> None:
    for policy in policies:
        calls(
            "iam",
            "PutRolePolicy",
            RoleName=role,
            PolicyName=policy["PolicyName"],
            PolicyDocument=_text(policy["PolicyDocument"]),
        )


def _update_role(request: Request, made: Made, changed: frozenset[str]) -> Made:
    calls, properties = request.calls, request.properties
    if "AssumeRolePolicyDocument" in changed:
        trust = _text(properties["AssumeRolePolicyDocument"])
        calls("iam", "UpdateAssumeRolePolicy", RoleName=made.id, PolicyDocument=trust)
    if changed & {"Description", "MaxSessionDuration"}:
        calls(
            "iam",
            "UpdateRole",
            RoleName=made.id,
            Description=properties.get("Description", ""),
            MaxSessionDuration=properties.get("MaxSessionDuration", 3600),
        )
    if "ManagedPolicyArns" in changed:
        wanted = set(properties.get("ManagedPolicyArns") or ())
        attached = calls("iam", "ListAttachedRolePolicies", RoleName=made.id)["AttachedPolicies"]
        current = {each["PolicyArn"] for each in attached}
        for arn in sorted(current - wanted):
            calls("iam", "DetachRolePolicy", RoleName=made.id, PolicyArn=arn)
        _attach(calls, made.id, sorted(wanted - current))
    if "Policies" in changed:
        policies = properties.get("Policies") or ()
        names = {each["PolicyName"] for each in policies}
        for name in calls("iam", "ListRolePolicies", RoleName=made.id)["PolicyNames"]:
            if name not in names:
                calls("iam", "DeleteRolePolicy", RoleName=made.id, PolicyName=name)
        _put(calls, made.id, policies)
    return made


def _delete_role(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
    attached = {
        each["PolicyArn"]
        for each in calls("iam", "ListAttachedRolePolicies", RoleName=made.id)["AttachedPolicies"]
    }
    for arn in sorted(attached & set(properties.get("ManagedPolicyArns") or ())):
        calls("iam", "DetachRolePolicy", RoleName=made.id, PolicyArn=arn)
    put = set(calls("iam", "ListRolePolicies", RoleName=made.id)["PolicyNames"])
    for name in sorted(put & {each["PolicyName"] for each in properties.get("Policies") or ()}):
        calls("iam", "DeleteRolePolicy", RoleName=made.id, PolicyName=name)
    calls("iam", "DeleteRole", RoleName=made.id)


def _put_policy(request: Request, made: Made, _: frozenset[str]) -> Made:
    properties = request.properties
    policy = {"PolicyName": properties["PolicyName"], "PolicyDocument": properties["PolicyDocument"]}
    for role in properties["Roles"]:
        _put(request.calls, role, [policy])
    return made


def _create_policy(request: Request) -> Made:
    return _put_policy(request, request.record(Made(request.name(_MAX_NAME))), frozenset())


def _delete_policy(calls: Calls, _: Made, properties: Mapping[str, Any]) -> None:
    for role in properties["Roles"]:
        with suppress(calls.errors("iam").NoSuchEntityException):
            calls("iam", "DeleteRolePolicy", RoleName=role, PolicyName=properties["PolicyName"])


def _create_managed_policy(request: Request) -> Made:
    arn = request.calls(
        "iam",
        "CreatePolicy",
        PolicyName=request.properties.get("ManagedPolicyName") or request.name(),
        PolicyDocument=_text(request.properties["PolicyDocument"]),
        **request.get("Description", "Path"),
    )["Policy"]["Arn"]
    made = request.record(Made(arn, {"PolicyArn": arn}))
    for role in request.properties.get("Roles") or ():
        _attach(request.calls, role, [arn])
    return made


def _delete_managed_policy(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
    for role in properties.get("Roles") or ():
        with suppress(calls.errors("iam").NoSuchEntityException):
            calls("iam", "DetachRolePolicy", RoleName=role, PolicyArn=made.id)
    calls("iam", "DeletePolicy", PolicyArn=made.id)


IDENTITIES = (
    Kind(
        "AWS::IAM::Role",
        frozenset({"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "RoleName", "Tags", *_ROLE}),
        _create_role,
        _delete_role,
        frozenset(
            {
                "AssumeRolePolicyDocument",
                "Description",
                "ManagedPolicyArns",
                "MaxSessionDuration",
                "Policies",
            }
        ),
        _update_role,
        required=("AssumeRolePolicyDocument",),
        name_property="RoleName",
    ),
    Kind(
        "AWS::IAM::Policy",
        frozenset({"PolicyDocument", "PolicyName", "Roles"}),
        _create_policy,
        _delete_policy,
        frozenset({"PolicyDocument"}),
        _put_policy,
        required=("PolicyDocument", "PolicyName", "Roles"),
    ),
    Kind(
        "AWS::IAM::ManagedPolicy",
        frozenset({"Description", "ManagedPolicyName", "Path", "PolicyDocument", "Roles"}),
        _create_managed_policy,
        _delete_managed_policy,
        required=("PolicyDocument",),
        name_property="ManagedPolicyName",
    ),
)
