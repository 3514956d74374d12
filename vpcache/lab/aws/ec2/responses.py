"""The EC2 API's handlers, where moto's ignore parameters."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.urls import url_bases

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.ec2.validation import invalid_parameter
from vpcache.lab.aws.ec2.vpcs.flow_logs import FlowLogsResponse
from vpcache.lab.aws.ec2.vpcs.responses import VpcResponse

_DHCP_OPTIONS = (
    "domain-name",
    "domain-name-servers",
    "netbios-name-servers",
    "netbios-node-type",
    "ntp-servers",
)
"""The options that descriptions show."""


class Ec2Response(VpcResponse, FlowLogsResponse):
    """The EC2 API, with parameters that moto's handlers ignore."""

    def parse_parameters(self, request: Any) -> None:
        """Parse a request; a tag without a value gets the empty string."""
        super().parse_parameters(request)
        specifications = self.params.get("TagSpecifications") or []
        for each in specifications:
            each.setdefault("Tags", [])
        for tag in [
            *(self.params.get("Tags") or []),
            *(tag for each in specifications for tag in each["Tags"]),
        ]:
            tag.setdefault("Value", "")

    def create_vpc(self) -> Any:
        """Answer CreateVpc; the VPC is available a moment later."""
        answer = super().create_vpc()
        vpc = copy.copy(answer.result["Vpc"])
        vpc.state = "pending"
        return ActionResult({"Vpc": vpc})

    def describe_egress_only_internet_gateways(self) -> Any:
        """Answer DescribeEgressOnlyInternetGateways, with its filters."""
        gateways = self.ec2_backend.describe_egress_only_internet_gateways(
            self._get_param("EgressOnlyInternetGatewayIds", []), self._filters_from_querystring()
        )
        return ActionResult({"EgressOnlyInternetGateways": gateways})

    def create_subnet(self) -> Any:
        """Answer CreateSubnet; moto picks a zone at random, the lab the region's first."""
        subnet = self.ec2_backend.create_subnet(
            self._get_param("VpcId"),
            self._get_param("CidrBlock"),
            self._get_param("Ipv6CidrBlock"),
            self._get_param("AvailabilityZone"),
            self._get_param("AvailabilityZoneId"),
            ipv6_native=self._get_param("Ipv6Native", False),
            tags=self._parse_tag_specification("subnet"),
        )
        return ActionResult({"Subnet": subnet})

    def modify_subnet_attribute(self) -> Any:
        """Answer ModifySubnetAttribute, with the names of hosts, which moto ignores."""
        subnet_id, attributes = self._get_param("SubnetId"), self._get_params()
        self.ec2_backend.get_subnet(subnet_id)
        if hostname_type := attributes.get("PrivateDnsHostnameTypeOnLaunch"):
            self.ec2_backend.modify_subnet_attribute(
                subnet_id, "PrivateDnsHostnameTypeOnLaunch", hostname_type
            )
        for name in ("EnableResourceNameDnsAAAARecordOnLaunch", "EnableDns64"):
            if (value := self._get_param(f"{name}.Value")) is not None:
                self.ec2_backend.modify_subnet_attribute(subnet_id, name, value)
        return super().modify_subnet_attribute()

    def modify_vpc_endpoint(self) -> Any:
        """Answer ModifyVpcEndpoint, with the parameters that moto ignores."""
        self.ec2_backend.modify_vpc_endpoint(
            self._get_param("VpcEndpointId"),
            self._get_param("PolicyDocument"),
            self._get_param("AddSubnetIds", []),
            self._get_param("RemoveSubnetIds", []),
            self._get_param("RemoveRouteTableIds", []),
            self._get_param("AddRouteTableIds", []),
            self._get_param("AddSecurityGroupIds", []),
            self._get_param("RemoveSecurityGroupIds", []),
            private_dns_enabled=self._get_param("PrivateDnsEnabled"),
            reset_policy=self._get_param("ResetPolicy", False),
            addresses=self.endpoint_addresses(),
        )
        return ActionResult({"Return": True})

    # key pairs

    def describe_key_pairs(self) -> Any:
        """Answer DescribeKeyPairs, with the IDs of key pairs."""
        if ids := self._get_param("KeyPairIds", []):
            names = [self.ec2_backend.key_pair_with_id(each).key_name for each in ids]
            self.params["KeyNames"] = [*self._get_param("KeyNames", []), *names]
        return super().describe_key_pairs()

    def delete_key_pair(self) -> Any:
        """Answer DeleteKeyPair, with the ID of a key pair."""
        if key_pair_id := self._get_param("KeyPairId"):
            self.params["KeyName"] = self.ec2_backend.key_pair_with_id(key_pair_id).key_name
        return super().delete_key_pair()

    # addresses

    def allocate_address(self) -> Any:
        """Answer AllocateAddress; the region is the only network border group."""
        self._check_border_group()
        specifications = self._get_param("TagSpecifications", [])
        for each in specifications:
            if each.get("ResourceType") != "elastic-ip":
                raise invalid_parameter("TagSpecification", each.get("ResourceType"))
        self.params["TagSpecifications"] = specifications[:1]  # the only number that moto can read
        for each in specifications[1:]:
            specifications[0]["Tags"].extend(each["Tags"])
        return super().allocate_address()

    def release_address(self) -> Any:
        """Answer ReleaseAddress; the region is the only network border group."""
        self._check_border_group()
        return super().release_address()

    def _check_border_group(self) -> None:
        group = self._get_param("NetworkBorderGroup")
        if group not in (None, "", self.region):
            raise invalid_parameter("NetworkBorderGroup", group)

    def associate_address(self) -> Any:
        """Answer AssociateAddress, with its private address."""
        if self._get_param("InstanceId"):
            raise NotImplementedError("Instances are not emulated: set NetworkInterfaceId.")
        if not (interface_id := self._get_param("NetworkInterfaceId")):
            raise EC2ClientError(
                "MissingParameter", "The request must contain the parameter NetworkInterfaceId"
            )
        address, allocation_id = self._get_param("PublicIp"), self._get_param("AllocationId")
        if not (address or allocation_id):
            raise EC2ClientError("MissingParameter", "The request must contain the parameter AllocationId")
        elastic_ip = self.ec2_backend.associate_address(
            eni=self.ec2_backend.get_network_interface(interface_id),
            address=address,
            allocation_id=allocation_id,
            reassociate=self._get_param("AllowReassociation", False),
            private_address=self._get_param("PrivateIpAddress"),
        )
        return ActionResult({"AssociationId": elastic_ip.association_id})

    def assign_private_ip_addresses(self) -> Any:
        """Answer AssignPrivateIpAddresses, with the assigned addresses only."""
        interface_id = self._get_param("NetworkInterfaceId")
        assigned = self.ec2_backend.assign_private_ip_addresses(
            interface_id,
            self._get_param("PrivateIpAddresses", []),
            self._get_int_param("SecondaryPrivateIpAddressCount", 0),
            allow_reassignment=self._get_param("AllowReassignment", False),
        )
        return ActionResult(
            {
                "NetworkInterfaceId": interface_id,
                "AssignedPrivateIpAddresses": [{"PrivateIpAddress": each} for each in assigned],
            }
        )

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
        for each in self._get_param("DhcpConfigurations", []):
            if each["Key"] not in _DHCP_OPTIONS:
                raise NotImplementedError(f"The DHCP option {each['Key']} is not emulated.")
        answer = super().create_dhcp_options()
        tags = self._parse_tag_specification().get("dhcp-options", {})
        answer.result["DhcpOptions"].add_tags(tags)
        return answer

    def _add_icmp_parameters(self) -> None:
        """Add ICMP type and code under the parameter names that moto reads."""
        self.params["Icmp"] = self.params.get("IcmpTypeCode", {})


EC2_URLS = UrlModule(url_bases, {"{0}/": Ec2Response.dispatch})
"""The dispatch table of the EC2 API."""
