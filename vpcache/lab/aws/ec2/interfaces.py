"""EC2's elastic IPs and network interfaces, with addresses that mean something."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidSecurityGroupNotFoundError,
)
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from vpcache.lab.aws.ec2.validation import invalid
from vpcache.lab.settings import Settings

PUBLIC_RANGE = IPv4Network("203.0.113.0/24")  # TEST-NET-3 of RFC 5737: elastic IPs
_FIRST_PUBLIC = 10  # those below are for what the lab itself needs on that range
_RESERVED = 4  # AWS keeps the first four addresses of a subnet, and the last


class ManagedInterface(NetworkInterface):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """A network interface that an AWS service made for itself; its user can neither detach nor delete it.

    One that its service has abandoned is `available`, and its user's to delete.
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
        """Whether its service no longer uses it and left it behind."""
        return self.attachment_id is None

    def abandon(self) -> None:
        """Detach it, and leave it to the account's owner."""
        self.status, self.attachment_id = "available", None

    @property
    def attachment(self) -> dict[str, Any] | None:
        """What it is attached to: something of AWS's own."""
        if self.is_abandoned:
            return None
        return {
            "AttachmentId": self.attachment_id,
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws",
            "Status": "attached",
        }


class InterfacesBackend(EC2Backend):  # type: ignore[misc]
    """The part of EC2 that has elastic IPs and interfaces."""

    settings: Callable[[], Settings]

    def allocate_address(self, domain: str, address: str | None = None, tags: Any = None) -> Any:
        """Allocate the lowest elastic IP that is free in every region, or the free one that is asked for."""
        if len(self.addresses) >= self.settings().elastic_ips:
            raise EC2ClientError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        regions = list(ec2_backends[self.account_id].values())
        taken = {each.public_ip for region in regions for each in region.addresses}
        free = [str(each) for each in list(PUBLIC_RANGE)[_FIRST_PUBLIC:-1] if str(each) not in taken]
        if address and address not in free:
            raise EC2ClientError("InvalidAddress.NotFound", f"Address '{address}' cannot be had.")
        if not free:
            raise EC2ClientError(
                "InsufficientAddressCapacity",
                f"Not enough available addresses to satisfy your request: {PUBLIC_RANGE} has no more.",
            )
        return super().allocate_address(domain, address or free[0], tags)

    def associate_address(
        self,
        instance: Any = None,
        eni: Any = None,
        address: str | None = None,
        allocation_id: str | None = None,
        reassociate: bool = False,
    ) -> Any:
        """Give an interface an elastic IP, and take from both what they had before if asked to."""
        (wanted,) = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        others = [each for each in self.addresses if each.eni is eni and each is not wanted]
        moved = [wanted] if wanted.eni is not eni else []
        for each in [*moved, *others] if eni else []:
            if each.eni and not reassociate:
                raise EC2ClientError(
                    "Resource.AlreadyAssociated",
                    f"resource {each.public_ip} is already associated with {each.eni.id}",
                )
            if each.eni:
                self.disassociate_address(each.public_ip)
        return super().associate_address(instance, eni, address, allocation_id, reassociate)

    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        """Free an elastic IP, unless a service holds it."""
        if not address and not association_id:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter AssociationId")
        found = self.address_by_ip([address]) if address else self.address_by_association([association_id])
        if isinstance(found[0].eni, ManagedInterface):
            raise EC2ClientError(
                "AuthFailure",
                f"You do not have permission to access the specified resource: "
                f"{found[0].public_ip} belongs to {found[0].eni.description}.",
            )
        super().disassociate_address(address, association_id)

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """Give back an elastic IP that nothing uses."""
        if not address and not allocation_id:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter AllocationId")
        found = self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        if found[0].association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {found[0].public_ip} is in use.")
        super().release_address(address, allocation_id)

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
        """Make an interface whose addresses are in its subnet and its own."""
        if isinstance(subnet, str):
            subnet = self.get_subnet(subnet)
        self._check_groups(subnet, group_ids or [])
        wanted = [private_ip_address] if private_ip_address else []
        wanted += [each["PrivateIpAddress"] for each in private_ip_addresses or []]
        secondary = int(options.pop("secondary_ips_count", None) or 0)
        addresses = self._choose_addresses(subnet, list(dict.fromkeys(wanted)), secondary)
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
    ) -> ManagedInterface:
        """Make an interface on behalf of an AWS service."""
        self._check_groups(subnet, group_ids)
        addresses = self._choose_addresses(subnet, [], secondary)
        interface = ManagedInterface(
            self,
            interface_type=interface_type,
            requester_id=requester_id,
            subnet=subnet,
            private_ip_address=addresses[0],
            private_ip_addresses=_address_list(addresses),
            group_ids=list(group_ids),
            description=description,
        )
        if interface_type == "nat_gateway":
            interface._group_set = []  # groups do not apply to NAT gateways
        self.enis[interface.id] = interface
        return interface

    def free_managed_interface(self, interface_id: str) -> None:
        """Delete an interface that its service no longer needs; its elastic IP stays, free."""
        interface = self.get_network_interface(interface_id)
        if interface.public_ip:
            super().disassociate_address(address=interface.public_ip)
        super().delete_network_interface(interface_id)

    def delete_network_interface(self, eni_id: str) -> None:
        """Delete an interface that its user made, or that its service abandoned."""
        interface = self.get_network_interface(eni_id)
        if isinstance(interface, ManagedInterface) and not interface.is_abandoned:
            raise EC2ClientError(
                "OperationNotPermitted",
                f"You are not allowed to delete '{eni_id}': it is the {interface.description}.",
            )
        if interface.public_ip:
            super().disassociate_address(address=interface.public_ip)
        super().delete_network_interface(eni_id)

    def detach_network_interface(self, attachment_id: str) -> None:
        """Detach an interface that its user attached."""
        for interface in self.enis.values():
            if interface.attachment_id == attachment_id and isinstance(interface, ManagedInterface):
                raise EC2ClientError(
                    "OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments."
                )
        super().detach_network_interface(attachment_id)

    def assign_private_ip_addresses(
        self, eni_id: str, private_ip_addresses: Any = None, secondary_ips_count: int | None = None
    ) -> Any:
        """Add secondary addresses to an interface."""
        interface = self._own_interface(eni_id)
        added = self._choose_addresses(
            interface.subnet, list(private_ip_addresses or []), secondary_ips_count or 0, primary=False
        )
        return super().assign_private_ip_addresses(eni_id, added)

    def unassign_private_ip_addresses(self, eni_id: str, private_ip_address: Any = None) -> Any:
        """Take secondary addresses from an interface."""
        interface = self._own_interface(eni_id)
        if interface.private_ip_address in (private_ip_address or ()):
            raise EC2ClientError(
                "InvalidParameterValue", f"{interface.private_ip_address} is the primary address of {eni_id}"
            )
        return super().unassign_private_ip_addresses(eni_id, private_ip_address)

    def _own_interface(self, interface_id: str) -> Any:
        """Return an interface whose addresses its user may change."""
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
        """Change an interface, whose groups are of its VPC."""
        self._check_groups(self.get_network_interface(eni_id).subnet, group_ids)
        super().modify_network_interface_attribute(eni_id, group_ids, *arguments, **options)

    def interfaces_where(self, matches: Callable[[Any], Any]) -> list[str]:
        """Return the ids of the interfaces that match."""
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
        self, subnet: Any, wanted: list[str], more: int, *, primary: bool = True
    ) -> list[str]:
        """Return the wanted addresses, checked, with the lowest free ones for those not named."""
        if more < 0:
            raise invalid("SecondaryPrivateIpAddressCount", more)
        network = IPv4Network(subnet.cidr_block)
        usable = range(int(network.network_address) + _RESERVED, int(network.broadcast_address))
        taken = {
            int(IPv4Address(each["PrivateIpAddress"]))
            for interface in self.enis.values()
            if interface.subnet.id == subnet.id
            for each in interface.private_ip_addresses
        }
        for address in wanted:
            if _number(address) not in usable:
                raise EC2ClientError(
                    "InvalidParameterValue", f"Address {address} does not fall within {subnet.cidr_block}"
                )
            if int(IPv4Address(address)) in taken:
                raise EC2ClientError("InvalidIPAddress.InUse", f"Address {address} is in use.")
        missing = more + (1 if primary and not wanted else 0)
        taken |= {int(IPv4Address(address)) for address in wanted}
        free = [str(IPv4Address(each)) for each in usable if each not in taken][:missing]
        if len(free) < missing:
            raise EC2ClientError(
                "InsufficientFreeAddressesInSubnet",
                f"Insufficient free addresses in subnet '{subnet.id}'.",
            )
        return wanted + free


def refuse_if(message: str, dependents: Iterable[str]) -> None:
    """Raise a DependencyViolation that names the dependents, if there are any."""
    names = ", ".join(dependents)
    if names:
        raise DependencyViolationError(f"{message} In use by: {names}.")


def _number(address: str) -> int:
    try:
        return int(IPv4Address(address))
    except ValueError as error:
        raise EC2ClientError("InvalidParameterValue", f"Address {address} is invalid") from error


def _address_list(addresses: list[str]) -> list[dict[str, Any]]:
    return [{"Primary": at == 0, "PrivateIpAddress": address} for at, address in enumerate(addresses)]
