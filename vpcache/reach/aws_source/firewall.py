"""The rules of security groups and network ACLs, from EC2's descriptions. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from vpcache.lab.topology import AclEntry, IpNetwork, NetworkAcl, Rule, SecurityGroup
from vpcache.reach.aws_source.descriptions import Descriptions, Item, of_vpc
from vpcache.reach.protocols import ICMP, port_range, protocol_name

_DEFAULT_DENY_ENTRY = 32767
"""The lowest number of AWS's own entries, which deny all other packets.

https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
"""


def security_groups(found: Descriptions, vpc_id: str) -> tuple[SecurityGroup, ...]:
    """Return the security groups of a VPC with their rules, both sorted by ID."""
    ingress, egress = defaultdict[str, list[Rule]](list), defaultdict[str, list[Rule]](list)
    prefixes = found.prefixes()
    for each in sorted(found.security_group_rules, key=lambda rule: str(rule["SecurityGroupRuleId"])):
        (egress if each["IsEgress"] else ingress)[each["GroupId"]] += _rules(each, prefixes)
    ids = sorted(each["GroupId"] for each in of_vpc(found.security_groups, vpc_id))
    return tuple(SecurityGroup(each, tuple(ingress[each]), tuple(egress[each])) for each in ids)


def network_acls(found: Descriptions, vpc_id: str) -> tuple[NetworkAcl, ...]:
    """Return the network ACLs of a VPC, sorted by ID, without AWS's last entries."""
    acls = (
        NetworkAcl(
            each["NetworkAclId"],
            frozenset(association["SubnetId"] for association in each["Associations"]),
            _entries(each, is_egress=False),
            _entries(each, is_egress=True),
        )
        for each in of_vpc(found.network_acls, vpc_id)
    )
    return tuple(sorted(acls, key=lambda acl: acl.id))


def _rules(rule: Item, prefixes: Mapping[str, tuple[IpNetwork, ...]]) -> Iterator[Rule]:
    """Yield a rule for each of its peers.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
    """
    protocol = protocol_name(rule["IpProtocol"])
    ports = port_range(protocol, rule.get("FromPort"), rule.get("ToPort"))
    for peer in _peers(rule, prefixes):
        yield Rule(protocol, ports, peer, rule["SecurityGroupRuleId"], rule.get("Description", ""))


def _peers(rule: Item, prefixes: Mapping[str, tuple[IpNetwork, ...]]) -> Iterator[IpNetwork | str]:
    for key in ("CidrIpv4", "CidrIpv6"):
        if cidr := rule.get(key):
            yield ip_network(cidr)
    if group := rule.get("ReferencedGroupInfo"):
        yield group["GroupId"]
    yield from prefixes.get(rule.get("PrefixListId", ""), ())


def _entries(acl: Item, *, is_egress: bool) -> tuple[AclEntry, ...]:
    """Return the entries of one direction by their numbers.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html
    """
    entries = (
        AclEntry(
            each["RuleNumber"],
            protocol,
            _acl_ports(protocol, each),
            ip_network(each.get("CidrBlock") or each["Ipv6CidrBlock"]),
            each["RuleAction"] == "allow",
        )
        for each in acl["Entries"]
        if each["Egress"] is is_egress and each["RuleNumber"] < _DEFAULT_DENY_ENTRY
        for protocol in (protocol_name(each["Protocol"]),)
    )
    return tuple(sorted(entries, key=lambda entry: entry.number))


def _acl_ports(protocol: str, entry: Item) -> tuple[int, int] | None:
    if protocol in ICMP:
        messages = entry.get("IcmpTypeCode", {})
        return port_range(protocol, messages.get("Type"), messages.get("Code"))
    ports = entry.get("PortRange", {})
    return port_range(protocol, ports.get("From"), ports.get("To"))
