"""Virtual private gateways and customer gateways: records, as the lab has no VPN connections.

A VPC attached to a virtual private gateway without VPN connections has nowhere to send its packets, so a
route to the gateway drops them, on AWS as in the lab.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidCustomerGatewayIdError,
    InvalidVpnGatewayAttachmentError,
    InvalidVpnGatewayIdError,
)
from moto.ec2.models import EC2Backend

from vpcache.lab.aws.ec2.filters import FilterFields, Filters, apply_filters
from vpcache.lab.aws.ec2.validation import invalid_parameter

_AMAZON_SIDE_ASN = (
    64512  # the default of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpnGateway.html
)
_CUSTOMER_ASN = 65000  # the default of CreateCustomerGateway
_PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
_TYPE = "ipsec.1"  # the only type of gateways

_VPN_GATEWAYS: FilterFields = {
    "amazon-side-asn": lambda each: [each.amazon_side_asn],
    "attachment.state": lambda each: [attachment.state for attachment in each.vpc_attachments],
    "attachment.vpc-id": lambda each: [attachment.vpc_id for attachment in each.vpc_attachments],
    "availability-zone": lambda _: [],
    "state": lambda each: [each.state],
    "type": lambda each: [each.type],
    "vpn-gateway-id": lambda each: [each.id],
}
_CUSTOMER_GATEWAYS: FilterFields = {
    "bgp-asn": lambda each: [each.bgp_asn],
    "customer-gateway-id": lambda each: [each.id],
    "device-name": lambda each: [each.device_name],
    "ip-address": lambda each: [each.ip_address],
    "state": lambda each: [each.state],
    "type": lambda each: [each.type],
}


class VpnGatewaysBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 for virtual private gateways and customer gateways."""

    def create_vpn_gateway(
        self,
        gateway_type: str = _TYPE,
        amazon_side_asn: str | int | None = None,
        availability_zone: str | None = None,
        tags: dict[str, str] | None = None,
    ) -> Any:
        """Create a virtual private gateway. As on AWS, descriptions lack its zone."""
        _check_type(gateway_type)
        zones = [zone.name for zone in self.describe_availability_zones()]
        if availability_zone and availability_zone not in zones:
            raise invalid_parameter("availabilityZone", availability_zone)
        asn = _AMAZON_SIDE_ASN if amazon_side_asn is None else int(amazon_side_asn)
        if not any(asn in each for each in _PRIVATE_ASNS):
            raise invalid_parameter("amazonSideAsn", asn)
        return super().create_vpn_gateway(gateway_type, asn, None, tags)

    def describe_vpn_gateways(
        self, filters: Filters | None = None, vpn_gw_ids: list[str] | None = None
    ) -> list[Any]:
        """Return virtual private gateways."""
        for gateway_id in vpn_gw_ids or ():
            self.get_vpn_gateway(gateway_id)
        selected = [each for each in self.vpn_gateways.values() if not vpn_gw_ids or each.id in vpn_gw_ids]
        return apply_filters(selected, filters, _VPN_GATEWAYS)

    def attach_vpn_gateway(self, vpn_gateway_id: str, vpc_id: str) -> Any:
        """Attach a virtual private gateway to a VPC; each has at most one of the other."""
        gateway = self._existing_vpn_gateway(vpn_gateway_id)
        self.get_vpc(vpc_id)
        attached, other = _attached_vpc(gateway), self.attached_vpn_gateway(vpc_id)
        if attached == vpc_id:
            return gateway.attachments[vpc_id]
        if attached or other:
            obstacle = f"{other.id} is attached" if other else f"it is attached to {attached}"
            raise EC2ClientError(
                "VpnGatewayAttachmentLimitExceeded",
                f"The gateway {gateway.id} cannot be attached to {vpc_id}: {obstacle}.",
            )
        return super().attach_vpn_gateway(vpn_gateway_id, vpc_id)

    def detach_vpn_gateway(self, vpn_gateway_id: str, vpc_id: str) -> Any:
        """Detach a virtual private gateway; it propagates no routes any more."""
        gateway = self._existing_vpn_gateway(vpn_gateway_id)
        if _attached_vpc(gateway) != vpc_id:
            raise InvalidVpnGatewayAttachmentError(gateway.id, vpc_id)
        for table in self.route_tables.values():
            if table.vpc_id == vpc_id:
                table.propagating_vgws = [
                    each for each in table.propagating_vgws if each["GatewayId"] != gateway.id
                ]
        return super().detach_vpn_gateway(vpn_gateway_id, vpc_id)

    def delete_vpn_gateway(self, vpn_gateway_id: str) -> Any:
        """Delete a virtual private gateway that is not attached. Its description remains."""
        gateway = self._existing_vpn_gateway(vpn_gateway_id)
        if vpc_id := _attached_vpc(gateway):
            raise EC2ClientError("IncorrectState", f"The gateway {gateway.id} is attached to {vpc_id}.")
        gateway.attachments.clear()
        return super().delete_vpn_gateway(vpn_gateway_id)

    def attached_vpn_gateway(self, vpc_id: str) -> Any | None:
        """Return the virtual private gateway attached to a VPC, if any."""
        return next((each for each in self.vpn_gateways.values() if _attached_vpc(each) == vpc_id), None)

    def set_route_propagation(self, route_table_id: str, gateway_id: str, *, is_enabled: bool) -> None:
        """Enable or disable the propagation of a gateway's routes, of which it has none.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableVgwRoutePropagation.html
        """
        table, gateway = self.get_route_table(route_table_id), self._existing_vpn_gateway(gateway_id)
        others = [each for each in table.propagating_vgws if each["GatewayId"] != gateway_id]
        if is_enabled and _attached_vpc(gateway) != table.vpc_id:
            raise EC2ClientError(
                "Gateway.NotAttached", f"The gateway {gateway_id} is not attached to {table.vpc_id}."
            )
        table.propagating_vgws = [*others, {"GatewayId": gateway_id}] if is_enabled else others

    def _existing_vpn_gateway(self, gateway_id: str) -> Any:
        """Return a gateway that is not deleted."""
        gateway = self.get_vpn_gateway(gateway_id)
        if gateway.state == "deleted":
            raise InvalidVpnGatewayIdError(gateway_id)
        return gateway

    # customer gateways

    def create_customer_gateway(
        self,
        gateway_type: str,
        ip_address: str,
        bgp_asn: str | int | None,
        tags: dict[str, str] | None = None,
        *,
        device_name: str | None = None,
    ) -> Any:
        """Create a customer gateway."""
        _check_type(gateway_type)
        asn = _CUSTOMER_ASN if bgp_asn is None else int(bgp_asn)
        if asn < 1:
            raise invalid_parameter("bgpAsn", asn)
        gateway = super().create_customer_gateway(gateway_type, ip_address, str(asn), tags)
        gateway.device_name = device_name
        return gateway

    def describe_customer_gateways(
        self, filters: Filters | None = None, customer_gateway_ids: list[str] | None = None
    ) -> list[Any]:
        """Return customer gateways."""
        for gateway_id in customer_gateway_ids or ():
            self.get_customer_gateway(gateway_id)
        selected = [
            each
            for each in self.customer_gateways.values()
            if not customer_gateway_ids or each.id in customer_gateway_ids
        ]
        return apply_filters(selected, filters, _CUSTOMER_GATEWAYS)

    def delete_customer_gateway(self, customer_gateway_id: str) -> None:
        """Delete a customer gateway. Its description remains."""
        if self.get_customer_gateway(customer_gateway_id).state == "deleted":
            raise InvalidCustomerGatewayIdError(customer_gateway_id)
        super().delete_customer_gateway(customer_gateway_id)


def _check_type(gateway_type: str | None) -> None:
    if gateway_type != _TYPE:
        raise invalid_parameter("type", gateway_type)


def _attached_vpc(gateway: Any) -> str | None:
    return next((each.vpc_id for each in gateway.vpc_attachments if each.state == "attached"), None)
