"""EC2's security groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
    VPCIdNotSpecifiedError,
)
from moto.ec2.models.security_groups import SecurityGroupRule

from vpcache.lab.aws.ec2.interfaces import InterfacesBackend, refuse_if
from vpcache.lab.aws.ec2.validation import check_ports, check_protocol, check_range, check_range_of_ipv6


class Rule(SecurityGroupRule):  # type: ignore[misc]
    """A rule whose description shows whatever its peer is, and whose identity does not depend on it."""

    @property
    def description(self) -> str | None:
        """The rule's description."""
        text: str | None = self.ip_range.get("Description") or self.source_group.get("Description")
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and self._identity() == other._identity()

    __hash__ = None  # type: ignore[assignment]  # rules change in place

    def _identity(self) -> tuple[Any, ...]:
        ports = (None, None) if self.ip_protocol == "-1" else (self.from_port, self.to_port)
        peer = (self.cidr_ipv4, self.cidr_ipv6, self.source_group.get("GroupId"), self.prefix_list_id)
        return (self.ip_protocol, *ports, *peer)


class SecurityGroupsBackend(InterfacesBackend):
    """The part of EC2 that has security groups."""

    def create_security_group(
        self, name: str, description: str, vpc_id: str | None = None, *arguments: Any, **options: Any
    ) -> Any:
        """Make a security group; without a VPC it needs a default one."""
        if not vpc_id and not self.default_vpc:
            raise VPCIdNotSpecifiedError
        group = super().create_security_group(name, description, vpc_id, *arguments, **options)
        group.egress_rules = []
        self.authorize_security_group_egress(group.id, "-1", None, None, [{"CidrIp": "0.0.0.0/0"}])
        return group

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Delete a security group that no interface and no other group's rule names."""
        group = self.get_security_group_by_name_or_id(group_id or name)
        if not group:
            raise InvalidSecurityGroupNotFoundError(group_id or name)
        if group.is_default:
            raise EC2ClientError(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
            )
        refuse_if(
            f"resource {group.id} has a dependent object",
            [
                *self.interfaces_where(lambda each: group in each.group_set),
                *(other.id for other in self._groups() if other is not group and _names(other, group.id)),
            ],
        )
        self._delete_security_group(group.vpc_id, group.id)

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """Change rules in place, whatever their peer is."""
        group = self.get_security_group_from_id(group_id)
        if not group:
            raise InvalidSecurityGroupNotFoundError(group_id)
        for rule_id, wanted in rules.items():
            current = group.get_rule(rule_id)
            if not current:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
            changed = next(self._rules_of(group_id, wanted, is_egress=current.is_egress))
            for name in ("ip_protocol", "from_port", "to_port", "ip_range", "source_group", "prefix_list_id"):
                setattr(current, name, getattr(changed, name))

    def _rules_of(self, group_id: str, wanted: dict[str, Any], *, is_egress: bool) -> Iterator[Rule]:
        note = {"Description": wanted["Description"]} if wanted.get("Description") else {}
        ranges = [
            {ours: wanted[theirs]} | note
            for ours, theirs in (("CidrIp", "CidrIpv4"), ("CidrIpv6", "CidrIpv6"))
            if wanted.get(theirs)
        ]
        groups = [{"GroupId": wanted["ReferencedGroupId"]} | note] if wanted.get("ReferencedGroupId") else []
        prefixes = [{"PrefixListId": wanted["PrefixListId"]} | note] if wanted.get("PrefixListId") else []
        if len(ranges) + len(groups) + len(prefixes) != 1:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified.",
            )
        return self._iterate_security_rules(
            wanted.get("IpProtocol"),
            group_id,
            wanted.get("FromPort"),
            wanted.get("ToPort"),
            ranges,
            self._add_source_group(groups, None),
            prefixes,
            is_egress=is_egress,
        )

    def _iterate_security_rules(
        self,
        ip_protocol: Any,
        group_id: str,
        from_port: Any,
        to_port: Any,
        ip_ranges: list[Any],
        source_groups: list[dict[str, Any]],
        prefix_list_ids: list[dict[str, str]],
        is_egress: bool = False,
        tags: dict[str, str] | None = None,
    ) -> Iterator[Rule]:
        check_protocol(ip_protocol)
        if ip_protocol in ("tcp", "udp") and (from_port is None or to_port is None):
            raise EC2ClientError(
                "MissingParameter", "The request must contain the parameter FromPort, ToPort"
            )
        check_ports(ip_protocol, from_port, to_port)
        for each in ip_ranges or []:
            if "CidrIpv6" in each:
                check_range_of_ipv6(each["CidrIpv6"])
            else:
                check_range(each.get("CidrIp"))
        peers = [
            *((each, None, None) for each in ip_ranges or []),
            *((None, each, None) for each in source_groups),
            *((None, None, each) for each in prefix_list_ids),
        ]
        for ip_range, source_group, prefix_list in peers:
            yield Rule(
                self,
                ip_protocol,
                group_id,
                from_port,
                to_port,
                ip_range,
                source_group,
                prefix_list,
                is_egress=is_egress,
                tags=tags,
            )

    def _groups(self) -> Iterator[Any]:
        for groups in self.groups.values():
            yield from groups.values()


def _names(group: Any, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)
