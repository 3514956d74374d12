"""EC2's filters: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from moto.ec2 import utils as moto_utils
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import tags as moto_tags

T = TypeVar("T")
Filters = Mapping[str, list[str]]
FilterFields = Mapping[str, Callable[[Any], Iterable[object]]]
"""By filter name: a function that returns the values of a resource to compare."""


def apply_filters(resources: Iterable[T], filters: Filters | None, fields: FilterFields) -> list[T]:
    """Return the resources that match all filters: of `fields`, and of tags. Raises EC2ClientError."""
    tests = [(_values_of(name, fields), _pattern(tuple(values))) for name, values in (filters or {}).items()]
    return [
        each
        for each in resources
        if all(any(map(pattern.fullmatch, map(_text, values(each)))) for values, pattern in tests)
    ]


def split_filters(filters: Filters | None, fields: FilterFields) -> tuple[Filters, Filters]:
    """Return the filters in `fields`, and the others."""
    all_filters = filters or {}
    return (
        {name: values for name, values in all_filters.items() if name in fields},
        {name: values for name, values in all_filters.items() if name not in fields},
    )


def unknown_filter_error(name: str) -> EC2ClientError:
    """Return the error for a filter that an operation does not support."""
    return EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")


def _values_of(name: str, fields: FilterFields) -> Callable[[Any], Iterable[object]]:
    if name in fields:
        return fields[name]
    prefix, colon, key = name.partition(":")
    if prefix == "tag" and colon:
        return lambda resource: [tag["value"] for tag in resource.get_tags() if tag["key"] == key]
    if name == "tag-key":
        return lambda resource: [tag["key"] for tag in resource.get_tags()]
    if name == "tag-value":
        return lambda resource: [tag["value"] for tag in resource.get_tags()]
    raise unknown_filter_error(name)


@lru_cache(maxsize=1024)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that matches any of the values."""
    return re.compile("|".join(f"(?:{_expression(value)})" for value in values) or r"(?!)", re.DOTALL)


def _expression(value: str) -> str:
    """Return a regular expression for a value with the wildcards `*` and `?`; a backslash escapes them."""
    return "".join(
        {"*": ".*", "?": "."}.get(token) or re.escape(token[-1])
        for token in re.findall(r"\\[*?\\]|.", value, re.DOTALL)
    )


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return str(moto_utils.format_timestamp(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


# moto's own filters


def apply_aws_rules_to_moto() -> None:
    """Replace the comparison in moto's filters, for all EC2 resources of the process.

    moto treats brackets as wildcards, and of several values it compares sets instead of finding any.
    """
    moto_utils.is_filter_matching = _matches
    for module in (moto_utils, moto_tags):
        module.simple_aws_filter_to_re = lambda value: rf"(?s:{_expression(value)})\Z"


def _matches(resource: Any, name: str, values: list[str] | str) -> bool:
    value = resource.get_filter_value(name)
    if value is None:
        return False
    is_scalar = isinstance(value, (str, bool, int, datetime))
    pattern = _pattern((values,) if isinstance(values, str) else tuple(values))
    return any(pattern.fullmatch(_text(each)) for each in ([value] if is_scalar else value))


# security groups: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html

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
