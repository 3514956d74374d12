"""EC2's network interfaces, with addresses from their subnets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidSecurityGroupNotFoundError,
)
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from vpcache.lab.aws.ec2.addresses.ipv6 import RESERVED_ADDRESSES, Ipv6AddressesBackend
from vpcache.lab.aws.ec2.validation import invalid_parameter, is_true


class ManagedInterface(NetworkInterface):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A requester-managed network interface: an AWS service created it, and users cannot detach or delete it.

    Once the service has abandoned it, its status is `available` and users can delete it.
    """

    def __init__(
        self, backend: InterfacesBackend, *, interface_type: str, requester_id: str, **options: Any
    ) -> None:
        super().__init__(backend, **options)
        self.interface_type = interface_type
        self.requester_id = requester_id
        self.requester_managed = True
        self.status = "in-use"
        self.attachment_id = self.id.replace("eni-", "ela-attach-")

    @property
    def is_abandoned(self) -> bool:
        """Whether the service detached the interface without deleting it."""
        return self.attachment_id is None

    def abandon(self) -> None:
        """Detach the interface without deleting it."""
        self.status, self.attachment_id = "available", None

    @property
    def attachment(self) -> dict[str, Any] | None:
        """The attachment to a resource of AWS, None if the interface is abandoned."""
        if self.is_abandoned:
            return None
        return {
            "AttachmentId": self.attachment_id,
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws",
            "Status": "attached",
        }


