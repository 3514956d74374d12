"""The EC2 API's handlers, where moto's ignore parameters."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule


class Ec2Response(EC2Response):  # type: ignore[misc]
    """The EC2 API, with parameters that moto's handlers ignore."""

    def parse_parameters(self, request: Any) -> None:
        """Parse a request; a tag without a value gets the empty string."""
        super().parse_parameters(request)
        specifications = self.params.get("TagSpecifications") or []
        for tag in [
            *(self.params.get("Tags") or []),
            *(tag for each in specifications for tag in each.get("Tags", ())),
        ]:
            tag.setdefault("Value", "")

    def describe_egress_only_internet_gateways(self) -> Any:
        """Answer DescribeEgressOnlyInternetGateways, with its filters."""
        gateways = self.ec2_backend.describe_egress_only_internet_gateways(
            self._get_param("EgressOnlyInternetGatewayIds", []), self._filters_from_querystring()
        )
        return ActionResult({"EgressOnlyInternetGateways": gateways})

    def create_flow_logs(self) -> Any:
        """Answer CreateFlowLogs, with its destination options."""
        destination = self._get_param("LogDestination")
        if destination and len(destination.split(":", 5)) < 6:
            raise EC2ClientError("InvalidParameter", f"LogDestination {destination} is not an ARN")
        answer = super().create_flow_logs()
        for flow_log_id in answer.result["FlowLogIds"]:
            flow_log = self.ec2_backend.flow_logs[flow_log_id]
            flow_log.destination_options = self._get_param("DestinationOptions")
        return answer

    def create_network_acl_entry(self) -> Any:
        """Answer CreateNetworkAclEntry, with its ICMP type and code."""
        self._add_icmp_parameters()
        return super().create_network_acl_entry()

    def replace_network_acl_entry(self) -> Any:
        """Answer ReplaceNetworkAclEntry, with its ICMP type and code."""
        self._add_icmp_parameters()
        return super().replace_network_acl_entry()

    def create_dhcp_options(self) -> Any:
        """Answer CreateDhcpOptions, with its tags."""
        answer = super().create_dhcp_options()
        tags = self._parse_tag_specification().get("dhcp-options", {})
        answer.result["DhcpOptions"].add_tags(tags)
        return answer

    def _add_icmp_parameters(self) -> None:
        """Add ICMP type and code under the parameter names that moto reads."""
        self.params["Icmp"] = self.params.get("IcmpTypeCode", {})


EC2_URLS = UrlModule(url_bases, {"{0}/": Ec2Response.dispatch})
"""The dispatch table of the EC2 API."""
