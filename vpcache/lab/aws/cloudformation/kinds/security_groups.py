"""Security groups and their rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.errors import ResourceError
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request, tag_specifications, update_tags
from vpcache.lab.aws.cloudformation.model import Made

_PORTS = ("FromPort", "IpProtocol", "ToPort")
_PEERS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "SourceSecurityGroupOwnerId": ("UserIdGroupPairs", "UserId"),
}
_RULE = frozenset({*_PORTS, *_PEERS, "Description"})
_ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule of a template as an IpPermission of EC2's API.

    Raises NotImplementedError for a member that is not honoured, ResourceError without a peer.
    """
    unknown = sorted(rule.keys() - _RULE)
    if unknown:
        raise NotImplementedError(f"The property {unknown[0]} of a security group's rule is not emulated.")
    peers: dict[str, dict[str, Any]] = {}
    for name, (group, member) in _PEERS.items():
        if name in rule:
            peers.setdefault(group, {})[member] = rule[name]
    if not peers:
        raise ResourceError("Invalid value for a security group's rule: no source or destination")
    description = {"Description": rule["Description"]} if "Description" in rule else {}
    return {
        **{name: rule[name] for name in _PORTS if name in rule},
        **{group: [{**peer, **description}] for group, peer in peers.items()},
    }


def _create_group(request: Request) -> Made:
    calls, properties = request.calls, request.properties
    group = calls(
        "ec2",
        "CreateSecurityGroup",
        GroupName=properties.get("GroupName") or request.name(),
        Description=properties["GroupDescription"],
        VpcId=properties.get("VpcId"),
        TagSpecifications=tag_specifications("security-group", request),
    )
    group_id = group["GroupId"]
    made = request.record(
        Made(group_id, {"GroupId": group_id, "Id": group_id, "VpcId": properties.get("VpcId", "")})
    )
    _allow(calls, "Ingress", group_id, properties.get("SecurityGroupIngress") or ())
    if properties.get("SecurityGroupEgress"):
        calls("ec2", "RevokeSecurityGroupEgress", GroupId=group_id, IpPermissions=[_ALL])
        _allow(calls, "Egress", group_id, properties["SecurityGroupEgress"])
    return made


def _allow(calls: Calls, direction: str, group_id: str, rules: Iterable[Mapping[str, Any]]) -> None:
    for rule in rules:
        calls(
            "ec2",
            f"AuthorizeSecurityGroup{direction}",
            GroupId=group_id,
            IpPermissions=[permission(rule)],
        )


def _update_group(request: Request, made: Made, changed: frozenset[str]) -> Made:
    calls = request.calls
    (group,) = calls("ec2", "DescribeSecurityGroups", GroupIds=[made.id])["SecurityGroups"]
    for direction, member in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        name = f"SecurityGroup{direction}"
        if name not in changed:
            continue
        if group[member]:
            calls("ec2", f"Revoke{name}", GroupId=made.id, IpPermissions=group[member])
        rules = request.properties.get(name) or ()
        _allow(calls, direction, made.id, rules)
        if direction == "Egress" and not rules:
            calls("ec2", f"Authorize{name}", GroupId=made.id, IpPermissions=[_ALL])
    return update_tags(request, made, changed)


def _delete_group(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("ec2", "DeleteSecurityGroup", GroupId=made.id)


def _rule_kind(direction: str, peers: tuple[str, ...]) -> Kind:
    """Return the kind of single rules of one direction."""

    def create(request: Request) -> Made:
        rule = {name: value for name, value in request.properties.items() if name != "GroupId"}
        made = request.calls(
            "ec2",
            f"AuthorizeSecurityGroup{direction}",
            GroupId=request.properties["GroupId"],
            IpPermissions=[permission(rule)],
        )
        rule_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(rule_id, {"Id": rule_id})

    def delete(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
        calls(
            "ec2",
            f"RevokeSecurityGroup{direction}",
            GroupId=properties["GroupId"],
            SecurityGroupRuleIds=[made.id],
        )

    return Kind(
        f"AWS::EC2::SecurityGroup{direction}",
        frozenset({"GroupId", "Description", "CidrIp", "CidrIpv6", *_PORTS, *peers}),
        create,
        delete,
        required=("GroupId", "IpProtocol"),
    )


SECURITY_GROUPS = (
    Kind(
        "AWS::EC2::SecurityGroup",
        frozenset(
            {"GroupDescription", "GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "Tags", "VpcId"}
        ),
        _create_group,
        _delete_group,
        frozenset({"SecurityGroupEgress", "SecurityGroupIngress", "Tags"}),
        _update_group,
        required=("GroupDescription",),
        name_property="GroupName",
    ),
    _rule_kind("Ingress", ("SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupOwnerId")),
    _rule_kind("Egress", ("DestinationPrefixListId", "DestinationSecurityGroupId")),
)
