"""The ingress rules of security groups, in each of the three ways to declare them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.terraform.resources import Resources


@dataclass(frozen=True)
class IngressRule:
    """Traffic (`tcp 11211`, `all traffic`) that a group allows from another group or a CIDR block."""

    group: str
    source: str
    is_source_a_group: bool
    traffic: str


def ingress_rules(resources: Resources) -> Iterator[IngressRule]:
    """Yield the ingress rules, from separate resources and from blocks within a group."""
    for rule in resources.of("aws_vpc_security_group_ingress_rule"):
        protocol = rule.text("ip_protocol")
        yield from _rules(rule.text("security_group_id"), protocol, rule.values)
    for rule in resources.of("aws_security_group_rule"):
        if rule.text("type") == "ingress":
            yield from _rules(rule.text("security_group_id"), rule.text("protocol"), rule.values)
    for group in resources.of("aws_security_group", "aws_default_security_group"):
        for block in group.blocks("ingress"):
            yield from _rules(group.id, str(block.get("protocol") or ""), block)


def _rules(group: str, protocol: str, values: Mapping[str, Any]) -> Iterator[IngressRule]:
    traffic = _traffic(protocol, values.get("from_port"), values.get("to_port"))
    if values.get("self"):
        yield IngressRule(group, group, True, traffic)
    for source in _all(values, "referenced_security_group_id", "source_security_group_id", "security_groups"):
        yield IngressRule(group, source, True, traffic)
    for source in _all(values, "cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks", "prefix_list_id"):
        yield IngressRule(group, source, False, traffic)


def _all(values: Mapping[str, Any], *keys: str) -> Iterator[str]:
    """Yield the strings of some keys, whose values are a string, a list or nothing."""
    for key in keys:
        value = values.get(key) or []
        yield from (value for value in ([value] if isinstance(value, str) else value) if value)


def _traffic(protocol: str, low: Any, high: Any) -> str:
    if protocol in ("-1", "all"):
        return "all traffic"
    if low in (None, -1):
        return protocol
    return f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}"
