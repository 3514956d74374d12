"""Targets of EC2's calls: resources are recognized by the prefixes of their IDs.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target, tags_in
from vpcache.lab.aws.authorization.requests.reference import resource_types
from vpcache.lab.aws.authorization.requests.roles import passed_role

_TYPES = {
    "acl": "network-acl",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service",
}
"""Resource types by the prefix of their IDs."""
_JOINS = frozenset({"aclassoc", "eipassoc", "eni-attach", "rtbassoc"})
_NO_RESOURCES = frozenset(
    {"ClientToken", "Description", "Filters", "PolicyDocument", "TagSpecifications", "Tags"}
)


def targets(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the targets of a call: existing resources, `type/*` for created ones, and their tags."""
    types = resource_types(call.action)
    named: dict[str, list[str]] = {}
    for resource_id in _resource_ids(call, directory):
        kind = _type_of(resource_id)
        if kind in types:
            named.setdefault(kind, []).append(resource_id)
    required = {kind for kind, is_required in types.items() if is_required}
    if call.operation == "CreateTags" or not types:
        required = set()
    for specification in call.parameters.get("TagSpecifications") or ():
        required.add(str(specification.get("ResourceType")))
    for kind in sorted(required & types.keys() - named.keys()):
        yield Target(call.action, call.arn(kind), kind)
    for kind, resource_ids in named.items():
        for resource_id in dict.fromkeys(resource_ids):
            yield Target(call.action, call.arn(kind, resource_id), kind)
    if not required and not named and not _unknown_association(call, directory):
        yield Target(call.action)
    yield from _tagging(call)
    yield from passed_role(call, call.text("DeliverLogsPermissionArn"), "vpc-flow-logs.amazonaws.com")


def _tagging(call: ApiCall) -> Iterator[Target]:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html."""
    for specification in call.parameters.get("TagSpecifications") or ():
        kind = str(specification.get("ResourceType"))
        if tags_in(specification):
            keys = {"ec2:createaction": (call.operation,)}
            yield Target("ec2:CreateTags", call.arn(kind), kind, keys)


def _resource_ids(call: ApiCall, directory: Directory) -> Iterator[str]:
    for name, value in call.parameters.items():
        if name in _NO_RESOURCES:
            continue
        for text in _ids(value):
            if text.rpartition("-")[0] in _JOINS:
                yield from directory.joined(text)
            else:
                yield text


def _unknown_association(call: ApiCall, directory: Directory) -> bool:
    """Return whether a call is about an association that does not exist: EC2 then reports this."""
    association = call.text("AssociationId", "AttachmentId")
    return bool(association) and not directory.joined(association)


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name not in _NO_RESOURCES:
                yield from _ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)


def _type_of(resource_id: str) -> str:
    return _TYPES.get(resource_id.rpartition("-")[0], "")
