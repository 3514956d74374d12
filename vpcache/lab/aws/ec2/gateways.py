"""EC2's internet gateways and NAT gateways."""

from __future__ import annotations

from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.ec2.exceptions import (
    EC2ClientError,
    ResourceAlreadyAssociatedError,
)
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import random_nat_gateway_id

from vpcache.lab.aws.ec2.interfaces import InterfacesBackend, ManagedInterface, ensure_unused
from vpcache.lab.aws.transitions import Transition


class NatGatewayModel(TaggedEC2Resource):  # type: ignore[misc]
    """A NAT gateway. It has no interface once it failed or was deleted."""

    def __init__(
        self, backend: GatewaysBackend, subnet: Any, connectivity_type: str, tags: dict[str, str]
    ) -> None:
        self.ec2_backend = backend
        self.id: str = random_nat_gateway_id()
        self.subnet_id: str = subnet.id
        self.vpc_id: str = subnet.vpc_id
        self.connectivity_type = connectivity_type
        self.create_time = iso_8601_datetime_with_milliseconds(utcnow())
        self.transition = Transition()
        self._state = "available"
        self.failure_code: str | None = None
        self.failure_message: str | None = None
        self.interface: ManagedInterface | None = None
        self.nat_gateway_addresses: list[dict[str, Any]] = []
        self.add_tags(tags)

    @property
    def state(self) -> str:
        """The state that the API shows."""
        return self.transition.state(self._state)

    def fail(self, code: str, message: str) -> None:
        """Mark the gateway as failed, before any resource was created for it."""
        self._state, self.failure_code, self.failure_message = "failed", code, message

    def mark_deleted(self) -> None:
        """Mark the gateway as deleted. AWS shows deleted gateways for an hour, the lab until it stops."""
        self._state = "deleted"


class GatewaysBackend(InterfacesBackend):
    """The part of EC2 for gateways."""

    def attach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> Any:
        """Attach an internet gateway to a VPC without one."""
        if self.attached_internet_gateway(vpc_id):
            raise EC2ClientError(
                "InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached"
            )
        return super().attach_internet_gateway(internet_gateway_id, vpc_id)

    def detach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> None:
        """Detach an internet gateway from a VPC without public addresses."""
        ensure_unused(
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway.",
            self.interface_ids_where(lambda each: each.public_ip and each.vpc_id == vpc_id),
        )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)

    def create_nat_gateway(
        self,
        subnet_id: str,
        allocation_id: str | None,
        tags: dict[str, str] | None = None,
        connectivity_type: str | None = None,
        *,
        private_address: str | None = None,
    ) -> NatGatewayModel:
        """Create a NAT gateway. As on AWS, its state becomes `failed` in a VPC without internet gateway."""
        subnet = self.get_subnet(subnet_id)
        connectivity_type = connectivity_type or "public"
        is_public = connectivity_type == "public"
        if is_public and not allocation_id:
            raise EC2ClientError("MissingParameter", "The request must include the AllocationId parameter.")
        if is_public and self.address_by_allocation([allocation_id])[0].association_id:
            raise ResourceAlreadyAssociatedError(allocation_id)
        self.check_address(subnet, private_address)
        gateway = NatGatewayModel(self, subnet, connectivity_type, tags or {})
        self.nat_gateways[gateway.id] = gateway
        if is_public and not self.attached_internet_gateway(subnet.vpc_id):
            gateway.fail("Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached")
            return gateway
        gateway.transition.begin("pending", self.settings().transition_ms)
        interface = self.create_managed_interface(
            subnet,
            "nat_gateway",
            f"Interface for NAT Gateway {gateway.id}",
            requester_id="amazon-nat",
            address=private_address,
        )
        gateway.interface = interface
        gateway.nat_gateway_addresses = [self._nat_address(interface, allocation_id if is_public else None)]
        return gateway

    def _nat_address(self, interface: ManagedInterface, allocation_id: str | None) -> dict[str, Any]:
        """Associate an elastic IP with a NAT gateway's interface, if there is one; return the addresses."""
        address = {
            "IsPrimary": True,
            "NetworkInterfaceId": interface.id,
            "PrivateIp": interface.private_ip_address,
            "Status": "succeeded",
        }
        if allocation_id:
            eip = self.associate_address(eni=interface, allocation_id=allocation_id)
            address |= {
                "AllocationId": eip.allocation_id,
                "AssociationId": eip.association_id,
                "PublicIp": eip.public_ip,
            }
        return address

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGatewayModel:
        """Delete a NAT gateway; its elastic IP is disassociated and not released."""
        gateway = self._nat_gateway(nat_gateway_id)
        if gateway.interface:
            interface, gateway.interface = gateway.interface, None
            self.delete_managed_interface(interface.id)
        gateway.transition.begin("deleting", self.settings().transition_ms)
        gateway.mark_deleted()
        return gateway

    def attached_internet_gateway(self, vpc_id: str) -> Any | None:
        """Return the internet gateway attached to a VPC, if any."""
        attached = (each for each in self.internet_gateways.values() if each.vpc and each.vpc.id == vpc_id)
        return next(attached, None)

    def _nat_gateway(self, nat_gateway_id: str) -> NatGatewayModel:
        gateway = self.nat_gateways.get(nat_gateway_id)
        if not gateway:
            raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        existing: NatGatewayModel = gateway
        return existing
