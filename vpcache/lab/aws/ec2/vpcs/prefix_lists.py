"""Customer-managed prefix lists, which rules and routes reference.

https://docs.aws.amazon.com/vpc/latest/userguide/managed-prefix-lists.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from vpcache.lab.aws.ec2.validation import check_prefix_cidr, invalid_parameter


class PrefixListsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for prefix lists."""

    def create_managed_prefix_list(
        self,
        address_family: str | None = None,
        entry: list[dict[str, str]] | None = None,
        max_entries: str | int | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Create a prefix list of valid CIDR blocks."""
        _check_prefixes(entry or [])
        _check_size(entry or [], max_entries)
        return super().create_managed_prefix_list(address_family, entry, max_entries, *arguments, **options)

    def modify_managed_prefix_list(
        self,
        add_entry: list[dict[str, str]] | None,
        remove_entry: list[dict[str, str]] | None,
        prefix_list_id: str | None = None,
        current_version: int | None = None,
        prefix_list_name: str | None = None,
        *,
        max_entries: int | None = None,
    ) -> Any:
        """Change a prefix list of the account; what the request does not name remains.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyManagedPrefixList.html
        """
        prefix_list = self._customer_prefix_list(prefix_list_id)
        if current_version not in (None, prefix_list.version):
            raise EC2ClientError(
                "PrefixListVersionMismatch",
                f"The prefix list has the version {prefix_list.version}, not {current_version}.",
            )
        _check_prefixes(add_entry or [])
        changed = {each["Cidr"] for each in [*(add_entry or ()), *(remove_entry or ())]}
        kept = [each for each in entries_of(prefix_list) if each["Cidr"] not in changed]
        entries = [*kept, *(add_entry or ())]
        maximum = prefix_list.max_entries if max_entries is None else max_entries
        _check_size(entries, maximum)
        if add_entry or remove_entry:
            prefix_list.version += 1
            prefix_list.entries[prefix_list.version] = entries
        prefix_list.prefix_list_name = prefix_list_name or prefix_list.prefix_list_name
        prefix_list.max_entries = maximum
        prefix_list.state = "modify-complete"
        return prefix_list

    def delete_managed_prefix_list(self, prefix_list_id: str) -> Any:
        """Delete a prefix list of the account."""
        self._customer_prefix_list(prefix_list_id)
        return super().delete_managed_prefix_list(prefix_list_id)

    def prefix_list(self, prefix_list_id: str | None) -> Any:
        """Return a prefix list of AWS or of the account. Raises EC2ClientError."""
        prefix_list = self.managed_prefix_lists.get(prefix_list_id)
        if not prefix_list:
            raise EC2ClientError(
                "InvalidPrefixListID.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist"
            )
        return prefix_list

    def _customer_prefix_list(self, prefix_list_id: str | None) -> Any:
        """Return a prefix list of the account. Raises EC2ClientError, also for AWS's prefix lists."""
        prefix_list = self.prefix_list(prefix_list_id)
        if prefix_list.owner_id != self.account_id:
            raise EC2ClientError(
                "UnauthorizedOperation",
                f"The prefix list {prefix_list_id} belongs to {prefix_list.owner_id}.",
            )
        return prefix_list


def entries_of(prefix_list: Any) -> list[dict[str, str]]:
    """Return the entries of a prefix list's latest version."""
    last = next(reversed(prefix_list.entries.values()), ())  # AWS's lists have no version number
    return list(prefix_list.entries.get(prefix_list.version, last))


def _check_prefixes(entries: Iterable[Mapping[str, str]]) -> None:
    for entry in entries:
        check_prefix_cidr(entry.get("Cidr"))


def _check_size(entries: list[dict[str, str]], max_entries: str | int | None) -> None:
    if max_entries is not None and int(max_entries) < 1:
        raise invalid_parameter("MaxEntries", max_entries)
    if max_entries is not None and len(entries) > int(max_entries):
        raise EC2ClientError(
            "PrefixListMaxEntriesExceeded",
            f"The prefix list would have {len(entries)} entries, and its maximum is {max_entries}.",
        )
