"""EC2's Describe calls where moto overlooks filters, or lacks those that stacks of this kind need."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response

from vpcache.lab.aws.ec2.filters import Filters, Known, divided, fitting, unknown_filter

_SERVICES = "amazon-aws"  # who owns what services' interfaces are attached to


def _attachments(interface: Any) -> list[Any]:
    return [interface.attachment] if interface.attachment_id else []


def _elastic_ips(interface: Any) -> list[Any]:
    return [each for each in interface.ec2_backend.addresses if each.eni is interface]


_NAT_GATEWAYS: Known = {
    "nat-gateway-id": lambda each: [each.id],
    "state": lambda each: [each.state],
    "subnet-id": lambda each: [each.subnet_id],
    "vpc-id": lambda each: [each.vpc_id],
}
_PREFIX_LISTS: Known = {
    "owner-id": lambda each: [each.owner_id],
    "prefix-list-id": lambda each: [each.id],
    "prefix-list-name": lambda each: [each.prefix_list_name],
}
_ZONES: Known = {
    "group-name": lambda each: [each.region_name],
    "opt-in-status": lambda _: ["opt-in-not-required"],
    "region-name": lambda each: [each.region_name],
    "state": lambda each: [each.state],
    "zone-id": lambda each: [each.zone_id],
    "zone-name": lambda each: [each.name],
    "zone-type": lambda each: [each.zone_type],
}
_INTERFACES: Known = {
    "addresses.association.public-ip": lambda each: [each.public_ip],
    "addresses.primary": lambda each: [address["Primary"] for address in each.private_ip_addresses],
    "addresses.private-ip-address": lambda each: [
        address["PrivateIpAddress"] for address in each.private_ip_addresses
    ],
    "association.allocation-id": lambda each: [eip.allocation_id for eip in _elastic_ips(each)],
    "association.association-id": lambda each: [eip.association_id for eip in _elastic_ips(each)],
    "association.public-ip": lambda each: [each.public_ip],
    "attachment.instance-owner-id": lambda each: [
        _SERVICES if each.requester_managed else each.owner_id for _ in _attachments(each)
    ],
    "attachment.status": lambda each: ["attached" for _ in _attachments(each)],
    "group-name": lambda each: [group.name for group in each.group_set],
    "private-dns-name": lambda each: [getattr(each, "private_dns_name", None)],
    "requester-managed": lambda each: [each.requester_managed],
}
_ENDPOINTS: Known = {"vpc-endpoint-id": lambda each: [each.id]}
_ACLS: Known = {"network-acl-id": lambda each: [each.id]}


class DescriptionsBackend(EC2Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The part of EC2 that finds things by filters."""

    def describe_nat_gateways(self, filters: Filters | None, nat_gateway_ids: list[str] | None) -> Any:
        """Return NAT gateways."""
        for wanted in nat_gateway_ids or ():
            if wanted not in self.nat_gateways:
                raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {wanted} was not found")
        return fitting(super().describe_nat_gateways(None, nat_gateway_ids), filters, _NAT_GATEWAYS)

    def describe_egress_only_internet_gateways(
        self, ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return egress-only internet gateways."""
        return fitting(super().describe_egress_only_internet_gateways(ids), filters, {})

    def describe_managed_prefix_lists(
        self, prefix_list_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return prefix lists, AWS's own and others."""
        return fitting(super().describe_managed_prefix_lists(prefix_list_ids), filters, _PREFIX_LISTS)

    def describe_availability_zones(
        self,
        filters: Filters | None = None,
        zone_names: list[str] | None = None,
        zone_ids: list[str] | None = None,
    ) -> Any:
        """Return the region's zones."""
        zones = super().describe_availability_zones(zone_names=zone_names, zone_ids=zone_ids)
        return fitting(zones, filters, _ZONES)

    def get_all_network_interfaces(
        self, eni_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return interfaces."""
        ours, rest = divided(filters, _INTERFACES)
        return fitting(super().get_all_network_interfaces(eni_ids, rest), ours, _INTERFACES)

    def describe_vpc_endpoints(
        self, vpc_end_point_ids: list[str] | None, filters: Filters | None = None
    ) -> Any:
        """Return VPC endpoints."""
        ours, rest = divided(filters, _ENDPOINTS)
        return fitting(super().describe_vpc_endpoints(vpc_end_point_ids, rest), ours, _ENDPOINTS)

    def describe_vpc_endpoint_services(
        self, service_names: list[str], filters: list[dict[str, Any]], *arguments: Any, **options: Any
    ) -> Any:
        """Return services that can have endpoints. A filter's `Values` are `Value` to moto."""
        wanted = [{"Name": each["Name"], "Value": each.get("Values", [])} for each in filters]
        return super().describe_vpc_endpoint_services(service_names, wanted, *arguments, **options)

    def describe_network_acls(
        self, network_acl_ids: list[str] | None = None, filters: Filters | None = None
    ) -> Any:
        """Return network ACLs."""
        ours, rest = divided(filters, _ACLS)
        wanted = list(dict.fromkeys(network_acl_ids or ()))
        return fitting(super().describe_network_acls(wanted, rest), ours, _ACLS)

    def describe_security_groups(
        self,
        group_ids: list[str] | None = None,
        groupnames: list[str] | None = None,
        filters: Filters | None = None,
    ) -> Any:
        """Return security groups."""
        try:
            return super().describe_security_groups(group_ids, groupnames, filters)
        except KeyError as error:  # moto looks filters up by name
            raise unknown_filter(error.args[0]) from error

    def describe_security_group_rules(self, sg_rule_ids: list[str], filters: Filters) -> Any:
        """Return rules of security groups."""
        try:
            return super().describe_security_group_rules(sg_rule_ids, filters)
        except KeyError as error:
            raise unknown_filter(error.args[0]) from error


class Ec2Response(EC2Response):  # type: ignore[misc]
    """The EC2 API with what moto's leaves out of requests."""

    def parse_parameters(self, request: Any) -> None:
        """Read a request; a tag without a value has an empty one."""
        super().parse_parameters(request)
        specified = self.params.get("TagSpecifications") or []
        for tag in [
            *(self.params.get("Tags") or []),
            *(tag for each in specified for tag in each.get("Tags", ())),
        ]:
            tag.setdefault("Value", "")

    def describe_egress_only_internet_gateways(self) -> Any:
        """Answer DescribeEgressOnlyInternetGateways, with its filters."""
        found = self.ec2_backend.describe_egress_only_internet_gateways(
            self._get_param("EgressOnlyInternetGatewayIds", []), self._filters_from_querystring()
        )
        return ActionResult({"EgressOnlyInternetGateways": found})

    def create_flow_logs(self) -> Any:
        """Answer CreateFlowLogs, with its options for the destination."""
        destination = self._get_param("LogDestination")
        if destination and len(destination.split(":", 5)) < 6:
            raise EC2ClientError("InvalidParameter", f"LogDestination {destination} is not an ARN")
        answer = super().create_flow_logs()
        for flow_log_id in answer.result["FlowLogIds"]:
            flow_log = self.ec2_backend.flow_logs[flow_log_id]
            flow_log.destination_options = self._get_param("DestinationOptions")
        return answer

    def create_network_acl_entry(self) -> Any:
        """Answer CreateNetworkAclEntry, with its type and code of ICMP."""
        self._name_icmp()
        return super().create_network_acl_entry()

    def replace_network_acl_entry(self) -> Any:
        """Answer ReplaceNetworkAclEntry, with its type and code of ICMP."""
        self._name_icmp()
        return super().replace_network_acl_entry()

    def create_dhcp_options(self) -> Any:
        """Answer CreateDhcpOptions, with its tags."""
        answer = super().create_dhcp_options()
        tags = self._parse_tag_specification().get("dhcp-options", {})
        answer.result["DhcpOptions"].add_tags(tags)
        return answer

    def _name_icmp(self) -> None:
        """Name type and code of ICMP as moto asks for them."""
        self.params["Icmp"] = self.params.get("IcmpTypeCode", {})
