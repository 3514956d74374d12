"""The EC2 API's handlers of VPCs, their gateways and prefix lists, where moto's ignore parameters."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from vpcache.lab.aws.ec2.pages_and_tokens import PagedResponse


class VpcResponse(PagedResponse):
    """The EC2 API of VPCs, their gateways and prefix lists."""

    def enable_vgw_route_propagation(self) -> Any:
        """Answer EnableVgwRoutePropagation."""
        return self._set_route_propagation(is_enabled=True)

    def disable_vgw_route_propagation(self) -> Any:
        """Answer DisableVgwRoutePropagation."""
        return self._set_route_propagation(is_enabled=False)

    def _set_route_propagation(self, *, is_enabled: bool) -> Any:
        self.ec2_backend.set_route_propagation(
            self._get_param("RouteTableId"), self._get_param("GatewayId"), is_enabled=is_enabled
        )
        return EmptyResult()

    def create_customer_gateway(self) -> Any:
        """Answer CreateCustomerGateway, with the name of the device."""
        gateway = self.ec2_backend.create_customer_gateway(
            self._get_param("Type"),
            self._get_param("IpAddress") or self._get_param("PublicIp"),
            self._get_param("BgpAsn"),
            self._parse_tag_specification().get("customer-gateway", {}),
            device_name=self._get_param("DeviceName"),
        )
        return ActionResult({"CustomerGateway": gateway})
