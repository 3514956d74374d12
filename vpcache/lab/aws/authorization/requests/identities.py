"""Targets of IAM's and STS's calls.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target, Values, tags_in
from vpcache.lab.aws.authorization.requests.reference import resource_types

_NAMES = {
    "group": "GroupName",
    "instance-profile": "InstanceProfileName",
    "role": "RoleName",
    "user": "UserName",
}
_ARNS = ("PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn", "RoleArn", "Arn", "SerialNumber")
_TAGGING = {
    "CreateInstanceProfile": "iam:TagInstanceProfile",
    "CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "CreatePolicy": "iam:TagPolicy",
    "CreateRole": "iam:TagRole",
    "CreateUser": "iam:TagUser",
}
_KEYS = {
    "AWSServiceName": "iam:awsservicename",
    "PermissionsBoundary": "iam:permissionsboundary",
    "PolicyArn": "iam:policyarn",
    "ExternalId": "sts:externalid",
    "RoleSessionName": "sts:rolesessionname",
    "SourceIdentity": "sts:sourceidentity",
}
_WITHOUT_PERMISSION = frozenset({"GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo"})


def targets(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the targets of a call; some of STS's calls need no permission."""
    if call.service == "sts" and call.operation in _WITHOUT_PERMISSION:
        return
    keys = _keys(call)
    resource, kind = _resource(call, directory)
    yield Target(call.action, resource, kind, keys)
    if call.operation in _TAGGING and tags_in(call.parameters):
        yield Target(_TAGGING[call.operation], resource, kind)


def _resource(call: ApiCall, directory: Directory) -> tuple[str, str]:
    types = resource_types(call.action)
    for kind, parameter in _NAMES.items():
        name = call.text(parameter)
        if name and kind in types:
            return _arn(call, directory, kind, name), kind
    for parameter in _ARNS:
        value = call.text(parameter)
        if value.startswith("arn:"):
            kind = value.split(":", 5)[-1].partition("/")[0]
            if kind in types:
                return value, kind
    if call.operation == "CreatePolicy":
        return call.arn("policy", _with_path(call, call.text("PolicyName"))), "policy"
    if call.operation == "CreateServiceLinkedRole":
        service = call.text("AWSServiceName")
        return call.arn("role", f"aws-service-role/{service}/*"), "role"
    if call.operation == "CreateOpenIDConnectProvider":
        return call.arn("oidc-provider", call.text("Url").removeprefix("https://")), "oidc-provider"
    required = next((kind for kind, is_required in types.items() if is_required), "")
    return (call.arn(required), required) if required else ("*", "")


def _arn(call: ApiCall, directory: Directory, kind: str, name: str) -> str:
    return directory.iam_arn(kind, name) or call.arn(kind, _with_path(call, name))


def _with_path(call: ApiCall, name: str) -> str:
    return f"{call.text('Path').strip('/')}/{name}".lstrip("/")


def _keys(call: ApiCall) -> Mapping[str, Values]:
    return {key: (call.text(name),) for name, key in _KEYS.items() if call.text(name)}