class InterfacesBackend(Ipv6AddressesBackend):
    """The part of EC2 for network interfaces."""

    def create_network_interface(
        self,
        subnet: Any,
        private_ip_address: Any,
        private_ip_addresses: Any = None,
        group_ids: Any = None,
        description: Any = None,
        tags: Any = None,
        **options: Any,
    ) -> Any:
        """Create an interface with unused addresses of its subnet."""
        if isinstance(subnet, str):
            subnet = self.get_subnet(subnet)
        self._check_groups(subnet, group_ids or [])
        requested = [private_ip_address] if private_ip_address else []
        if any("PrivateIpAddress" not in each for each in private_ip_addresses or []):
            raise EC2ClientError(
                "MissingParameter", "The request must contain the parameter PrivateIpAddress"
            )
        requested += [each["PrivateIpAddress"] for each in private_ip_addresses or []]
        secondary = int(options.pop("secondary_ips_count", None) or 0)
        addresses = self._choose_addresses(subnet, list(dict.fromkeys(requested)), secondary)
        named, count = options.pop("ipv6_addresses", None) or (), options.pop("ipv6_address_count", None) or 0
        if not named and not count and is_true(subnet.assign_ipv6_address_on_creation):
            count = 1
        options["ipv6_addresses"] = self.choose_ipv6_addresses(subnet, named, count)
        return super().create_network_interface(
            subnet, addresses[0], _address_list(addresses), group_ids, description, tags, **options
        )

    def create_managed_interface(
        self,
        subnet: Any,
        interface_type: str,
        description: str,
        *,
        requester_id: str,
        group_ids: Collection[str] = (),
        secondary: int = 0,
        address: str | None = None,
        ipv6_count: int = 0,
    ) -> ManagedInterface:
        """Create a requester-managed interface, with `ipv6_count` IPv6 addresses."""
        self._check_groups(subnet, group_ids)
        addresses = self._choose_addresses(subnet, [address] if address else [], secondary)
        interface = ManagedInterface(
            self,
            interface_type=interface_type,
            requester_id=requester_id,
            subnet=subnet,
            private_ip_address=addresses[0],
            private_ip_addresses=_address_list(addresses),
            group_ids=list(group_ids),
            description=description,
            ipv6_addresses=self.choose_ipv6_addresses(subnet, (), ipv6_count),
        )
        if interface_type == "nat_gateway":
            interface._group_set = []  # security groups do not apply to NAT gateways
        self.enis[interface.id] = interface
        return interface

    def check_address(self, subnet: Any, address: str | None) -> None:
        """Raise EC2ClientError if an address is not a free one of a subnet."""
        if address:
            self._choose_addresses(subnet, [address], 0)

    def delete_managed_interface(self, interface_id: str) -> None:
        """Delete a requester-managed interface; its elastic IP is disassociated and not released."""
        self._clear_associations(self.get_network_interface(interface_id))
        super().delete_network_interface(interface_id)

    def delete_network_interface(self, eni_id: str) -> None:
        """Delete an interface that is not requester-managed, or that its service has abandoned."""
        interface = self.get_network_interface(eni_id)
        if isinstance(interface, ManagedInterface) and not interface.is_abandoned:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"You are not allowed to delete '{eni_id}': it is the {interface.description}.",
            )
        self._clear_associations(interface)
        super().delete_network_interface(eni_id)

    def _clear_associations(self, interface: Any, addresses: Collection[str] | None = None) -> None:
        """Disassociate the elastic IPs of some private addresses of an interface, by default of all."""
        for elastic_ip in self.elastic_ips_of(interface):
            if addresses is None or elastic_ip.associated_address in addresses:
                self.clear_association(elastic_ip)

    def detach_network_interface(self, attachment_id: str) -> None:
        """Detach an interface that is not requester-managed."""
        for interface in self.enis.values():
            if interface.attachment_id == attachment_id and isinstance(interface, ManagedInterface):
                raise EC2ClientError(
                    "OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments."
                )
        super().detach_network_interface(attachment_id)

    def assign_private_ip_addresses(
        self,
        eni_id: str,
        private_ip_addresses: Any = None,
        secondary_ips_count: int | None = None,
        *,
        allow_reassignment: bool = False,
    ) -> list[str]:
        """Add secondary addresses to an interface and return them.

        `allow_reassignment` moves secondary addresses of other interfaces, with their elastic IPs.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html
        """
        interface = self._unmanaged_interface(eni_id)
        requested = list(dict.fromkeys(private_ip_addresses or ()))
        own = {each["PrivateIpAddress"] for each in interface.private_ip_addresses}
        if allow_reassignment:
            requested = [each for each in requested if each not in own]
        movable = self._secondary_holders(interface) if allow_reassignment else {}
        moved = [each for each in requested if each in movable]
        added = self._choose_addresses(
            interface.subnet,
            [each for each in requested if each not in movable],
            secondary_ips_count or 0,
            primary=False,
        )
        for address in moved:
            self._move_address(address, movable[address], interface)
        super().assign_private_ip_addresses(eni_id, added)
        return moved + added

    def _secondary_holders(self, interface: Any) -> dict[str, Any]:
        """Return the other interfaces of the same subnet by their secondary addresses."""
        return {
            address["PrivateIpAddress"]: other
            for other in self.enis.values()
            if other.subnet is interface.subnet and other is not interface and not other.requester_managed
            for address in other.private_ip_addresses
            if not address["Primary"]
        }

    def _move_address(self, address: str, source: Any, target: Any) -> None:
        """Move a secondary address with its elastic IP to another interface."""
        for entry in [each for each in source.private_ip_addresses if each["PrivateIpAddress"] == address]:
            source.private_ip_addresses.remove(entry)
            target.private_ip_addresses.append(entry)
        for elastic_ip in self.elastic_ips_of(source):
            if elastic_ip.associated_address == address:
                elastic_ip.eni = target
        self.show_associations(source)
        self.show_associations(target)

    def unassign_private_ip_addresses(self, eni_id: str, private_ip_address: Any = None) -> Any:
        """Remove secondary addresses from an interface; their elastic IPs are disassociated.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html
        """
        interface = self._unmanaged_interface(eni_id)
        removed = private_ip_address or ()
        if interface.private_ip_address in removed:
            raise EC2ClientError(
                "InvalidParameterValue", f"{interface.private_ip_address} is the primary address of {eni_id}"
            )
        own = {each["PrivateIpAddress"] for each in interface.private_ip_addresses}
        if absent := [each for each in removed if each not in own]:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Some of [{', '.join(absent)}] addresses are not assigned to interface {eni_id}",
            )
        self._clear_associations(interface, removed)
        return super().unassign_private_ip_addresses(eni_id, private_ip_address)

    def _unmanaged_interface(self, interface_id: str) -> Any:
        """Return an interface that is not requester-managed. Raises EC2ClientError for others."""
        interface = self.get_network_interface(interface_id)
        if isinstance(interface, ManagedInterface):
            raise EC2ClientError(
                "OperationNotPermitted",
                f"You are not allowed to change '{interface_id}': it is the {interface.description}.",
            )
        return interface

    def modify_network_interface_attribute(
        self, eni_id: str, group_ids: list[str], *arguments: Any, **options: Any
    ) -> None:
        """Change an interface; its security groups must belong to its VPC."""
        self._check_groups(self.get_network_interface(eni_id).subnet, group_ids)
        super().modify_network_interface_attribute(eni_id, group_ids, *arguments, **options)

    def interface_ids_where(self, matches: Callable[[Any], Any]) -> list[str]:
        """Return the IDs of the interfaces that match."""
        return [each.id for each in self.enis.values() if matches(each)]

    def _check_groups(self, subnet: Any, group_ids: Iterable[str]) -> None:
        for group_id in group_ids:
            group = self.get_security_group_from_id(group_id)
            if not group:
                raise InvalidSecurityGroupNotFoundError(group_id)
            if group.vpc_id != subnet.vpc_id:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"Security group {group_id} and subnet {subnet.id} belong to different networks.",
                )

    def _choose_addresses(
        self, subnet: Any, requested: list[str], secondary: int, *, primary: bool = True
    ) -> list[str]:
        """Return the requested addresses, checked, then the lowest free ones for the rest.

        `secondary` is the number of secondary addresses to choose; a primary one is chosen if `primary` and
        none is requested.
        """
        if secondary < 0:
            raise invalid_parameter("SecondaryPrivateIpAddressCount", secondary)
        if not subnet.cidr_block:
            raise NotImplementedError(f"Interfaces in an IPv6-only subnet, {subnet.id}, are not emulated.")
        network = IPv4Network(subnet.cidr_block)
        usable = range(int(network.network_address) + RESERVED_ADDRESSES, int(network.broadcast_address))
        taken = {
            int(IPv4Address(each["PrivateIpAddress"]))
            for interface in self.enis.values()
            if interface.subnet.id == subnet.id
            for each in interface.private_ip_addresses
        }
        for address in requested:
            if _number(address) not in usable:
                raise EC2ClientError(
                    "InvalidParameterValue", f"Address {address} does not fall within {subnet.cidr_block}"
                )
            if int(IPv4Address(address)) in taken:
                raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")
        missing = secondary + (1 if primary and not requested else 0)
        taken |= {int(IPv4Address(address)) for address in requested}
        free = [str(IPv4Address(each)) for each in usable if each not in taken][:missing]
        if len(free) < missing:
            raise EC2ClientError(
                "InsufficientFreeAddressesInSubnet",
                f"Insufficient free addresses in subnet '{subnet.id}'.",
            )
        return requested + free


def ensure_unused(message: str, dependents: Iterable[str]) -> None:
    """Raise DependencyViolationError with the IDs of the dependents, if there are any."""
    names = ", ".join(dependents)
    if names:
        raise DependencyViolationError(f"{message} In use by: {names}.")


def _number(address: str) -> int:
    try:
        return int(IPv4Address(address))
    except ValueError as error:
        raise EC2ClientError("InvalidParameterValue", f"Address {address} is invalid") from error


def _address_list(addresses: list[str]) -> list[dict[str, Any]]:
    return [{"Primary": index == 0, "PrivateIpAddress": address} for index, address in enumerate(addresses)]
