"""EC2's network ACLs and prefix lists, with AWS's rules about what they may say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from vpcache.lab.aws.ec2.validation import (
    check_ports,
    check_prefix,
    check_protocol,
    check_range,
    check_range_of_ipv6,
    invalid,
)

_LAST_ENTRY = 32767  # AWS's own


class NetworkAclsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 that has network ACLs and the prefix lists of other rules."""

    def create_network_acl_entry(
        self,
        network_acl_id: str,
        rule_number: int,
        protocol: str,
        rule_action: str,
        egress: bool,
        cidr_block: str | None,
        icmp_code: int | None,
        icmp_type: int | None,
        port_range_from: int | None,
        port_range_to: int | None,
        ipv6_cidr_block: str | None,
    ) -> Any:
        """Make an entry that means something."""
        _check_entry(
            rule_number,
            protocol,
            (cidr_block, ipv6_cidr_block),
            (icmp_type, icmp_code),
            (port_range_from, port_range_to),
        )
        return super().create_network_acl_entry(
            network_acl_id,
            rule_number,
            protocol,
            rule_action,
            egress,
            cidr_block,
            icmp_code,
            icmp_type,
            port_range_from,
            port_range_to,
            ipv6_cidr_block,
        )

    def delete_network_acl_entry(self, network_acl_id: str, rule_number: int, egress: bool) -> Any:
        """Delete an entry that there is."""
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        if not any((each.egress, each.rule_number) == (egress, rule_number) for each in entries):
            raise EC2ClientError(
                "InvalidNetworkAclEntry.NotFound",
                f"The network acl entry identified by {rule_number} does not exist.",
            )
        return super().delete_network_acl_entry(network_acl_id, rule_number, egress)

    def replace_network_acl_entry(
        self,
        network_acl_id: str,
        rule_number: int,
        protocol: str,
        rule_action: str,
        egress: bool,
        cidr_block: str | None,
        icmp_code: int | None,
        icmp_type: int | None,
        port_range_from: int | None,
        port_range_to: int | None,
        ipv6_cidr_block: str | None,
    ) -> Any:
        """Put an entry that means something in the place of another one."""
        _check_entry(
            rule_number,
            protocol,
            (cidr_block, ipv6_cidr_block),
            (icmp_type, icmp_code),
            (port_range_from, port_range_to),
        )
        return super().replace_network_acl_entry(
            network_acl_id,
            rule_number,
            protocol,
            rule_action,
            egress,
            cidr_block,
            icmp_code,
            icmp_type,
            port_range_from,
            port_range_to,
            ipv6_cidr_block,
        )

    def replace_network_acl_association(self, association_id: str, network_acl_id: str) -> Any:
        """Give a subnet another ACL of its VPC."""
        wanted = self.get_network_acl(network_acl_id)
        current = [each for each in self.network_acls.values() if association_id in each._associations]
        if not current:
            raise EC2ClientError(
                "InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist"
            )
        if current[0].vpc_id != wanted.vpc_id:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Network ACL {network_acl_id} and {association_id} belong to different networks.",
            )
        return super().replace_network_acl_association(association_id, network_acl_id)

    # prefix lists

    def create_managed_prefix_list(
        self,
        address_family: str | None = None,
        entry: list[dict[str, str]] | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Make a prefix list of ranges."""
        _check_prefixes(entry or [])
        return super().create_managed_prefix_list(address_family, entry, *arguments, **options)

    def modify_managed_prefix_list(
        self,
        add_entry: list[dict[str, str]] | None,
        remove_entry: list[dict[str, str]] | None,
        prefix_list_id: str | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Change a prefix list of the account's own."""
        prefix_list = self._own_prefix_list(prefix_list_id)
        _check_prefixes(add_entry or [])
        prefix_list.entries = prefix_list.entries or {prefix_list.version: []}
        return super().modify_managed_prefix_list(
            add_entry or [], remove_entry or [], prefix_list_id, *arguments, **options
        )

    def delete_managed_prefix_list(self, prefix_list_id: str) -> Any:
        """Delete a prefix list of the account's own."""
        self._own_prefix_list(prefix_list_id)
        return super().delete_managed_prefix_list(prefix_list_id)

    def _own_prefix_list(self, prefix_list_id: str | None) -> Any:
        found = self.managed_prefix_lists.get(prefix_list_id)
        if not found:
            raise EC2ClientError(
                "InvalidPrefixListID.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist"
            )
        if found.owner_id != self.account_id:
            raise EC2ClientError(
                "UnauthorizedOperation", f"The prefix list {prefix_list_id} belongs to {found.owner_id}."
            )
        return found


def _check_entry(
    number: int,
    protocol: str,
    cidrs: tuple[str | None, str | None],
    icmp: tuple[Any, Any],
    ports: tuple[Any, Any],
) -> None:
    if not 1 <= int(number) <= _LAST_ENTRY:
        raise invalid("RuleNumber", number)
    check_protocol(protocol)
    if cidrs[1] and not cidrs[0]:
        check_range_of_ipv6(cidrs[1])
    else:
        check_range(cidrs[0])
    check_ports(protocol, *(icmp if protocol in ("icmp", "1") else ports))


def _check_prefixes(entries: Iterable[Mapping[str, str]]) -> None:
    for each in entries:
        check_prefix(each.get("Cidr"))
