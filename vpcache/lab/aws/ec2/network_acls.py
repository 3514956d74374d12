"""EC2's network ACLs, with AWS's validation of their entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from vpcache.lab.aws.ec2.validation import (
    check_cidr,
    check_ipv6_cidr,
    check_ports,
    check_protocol,
    invalid_parameter,
)

_MAX_RULE_NUMBER = 32766
_FIRST_RULE_NUMBER = 100  # of a default ACL's entries
_FIRST_IPV6_RULE_NUMBER = 101
_LAST_IPV6_RULE_NUMBER = 32768
_LAST_RULE_NUMBER = 32767  # of AWS's last entries, which users can neither create nor delete


class NetworkAclsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for network ACLs."""

    def create_network_acl(
        self, vpc_id: str, tags: list[dict[str, str]] | None = None, default: bool = False
    ) -> Any:
        """Create a network ACL with AWS's last entries, which deny everything."""
        acl = super().create_network_acl(vpc_id, tags, default)
        for egress in (True, False):
            self._add_own_entry(acl.id, _LAST_RULE_NUMBER, "deny", egress=egress)
        if self.get_vpc(vpc_id).ipv6_cidr_block_association_set:
            self._add_ipv6_entries(acl)
        return acl

    def add_default_entries(self, network_acl_id: str) -> None:
        """Add the entries of a VPC's default ACL, which allow everything."""
        for egress in (True, False):
            self._add_own_entry(network_acl_id, _FIRST_RULE_NUMBER, "allow", egress=egress)

    def add_ipv6_entries(self, vpc_id: str) -> None:
        """Add AWS's entries for IPv6 to the ACLs of a VPC that got an IPv6 CIDR block.

        https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
        """
        for acl in self.network_acls.values():
            if acl.vpc_id == vpc_id:
                self._add_ipv6_entries(acl)

    def _add_ipv6_entries(self, acl: Any) -> None:
        own = [
            (_LAST_IPV6_RULE_NUMBER, "deny"),
            *([(_FIRST_IPV6_RULE_NUMBER, "allow")] if acl.default else []),
        ]
        taken = {(each.rule_number, each.egress) for each in acl.network_acl_entries}
        for number, action in own:
            for egress in (True, False):
                if (number, egress) not in taken:
                    self._add_own_entry(acl.id, number, action, egress=egress, ipv6_cidr_block="::/0")

    def _add_own_entry(
        self, acl_id: str, number: int, action: str, *, egress: bool, ipv6_cidr_block: str | None = None
    ) -> None:
        super().create_network_acl_entry(
            network_acl_id=acl_id,
            rule_number=number,
            protocol="-1",
            rule_action=action,
            egress=egress,
            cidr_block=None if ipv6_cidr_block else "0.0.0.0/0",
            icmp_code=None,
            icmp_type=None,
            port_range_from=None,
            port_range_to=None,
            ipv6_cidr_block=ipv6_cidr_block,
        )

    def create_network_acl_entry(self, **entry: Any) -> Any:
        """Create a valid entry."""
        _check_entry(entry)
        return super().create_network_acl_entry(**entry)

    def delete_network_acl_entry(self, network_acl_id: str, rule_number: int, egress: bool) -> Any:
        """Delete an existing entry that is not one of AWS's last entries."""
        if int(rule_number) > _MAX_RULE_NUMBER:
            raise invalid_parameter("RuleNumber", rule_number)
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        if not any((each.egress, each.rule_number) == (egress, rule_number) for each in entries):
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound",
                f"The network acl entry identified by {rule_number} does not exist.",
            )
        return super().delete_network_acl_entry(network_acl_id, rule_number, egress)

    def replace_network_acl_entry(self, **entry: Any) -> Any:
        """Replace an existing entry with a valid one."""
        _check_entry(entry)
        return super().replace_network_acl_entry(**entry)

    def replace_network_acl_association(self, association_id: str, network_acl_id: str) -> Any:
        """Associate a subnet with another ACL of its VPC."""
        new_acl = self.get_network_acl(network_acl_id)
        current = [each for each in self.network_acls.values() if association_id in each._associations]
        if not current:
            raise EC2ClientError(
                "InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist"
            )
        if current[0].vpc_id != new_acl.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Network ACL {network_acl_id} and {association_id} belong to different networks.",
            )
        return super().replace_network_acl_association(association_id, network_acl_id)


def _check_entry(entry: Mapping[str, Any]) -> None:
    """Raise EC2ClientError for an invalid entry, by moto's names of its parameters."""
    number, protocol = entry["rule_number"], entry["protocol"]
    if not 1 <= int(number) <= _MAX_RULE_NUMBER:
        raise invalid_parameter("RuleNumber", number)
    check_protocol(protocol)
    if entry["ipv6_cidr_block"] and not entry["cidr_block"]:
        check_ipv6_cidr(entry["ipv6_cidr_block"])
    else:
        check_cidr(entry["cidr_block"])
    if protocol in ("icmp", "1", "icmpv6", "58"):
        check_ports(protocol, entry["icmp_type"], entry["icmp_code"])
    else:
        check_ports(protocol, entry["port_range_from"], entry["port_range_to"])
