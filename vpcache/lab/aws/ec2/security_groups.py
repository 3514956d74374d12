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

from vpcache.lab.aws.ec2.interfaces import InterfacesBackend, ensure_unused
from vpcache.lab.aws.ec2.validation import (
    check_cidr,
    check_ipv6_cidr,
    check_protocol,
    check_rule_ports,
    rule_ports,
)
from vpcache.lab.aws.ec2.vpcs.group_texts import check_group, check_rule_description

_ANY = -1


class GroupRule(SecurityGroupRule):  # type: ignore[misc]
    """A rule with a description for every type of peer, which equality ignores.

    Its ports are None where the protocol has none: AWS ignores those of the request.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    """

    def __init__(
        self, backend: Any, protocol: Any, group_id: str, ports: tuple[Any, Any], *peer: Any, **options: Any
    ) -> None:
        super().__init__(backend, protocol, group_id, _ANY, _ANY, *peer, **options)
        self.from_port, self.to_port = rule_ports(self.ip_protocol, *ports)

    @property
    def description(self) -> str | None:
        """The description from the request."""
        peers = (self.ip_range, self.source_group, self.prefix_list_id or {})
        return next((each["Description"] for each in peers if each.get("Description")), None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GroupRule) and self._identity() == other._identity()

    __hash__ = None  # type: ignore[assignment]  # rules change in place

    def _identity(self) -> tuple[Any, ...]:
        peer = (self.cidr_ipv4, self.cidr_ipv6, self.source_group.get("GroupId"), self.prefix_list_id)
        return (self.ip_protocol, self.from_port, self.to_port, *peer)


class SecurityGroupsBackend(InterfacesBackend):
    """The part of EC2 for security groups."""

    def create_security_group(
        self, name: str, description: str, vpc_id: str | None = None, *arguments: Any, **options: Any
    ) -> Any:
        """Create a security group, in the default VPC if none is set."""
        if not vpc_id and not self.default_vpc:
            raise VPCIdNotSpecifiedError
        check_group(name, description or "")
        group = super().create_security_group(name, description, vpc_id, *arguments, **options)
        group.egress_rules = []
        anywhere = [{"CidrIp": "0.0.0.0/0"}]
        if self.get_vpc(group.vpc_id).ipv6_cidr_block_association_set:
            anywhere.append({"CidrIpv6": "::/0"})
        self.authorize_security_group_egress(group.id, "-1", None, None, anywhere)
        return group

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """Delete a security group that no interface and no rule of another group references."""
        group = self.get_security_group_by_name_or_id(group_id or name)
        if not group:
            raise InvalidSecurityGroupNotFoundError(group_id or name)
        if group.is_default:
            raise EC2ClientError(
                "CannotDelete",
                f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
            )
        ensure_unused(
            f"resource {group.id} has a dependent object",
            [
                *self.interface_ids_where(lambda each: group in each.group_set),
                *(
                    other.id
                    for other in self._groups()
                    if other is not group and _references(other, group.id)
                ),
            ],
        )
        self._delete_security_group(group.vpc_id, group.id)

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """Change rules in place; the peer may be of any type."""
        group = self.get_security_group_from_id(group_id)
        if not group:
            raise InvalidSecurityGroupNotFoundError(group_id)
        for rule_id, request in rules.items():
            current = group.get_rule(rule_id)
            if not current:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
            changed = next(self._rules_of(group_id, request, is_egress=current.is_egress))
            for name in ("ip_protocol", "from_port", "to_port", "ip_range", "source_group", "prefix_list_id"):
                setattr(current, name, getattr(changed, name))

    def _rules_of(self, group_id: str, request: dict[str, Any], *, is_egress: bool) -> Iterator[GroupRule]:
        """Return the rule (one) for a SecurityGroupRuleRequest."""
        description = {"Description": request["Description"]} if request.get("Description") else {}

        def peers(name: str, parameter: str) -> list[dict[str, Any]]:
            return [{name: request[parameter]} | description] if request.get(parameter) else []

        cidrs = peers("CidrIp", "CidrIpv4") + peers("CidrIpv6", "CidrIpv6")
        groups = peers("GroupId", "ReferencedGroupId")
        prefixes = peers("PrefixListId", "PrefixListId")
        if len(cidrs) + len(groups) + len(prefixes) != 1:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified.",
            )
        return self._iterate_security_rules(
            request.get("IpProtocol"),
            group_id,
            request.get("FromPort"),
            request.get("ToPort"),
            cidrs,
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
    ) -> Iterator[GroupRule]:
        check_protocol(ip_protocol)
        check_rule_ports(ip_protocol, from_port, to_port)
        for each in ip_ranges or []:
            if "CidrIpv6" in each:
                check_ipv6_cidr(each["CidrIpv6"])
            else:
                check_cidr(each.get("CidrIp"))
        for each in (*(ip_ranges or ()), *source_groups, *prefix_list_ids):
            check_rule_description(each.get("Description"))
        peers = [
            *((each, None, None) for each in ip_ranges or []),
            *((None, each, None) for each in source_groups),
            *((None, None, each) for each in prefix_list_ids),
        ]
        for ip_range, source_group, prefix_list in peers:
            yield GroupRule(
                self,
                ip_protocol,
                group_id,
                (from_port, to_port),
                ip_range,
                source_group,
                prefix_list,
                is_egress=is_egress,
                tags=tags,
            )

    def _groups(self) -> Iterator[Any]:
        for groups in self.groups.values():
            yield from groups.values()


def _references(group: Any, group_id: str) -> bool:
    rules = [*group.ingress_rules, *group.egress_rules]
    return any(rule.source_group.get("GroupId") == group_id for rule in rules)
