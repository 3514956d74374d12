"""Rules for protocols that have no ports.

AWS ignores ports for protocols other than TCP, UDP and ICMP:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest

from tests.support.served.region import Network, api_error
from vpcache.lab.aws.topology_builder import derive
from vpcache.lab.topology import AclEntry, Rule

ESP = "50"
ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]
ANY = IPv4Network("0.0.0.0/0")


@pytest.fixture
def group(ec2: Any, network: Network) -> str:
    """A security group."""
    created = ec2.create_security_group(VpcId=network.vpc, GroupName="vpn", Description="d")
    return str(created["GroupId"])


def rules(ec2: Any, group: str, *, egress: bool = False) -> list[tuple[str, int | None, int | None]]:
    """Return protocol and ports of the rules of a group."""
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return [
        (each["IpProtocol"], each.get("FromPort"), each.get("ToPort"))
        for each in found["SecurityGroupRules"]
        if each["IsEgress"] is egress
    ]


@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_ports_of_other_protocols_are_ignored(ec2: Any, group: str, way: str) -> None:
    is_egress = way == "egress"
    for ports in ({}, {"FromPort": 1, "ToPort": 2}):
        permission = {"IpProtocol": ESP, "IpRanges": ANYWHERE, **ports}
        getattr(ec2, f"authorize_security_group_{way}")(GroupId=group, IpPermissions=[permission])

        assert (ESP, -1, -1) in rules(ec2, group, egress=is_egress)
        (described,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        permissions = described["IpPermissionsEgress" if is_egress else "IpPermissions"]
        (found,) = [each for each in permissions if each["IpProtocol"] == ESP]
        assert not {"FromPort", "ToPort"} & found.keys()

        getattr(ec2, f"revoke_security_group_{way}")(GroupId=group, IpPermissions=[permission])
        assert ESP not in [protocol for protocol, *_ in rules(ec2, group, egress=is_egress)]


def test_rule_of_another_protocol_with_other_ports_is_a_duplicate(ec2: Any, group: str) -> None:
    permission = {"IpProtocol": ESP, "IpRanges": ANYWHERE}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])

    error = api_error(
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=[permission | {"FromPort": 1, "ToPort": 2}],
    )

    assert error.code == "InvalidPermission.Duplicate"


def test_rule_is_modified_to_a_protocol_without_ports(ec2: Any, group: str) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": ANYWHERE}
    created = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    rule = {"SecurityGroupRuleId": created["SecurityGroupRules"][0]["SecurityGroupRuleId"]}

    for protocol in (ESP, "icmpv6"):
        change = {"IpProtocol": protocol, "CidrIpv4": "0.0.0.0/0"}
        ec2.modify_security_group_rules(
            GroupId=group, SecurityGroupRules=[rule | {"SecurityGroupRule": change}]
        )
        assert rules(ec2, group) == [(protocol, -1, -1)]


def test_rules_without_ports_allow_all_packets_of_a_protocol(ec2: Any, group: str) -> None:
    anywhere = [{"CidrIpv6": "::/0"}]
    permissions = [{"IpProtocol": protocol, "Ipv6Ranges": anywhere} for protocol in (ESP, "icmpv6")]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)

    (vpc,) = derive().vpcs
    (found,) = [each for each in vpc.security_groups if each.id == group]
    assert found.ingress == tuple(Rule(protocol, None, IPv6Network("::/0")) for protocol in (ESP, "icmpv6"))


def test_protocols_with_ports_need_them(ec2: Any, group: str) -> None:
    for protocol in ("icmp", "1", "6", "17"):
        permission = {"IpProtocol": protocol, "IpRanges": ANYWHERE}

        error = api_error(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])

        assert (error.code, "portRange" in error.message) == ("InvalidParameterValue", True), protocol


@pytest.mark.parametrize("operation", ["create_network_acl_entry", "replace_network_acl_entry"])
def test_entries_for_other_protocols_allow_all_their_packets(
    ec2: Any, network: Network, operation: str
) -> None:
    acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    ports = {"PortRange": {"From": 1, "To": 2}}
    for number, given in ((7, {}), (8, ports)):
        numbered = entry | {"RuleNumber": number}
        if operation.startswith("replace"):
            ec2.create_network_acl_entry(**numbered, **ports, Protocol="6")
        getattr(ec2, operation)(**numbered, **given, Protocol=ESP)

    (described,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    assert [each["Protocol"] for each in described["Entries"] if each["RuleNumber"] in (7, 8)] == [ESP, ESP]
    (vpc,) = derive().vpcs
    (found,) = [each for each in vpc.network_acls if each.id == acl]
    assert found.ingress == tuple(AclEntry(number, ESP, None, ANY, True) for number in (7, 8))
