"""The filters of security groups and their rules. Pure.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from vpcache.lab.aws.ec2.filters import FilterFields

_OF_RULES: FilterFields = {
    "cidr": lambda rule: [rule.cidr_ipv4],
    "from-port": lambda rule: [rule.from_port],
    "group-id": lambda rule: [rule.source_group.get("GroupId")],
    "group-name": lambda rule: [rule.source_group.get("GroupName")],
    "ipv6-cidr": lambda rule: [rule.cidr_ipv6],
    "prefix-list-id": lambda rule: [(rule.prefix_list_id or {}).get("PrefixListId")],
    "protocol": lambda rule: [rule.ip_protocol],
    "to-port": lambda rule: [rule.to_port],
    "user-id": lambda rule: [rule.source_group and rule.owner_id],
}


def _of_any_rule(
    rules: Callable[[Any], Iterable[Any]], values: Callable[[Any], Iterable[object]]
) -> Callable[[Any], Iterable[object]]:
    return lambda group: [value for rule in rules(group) for value in values(rule) if value is not None]


GROUP_FILTERS: FilterFields = {
    "description": lambda group: [group.description],
    "group-id": lambda group: [group.id],
    "group-name": lambda group: [group.name],
    "owner-id": lambda group: [group.owner_id],
    "vpc-id": lambda group: [group.vpc_id],
    **{
        f"ip-permission.{name}": _of_any_rule(lambda group: group.ingress_rules, values)
        for name, values in _OF_RULES.items()
    },
    **{
        f"egress.ip-permission.{name}": _of_any_rule(lambda group: group.egress_rules, values)
        for name, values in _OF_RULES.items()
    },
}
GROUP_RULE_FILTERS: FilterFields = {
    "group-id": lambda rule: [rule.group_id],
    "security-group-rule-id": lambda rule: [rule.id],
}
