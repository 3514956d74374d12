"""The parameters that operations of IAM and STS honour. Operations that are not listed are not checked."""

from __future__ import annotations

from collections.abc import Mapping

IAM_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AttachRolePolicy": ("PolicyArn", "RoleName"),
    "CreateAccessKey": ("UserName",),
    "CreateGroup": ("GroupName", "Path"),
    "CreateInstanceProfile": ("InstanceProfileName", "Path", "Tags"),
    "CreateOpenIDConnectProvider": ("ClientIDList", "Tags", "ThumbprintList", "Url"),
    "CreatePolicy": ("Description", "Path", "PolicyDocument", "PolicyName", "Tags"),
    "CreatePolicyVersion": ("PolicyArn", "PolicyDocument", "SetAsDefault"),
    "CreateRole": (
        "AssumeRolePolicyDocument",
        "Description",
        "MaxSessionDuration",
        "Path",
        "PermissionsBoundary",
        "RoleName",
        "Tags",
    ),
    "CreateServiceLinkedRole": ("AWSServiceName", "CustomSuffix", "Description"),
    "CreateUser": ("Path", "PermissionsBoundary", "Tags", "UserName"),
    "DeleteServiceLinkedRole": ("RoleName",),
    "DetachRolePolicy": ("PolicyArn", "RoleName"),
    "ListRoles": ("Marker", "MaxItems", "PathPrefix"),
    "PutRolePermissionsBoundary": ("PermissionsBoundary", "RoleName"),
    "PutRolePolicy": ("PolicyDocument", "PolicyName", "RoleName"),
    "TagRole": ("RoleName", "Tags"),
    "UntagRole": ("RoleName", "TagKeys"),
    "UpdateAssumeRolePolicy": ("PolicyDocument", "RoleName"),
    "UpdateRole": ("Description", "MaxSessionDuration", "RoleName"),
    "UpdateUser": ("NewPath", "NewUserName", "UserName"),
}
STS_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "AssumeRole": (
        "DurationSeconds",
        "ExternalId",
        "Policy",
        "PolicyArns",
        "RoleArn",
        "RoleSessionName",
        "Tags",
    ),
    "AssumeRoleWithWebIdentity": (
        "DurationSeconds",
        "Policy",
        "PolicyArns",
        "RoleArn",
        "RoleSessionName",
        "WebIdentityToken",
    ),
    "GetAccessKeyInfo": ("AccessKeyId",),
    "GetCallerIdentity": (),
    "GetFederationToken": ("DurationSeconds", "Name", "Policy"),
    "GetSessionToken": ("DurationSeconds",),
}
