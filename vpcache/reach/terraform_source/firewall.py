"""The rules of security groups and network ACLs, in each form of Terraform's resources. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from vpcache.lab.topology import AclEntry, IpNetwork, NetworkAcl, Rule, SecurityGroup
from vpcache.reach.protocols import ICMP, port_range, protocol_name
from vpcache.terraform.resources import Resource, Resources

_GROUPS = ("aws_security_group", "aws_default_security_group")
_ACLS = ("aws_network_acl", "aws_default_network_acl")


def security_groups(state: Resources, vpc_id: str) -> tuple[SecurityGroup, ...]:
    """Return the security groups of a VPC with their rules, sorted by ID."""
    ingress, egress = defaultdict[str, list[Rule]](list), defaultdict[str, list[Rule]](list)
    prefix_lists = _prefix_lists(state)
    for group, is_ingress, protocol, values in _rules(state):
        rules = ingress if is_ingress else egress
        rules[group] += _expanded(group, protocol, values, prefix_lists)
    groups = (each for each in state.of(*_GROUPS) if each.text("vpc_id") == vpc_id)
    return tuple(
        sorted(
            (SecurityGroup(each.id, tuple(ingress[each.id]), tuple(egress[each.id])) for each in groups),
            key=lambda group: group.id,
        )
    )


def _rules(state: Resources) -> Iterator[tuple[str, bool, str, Mapping[str, Any]]]:
    """Yield the group of each rule, whether it is an ingress rule, its protocol, and its values."""
    for kind in ("ingress", "egress"):
        is_ingress = kind == "ingress"
        for rule in state.of(f"aws_vpc_security_group_{kind}_rule"):
            yield rule.text("security_group_id"), is_ingress, rule.text("ip_protocol"), rule.values
        for group in state.of(*_GROUPS):
            for block in group.blocks(kind):
                yield group.id, is_ingress, str(block.get("protocol") or ""), block
    for rule in state.of("aws_security_group_rule"):
        is_ingress = rule.text("type") == "ingress"
        yield rule.text("security_group_id"), is_ingress, rule.text("protocol"), rule.values


def _expanded(
    group: str, protocol: str, values: Mapping[str, Any], prefix_lists: Mapping[str, list[IpNetwork]]
) -> Iterator[Rule]:
    name = protocol_name(protocol)
    ports = port_range(name, values.get("from_port"), values.get("to_port"))
    if values.get("self"):
        yield Rule(name, ports, group)
    for key in ("referenced_security_group_id", "source_security_group_id", "security_groups"):
        for peer in _listed(values.get(key)):
            yield Rule(name, ports, peer.rpartition("/")[2])  # ACCOUNT/sg-... of a peered VPC
    for key in ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"):
        for text in _listed(values.get(key)):
            yield Rule(name, ports, ip_network(text))
    for key in ("prefix_list_id", "prefix_list_ids"):
        for prefix_list in _listed(values.get(key)):
            for cidr in prefix_lists.get(prefix_list, []):
                yield Rule(name, ports, cidr)


def _listed(value: Any) -> list[str]:
    """Return the strings of an attribute that is a string, a list or null; unknown items are absent."""
    items = [value] if isinstance(value, str) else value or []
    return [item for item in items if isinstance(item, str) and item]


def _prefix_lists(state: Resources) -> dict[str, list[IpNetwork]]:
    lists = defaultdict[str, list[IpNetwork]](list)
    for each in state.of("aws_ec2_managed_prefix_list"):
        lists[each.id] += [ip_network(entry["cidr"]) for entry in each.blocks("entry")]
    for entry in state.of("aws_ec2_managed_prefix_list_entry"):
        lists[entry.text("prefix_list_id")].append(ip_network(entry.text("cidr")))
    return lists


def network_acls(state: Resources, vpc_id: str, subnet_ids: list[str]) -> tuple[NetworkAcl, ...]:
    """Return the network ACLs of a VPC, sorted by ID.

    A subnet that no ACL names has the VPC's default ACL; if that is not in the state, AWS's, which allows
    all traffic.
    """
    acls = [each for each in state.of(*_ACLS) if each.text("vpc_id") == vpc_id]
    members = {each.id: set(each.texts("subnet_ids")) for each in acls}
    for association in state.of("aws_network_acl_association"):
        members.setdefault(association.text("network_acl_id"), set()).add(association.text("subnet_id"))
    default = next((each.id for each in acls if each.type == "aws_default_network_acl"), None)
    if default:
        members[default] |= set(subnet_ids) - set().union(*members.values())
    return tuple(
        sorted(
            (
                NetworkAcl(
                    each.id,
                    frozenset(members[each.id]),
                    tuple(_entries(state, each, is_egress=False)),
                    tuple(_entries(state, each, is_egress=True)),
                )
                for each in acls
            ),
            key=lambda acl: acl.id,
        )
    )


def _entries(state: Resources, acl: Resource, *, is_egress: bool) -> Iterator[AclEntry]:
    for block in acl.blocks("egress" if is_egress else "ingress"):
        yield from _entry(block, block.get("rule_no"), block.get("action"), block.get("cidr_block"))
        yield from _entry(block, block.get("rule_no"), block.get("action"), block.get("ipv6_cidr_block"))
    for rule in state.of("aws_network_acl_rule"):
        values = rule.values
        if rule.text("network_acl_id") == acl.id and bool(values.get("egress")) is is_egress:
            for cidr in ("cidr_block", "ipv6_cidr_block"):
                yield from _entry(
                    values, values.get("rule_number"), values.get("rule_action"), values.get(cidr)
                )


def _entry(values: Mapping[str, Any], number: Any, action: Any, cidr: Any) -> Iterator[AclEntry]:
    if not cidr:
        return
    protocol = protocol_name(str(values.get("protocol")))
    ports: tuple[int, int] | None
    if protocol in ICMP:
        ports = int(values.get("icmp_type") or 0), int(values.get("icmp_code") or 0)
    else:
        ports = port_range(protocol, values.get("from_port"), values.get("to_port"))
    yield AclEntry(int(number), protocol, ports, ip_network(cidr), action == "allow")
