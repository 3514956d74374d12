"""EC2's elastic IPs, each associated with one private address of an interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidAddressError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.utils import random_eip_association_id

from vpcache.lab.settings import LabSettings

PUBLIC_CIDR = IPv4Network("203.0.113.0/24")  # TEST-NET-3 of RFC 5737: elastic IPs
_FIRST_PUBLIC_HOST = 10  # the addresses below are reserved for the lab


class ElasticIp(ElasticAddress):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """An elastic IP. It follows a secondary private address that moves to another interface."""

    associated_address: str | None = None

    @property
    def private_ip_address(self) -> str | None:
        """The private address that the elastic IP is associated with, if any."""
        return self.associated_address

    def get_filter_value(self, filter_name: str, method_name: str | None = None) -> Any:
        """Return the value that a filter compares."""
        if filter_name == "private-ip-address":
            return self.associated_address
        return super().get_filter_value(filter_name, method_name)

    @property
    def description(self) -> dict[str, Any]:
        """The association as the descriptions of interfaces show it."""
        return {
            "AllocationId": self.allocation_id,
            "AssociationId": self.association_id,
            "IpOwnerId": "amazon" if self.eni.requester_managed else self.eni.owner_id,
            "PublicIp": self.public_ip,
        }


class AddressesBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for elastic IPs."""

    settings: Callable[[], LabSettings]

    def allocate_address(self, domain: str, address: str | None = None, tags: Any = None) -> ElasticIp:
        """Allocate the requested elastic IP, or the lowest that is free in all regions."""
        if len(self.addresses) >= self.settings().elastic_ips:
            raise EC2ClientError("AddressLimitExceeded", "The maximum number of addresses has been reached.")
        regions = list(ec2_backends[self.account_id].values())
        taken = {each.public_ip for region in regions for each in region.addresses}
        free = [str(each) for each in list(PUBLIC_CIDR)[_FIRST_PUBLIC_HOST:-1] if str(each) not in taken]
        if address and address not in free:
            raise EC2ClientError("InvalidAddress.NotFound", f"Address '{address}' is not available.")
        if not free:
            raise EC2ClientError(
                "InsufficientAddressCapacity",
                f"Not enough available addresses to satisfy your request: {PUBLIC_CIDR} has no more.",
            )
        elastic_ip = ElasticIp(self, "vpc", address or free[0], tags)
        self.addresses.append(elastic_ip)
        return elastic_ip

    def associate_address(
        self,
        instance: Any = None,
        eni: Any = None,
        address: str | None = None,
        allocation_id: str | None = None,
        reassociate: bool = False,
        private_address: str | None = None,
    ) -> ElasticIp:
        """Associate an elastic IP with a private address of an interface, by default the primary one.

        `reassociate` replaces existing associations.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
        """
        if eni is None:
            raise NotImplementedError("Instances are not emulated: set NetworkInterfaceId.")
        private_address = private_address or eni.private_ip_address
        if private_address not in [each["PrivateIpAddress"] for each in eni.private_ip_addresses]:
            raise EC2ClientError(
                "InvalidParameterValue", f"Address {private_address} is not assigned to interface {eni.id}."
            )
        elastic_ip = self._elastic_ip(address, allocation_id)
        if (elastic_ip.eni, elastic_ip.associated_address) == (eni, private_address):
            return elastic_ip
        replaced = [each for each in self.elastic_ips_of(eni) if each.associated_address == private_address]
        for other in [elastic_ip, *replaced]:
            if other.eni and not reassociate:
                raise EC2ClientError(
                    "Resource.AlreadyAssociated",
                    f"resource {other.public_ip} is already associated with {other.eni.id}",
                )
            if other.eni:
                self.disassociate_address(other.public_ip)
        elastic_ip.eni, elastic_ip.associated_address = eni, private_address
        elastic_ip.association_id = random_eip_association_id()
        self.show_associations(eni)
        return elastic_ip

    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        """Disassociate an elastic IP from an interface that is not requester-managed."""
        if not address and not association_id:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter AssociationId")
        addresses = (
            self.address_by_ip([address]) if address else self.address_by_association([association_id or ""])
        )
        (elastic_ip,) = addresses
        if elastic_ip.eni and elastic_ip.eni.requester_managed:
            raise EC2ClientError(
                "AuthFailure",
                f"You do not have permission to access the specified resource: "
                f"{elastic_ip.public_ip} belongs to {elastic_ip.eni.description}.",
            )
        self.clear_association(elastic_ip)

    def clear_association(self, elastic_ip: ElasticIp) -> None:
        """Disassociate an elastic IP, if it is associated."""
        interface, elastic_ip.eni = elastic_ip.eni, None
        elastic_ip.association_id = elastic_ip.associated_address = None
        if interface:
            self.show_associations(interface)

    def elastic_ips_of(self, interface: Any) -> list[ElasticIp]:
        """Return the elastic IPs that are associated with an interface."""
        return [each for each in self.addresses if each.eni is interface]

    def show_associations(self, interface: Any) -> None:
        """Update an interface's description with its elastic IPs."""
        elastic_ips = {each.associated_address: each for each in self.elastic_ips_of(interface)}
        for address in interface.private_ip_addresses:
            elastic_ip = elastic_ips.get(address["PrivateIpAddress"])
            if elastic_ip:
                address["Association"] = elastic_ip.description
            else:
                address.pop("Association", None)
        primary = elastic_ips.get(interface.private_ip_address)
        interface.public_ip = primary.public_ip if primary else None

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """Release an elastic IP that is not associated."""
        if not address and not allocation_id:
            raise EC2ClientError("MissingParameter", "The request must contain the parameter AllocationId")
        elastic_ip = self._elastic_ip(address, allocation_id)
        if elastic_ip.association_id:
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {elastic_ip.public_ip} is in use.")
        self.addresses.remove(elastic_ip)

    def _elastic_ip(self, address: str | None, allocation_id: str | None) -> ElasticIp:
        (elastic_ip,) = (
            self.address_by_ip([address]) if address else self.address_by_allocation([allocation_id])
        )
        existing: ElasticIp = elastic_ip
        return existing

    # Errors name the first ID that does not exist; moto's contain a Python list or set of all IDs.

    def address_by_ip(self, ips: list[str], fail_if_not_found: bool = True) -> list[ElasticIp]:
        """Return elastic IPs by their addresses."""
        known = {each.public_ip: each for each in self.addresses}
        for ip in ips if fail_if_not_found else ():
            if ip not in known:
                raise InvalidAddressError(ip)
        return [known[ip] for ip in dict.fromkeys(ips) if ip in known]

    def address_by_allocation(self, allocation_ids: Sequence[str | None]) -> list[ElasticIp]:
        """Return elastic IPs by their allocation IDs."""
        known = {each.allocation_id: each for each in self.addresses}
        for allocation_id in allocation_ids:
            if allocation_id not in known:
                raise EC2ClientError(
                    "InvalidAllocationID.NotFound", f"The allocation ID '{allocation_id}' does not exist"
                )
        return [known[each] for each in dict.fromkeys(allocation_ids)]

    def address_by_association(self, association_ids: list[str]) -> list[ElasticIp]:
        """Return elastic IPs by their association IDs."""
        known = {each.association_id: each for each in self.addresses if each.association_id}
        for association_id in association_ids:
            if association_id not in known:
                raise EC2ClientError(
                    "InvalidAssociationID.NotFound", f"The association ID '{association_id}' does not exist"
                )
        return [known[each] for each in dict.fromkeys(association_ids)]

    def describe_addresses(
        self,
        allocation_ids: list[str] | None = None,
        public_ips: list[str] | None = None,
        filters: Any = None,
    ) -> list[ElasticIp]:
        """Return elastic IPs."""
        self.address_by_allocation(allocation_ids or [])
        self.address_by_ip(public_ips or [])
        found: list[ElasticIp] = super().describe_addresses(
            list(dict.fromkeys(allocation_ids or ())), list(dict.fromkeys(public_ips or ())), filters
        )
        return found
