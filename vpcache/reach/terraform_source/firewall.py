"""The rules of security groups and network ACLs, in each form of Terraform's resources. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from vpcache.lab.topology import AclEntry, IpNetwork, NetworkAcl, Rule, SecurityGroup
from vpcache.reach.protocols import ICMP, port_range, protocol_name
from vpcache.reach.terraform_source.prefix_lists import prefix_lists
from vpcache.terraform.resources import Resource, Resources

_EVERYONE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_GROUPS = ("aws_security_group", "aws_default_security_group")
_ACLS = ("aws_network_acl", "aws_default_network_acl")


def security_groups(state: Resources, vpc_id: str) -> tuple[SecurityGroup, ...]:
    """Return the security groups of a VPC with their rules, sorted by ID.

    A default security group that Terraform does not manage has AWS's rules; aws_default_security_group
    removes these: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    ingress, egress = defaultdict[str, list[Rule]](list), defaultdict[str, list[Rule]](list)
    blocks = prefix_lists(state)
    gone = {
        (rule.group, rule.is_ingress, each) for rule in _former(state) for each in _expanded(rule, blocks)
    }
    for rule in _rules(state):
        rules = ingress if rule.is_ingress else egress
        rules[rule.group] += (
            each
            for each in _expanded(rule, blocks)
            if not (rule.is_listed and (rule.group, rule.is_ingress, each) in gone)
        )
    ids = {each.id for each in state.of(*_GROUPS) if each.text("vpc_id") == vpc_id}
    default = default_security_group(state, vpc_id)
    if default and default not in ids:
        ids.add(default)
        ingress[default].insert(0, Rule("all", None, default, description="the default security group's"))
        egress[default][:0] = [
            Rule("all", None, each, description="the default security group's") for each in _EVERYONE
        ]
    return tuple(SecurityGroup(each, tuple(ingress[each]), tuple(egress[each])) for each in sorted(ids))


def default_security_group(state: Resources, vpc_id: str) -> str:
    """Return the ID of a VPC's default security group, empty if the document does not have it."""
    managed = (each.id for each in state.of("aws_default_security_group") if each.text("vpc_id") == vpc_id)
    vpcs = (each for each in state.of("aws_vpc", "aws_default_vpc") if each.id == vpc_id)
    return next(managed, next((each.text("default_security_group_id") for each in vpcs), ""))


@dataclass(frozen=True)
class _Rule:
    """A rule of a security group as Terraform has it, with the attributes that all forms share."""

    id: str
    group: str
    is_ingress: bool
    protocol: str
    values: Mapping[str, Any]
    is_listed: bool = False  # among the attributes of its group


def _former(state: Resources) -> Iterator[_Rule]:
    """Yield the rules that a plan deletes or changes: in the plan their groups still list them."""
    yield from _resource_rules(Resources(state.former))


def _rules(state: Resources) -> Iterator[_Rule]:
    """Yield the rules of all groups; a rule in a group's block has no ID."""
    yield from _resource_rules(state)
    for group in state.of(*_GROUPS):
        for kind in ("ingress", "egress"):
            for block in group.blocks(kind):
                protocol = str(block.get("protocol") or "")
                yield _Rule("", group.id, kind == "ingress", protocol, block, is_listed=True)


def _resource_rules(state: Resources) -> Iterator[_Rule]:
    """Yield the rules that are separate resources."""
    for kind in ("ingress", "egress"):
        for rule in state.of(f"aws_vpc_security_group_{kind}_rule"):
            group_id, protocol = rule.text("security_group_id"), rule.text("ip_protocol")
            yield _Rule(_rule_id(rule), group_id, kind == "ingress", protocol, rule.values)
    for rule in state.of("aws_security_group_rule"):
        is_ingress = rule.text("type") == "ingress"
        group_id, protocol = rule.text("security_group_id"), rule.text("protocol")
        yield _Rule(_rule_id(rule), group_id, is_ingress, protocol, rule.values)


def _rule_id(rule: Resource) -> str:
    """Return AWS's ID of a rule, else its address; the ID of aws_security_group_rule is not AWS's."""
    return rule.text("security_group_rule_id") or rule.address


def _expanded(rule: _Rule, blocks: Mapping[str, list[IpNetwork]]) -> Iterator[Rule]:
    """Yield a rule for each peer."""
    protocol = protocol_name(rule.protocol)
    ports = port_range(protocol, rule.values.get("from_port"), rule.values.get("to_port"))
    description = str(rule.values.get("description") or "")
    for peer in _peers(rule, blocks):
        yield Rule(protocol, ports, peer, rule.id, description)


def _peers(rule: _Rule, blocks: Mapping[str, list[IpNetwork]]) -> Iterator[IpNetwork | str]:
    values = rule.values
    if values.get("self"):
        yield rule.group
    for key in ("referenced_security_group_id", "source_security_group_id", "security_groups"):
        for peer in _listed(values.get(key)):
            yield peer.rpartition("/")[2]  # ACCOUNT/sg-... of a peered VPC
    for key in ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks"):
        for text in _listed(values.get(key)):
            yield ip_network(text)
    for key in ("prefix_list_id", "prefix_list_ids"):
        for prefix_list in _listed(values.get(key)):
            yield from blocks.get(prefix_list, [])


def _listed(value: Any) -> list[str]:
    """Return the strings of an attribute that is a string, a list or null; unknown items are absent."""
    items = [value] if isinstance(value, str) else value or []
    return [item for item in items if isinstance(item, str) and item]


def network_acls(state: Resources, vpc_id: str, subnet_ids: list[str]) -> tuple[NetworkAcl, ...]:
    """Return the network ACLs of a VPC, sorted by ID.

    A subnet that no ACL names has the VPC's default ACL; if that is not in the state, AWS's, which allows
    all traffic.
    """
    acls = [each for each in state.of(*_ACLS) if each.text("vpc_id") == vpc_id]
    chosen = _acls_of_subnets(state, acls, subnet_ids)
    members = {each.id: {subnet for subnet, acl in chosen.items() if acl == each.id} for each in acls}
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


def _acls_of_subnets(state: Resources, acls: list[Resource], subnet_ids: list[str]) -> dict[str, str]:
    """Return the ID of the ACL of each subnet that has one in the document.

    A subnet has one ACL, but until the next refresh a state also lists it at the ACL that it had before: the
    association decides, then an ACL other than the default one.
    """
    default = next((each.id for each in acls if each.type == "aws_default_network_acl"), None)
    chosen = dict.fromkeys(subnet_ids, default) if default else {}
    ended = {
        (each.text("network_acl_id"), each.text("subnet_id"))
        for each in Resources(state.former).of("aws_network_acl_association")
    }
    listed = ((each.id, subnet) for each in acls if each.id != default for subnet in each.texts("subnet_ids"))
    chosen |= {subnet: acl for acl, subnet in listed if (acl, subnet) not in ended}
    associations = state.of("aws_network_acl_association")
    return chosen | {each.text("subnet_id"): each.text("network_acl_id") for each in associations}


def _entries(state: Resources, acl: Resource, *, is_egress: bool) -> Iterator[AclEntry]:
    rules = [*state.of("aws_network_acl_rule"), *Resources(state.former).of("aws_network_acl_rule")]
    own = {
        rule.values.get("rule_number")
        for rule in rules
        if rule.text("network_acl_id") == acl.id and bool(rule.values.get("egress")) is is_egress
    }
    for block in acl.blocks("egress" if is_egress else "ingress"):
        if block.get("rule_no") in own:
            continue  # the ACL lists the rules that are separate resources too
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
