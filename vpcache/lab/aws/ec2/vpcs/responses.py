"""The EC2 API's handlers of VPCs, their gateways and prefix lists, where moto's ignore parameters."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError

from vpcache.lab.aws.ec2.pages_and_tokens import PagedResponse
from vpcache.lab.aws.ec2.vpcs.prefix_lists import entries_of

_GROUP_FILTERS = {"primary-vpc-id": "vpc-id"}
"""Filters of GetSecurityGroupsForVpc, and their names in DescribeSecurityGroups."""


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

    def get_security_groups_for_vpc(self) -> Any:
        """Answer GetSecurityGroupsForVpc: the groups that belong to a VPC.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetSecurityGroupsForVpc.html
        """
        vpc = self.ec2_backend.get_vpc(self._get_param("VpcId"))
        filters = {
            _GROUP_FILTERS.get(name, name): values
            for name, values in self._filters_from_querystring().items()
        }
        groups = self.ec2_backend.describe_security_groups(filters={**filters, "vpc-id": [vpc.id]})
        descriptions = [
            {
                "Description": each.description,
                "GroupId": each.id,
                "GroupName": each.name,
                "OwnerId": each.owner_id,
                "PrimaryVpcId": each.vpc_id,
                "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in each.get_tags()],
            }
            for each in groups
        ]
        return ActionResult({"SecurityGroupForVpcs": descriptions})

    def describe_prefix_lists(self) -> Any:
        """Answer DescribePrefixLists, with the CIDR blocks of each service, which moto omits.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribePrefixLists.html
        """
        described = [copy.copy(each) for each in super().describe_prefix_lists().result["PrefixLists"]]
        for each in described:
            each.cidrs = [entry["Cidr"] for entry in entries_of(each)]
        return ActionResult({"PrefixLists": described})

    def modify_managed_prefix_list(self) -> Any:
        """Answer ModifyManagedPrefixList, with the maximum number of entries."""
        prefix_list = self.ec2_backend.modify_managed_prefix_list(
            self._get_param("AddEntries", []),
            self._get_param("RemoveEntries", []),
            self._get_param("PrefixListId"),
            self._get_int_param("CurrentVersion"),
            self._get_param("PrefixListName"),
            max_entries=self._get_int_param("MaxEntries"),
        )
        return ActionResult({"PrefixList": prefix_list})

    def create_nat_gateway(self) -> Any:
        """Answer CreateNatGateway, with the requested private address."""
        gateway = self.ec2_backend.create_nat_gateway(
            self._get_param("SubnetId"),
            self._get_param("AllocationId"),
            self._parse_tag_specification().get("natgateway", {}),
            self._get_param("ConnectivityType"),
            private_address=self._get_param("PrivateIpAddress"),
        )
        return ActionResult({"NatGateway": gateway})

    def create_vpc_endpoint(self) -> Any:
        """Answer CreateVpcEndpoint, with the requested addresses."""
        addresses = self.endpoint_addresses()
        endpoint = self.ec2_backend.create_vpc_endpoint(
            vpc_id=self._get_param("VpcId"),
            service_name=self._get_param("ServiceName"),
            endpoint_type=self._get_param("VpcEndpointType"),
            policy_document=self._get_param("PolicyDocument"),
            route_table_ids=self._get_param("RouteTableIds", []),
            subnet_ids=list(dict.fromkeys([*self._get_param("SubnetIds", []), *addresses])),
            client_token=self._get_param("ClientToken"),
            security_group_ids=self._get_param("SecurityGroupIds", []),
            tags=self._parse_tag_specification().get("vpc-endpoint", {}),
            private_dns_enabled=self._get_param("PrivateDnsEnabled"),
            addresses=addresses,
        )
        return ActionResult({"VpcEndpoint": endpoint})

    def endpoint_addresses(self) -> dict[str, str]:
        """Return the requested addresses of an endpoint's interfaces, by subnet."""
        configurations = self._get_param("SubnetConfigurations", [])
        if any("SubnetId" not in each for each in configurations):
            raise EC2ClientError(
                "MissingParameter", "The request must contain the parameter SubnetConfiguration.SubnetId"
            )
        return {each["SubnetId"]: each["Ipv4"] for each in configurations if "Ipv4" in each}

    def create_vpn_gateway(self) -> Any:
        """Answer CreateVpnGateway; unlike a description, the answer has no tags if there are none."""
        gateway = super().create_vpn_gateway().result["VpnGateway"]
        members = {
            "AmazonSideAsn": gateway.amazon_side_asn,
            "State": gateway.state,
            "Type": gateway.type,
            "VpcAttachments": [],
            "VpnGatewayId": gateway.id,
        }
        if tags := gateway.get_tags():
            members["Tags"] = [{"Key": each["key"], "Value": each["value"]} for each in tags]
        return ActionResult({"VpnGateway": members})

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
