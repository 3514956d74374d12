"""The operations of EC2 that describe, join, separate or delete, and the parameters that they honour."""

from __future__ import annotations

from collections.abc import Mapping

_PAGE = ("MaxResults", "NextToken")
DESCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "DescribeAccountAttributes": (),
    "DescribeAddresses": ("AllocationIds", "Filters", "PublicIps"),
    "DescribeAddressesAttribute": (*_PAGE, "AllocationIds", "Attribute"),
    "DescribeAvailabilityZones": ("AllAvailabilityZones=false", "Filters", "ZoneIds", "ZoneNames"),
    "DescribeCustomerGateways": ("CustomerGatewayIds", "Filters"),
    "DescribeDhcpOptions": (*_PAGE, "DhcpOptionsIds", "Filters"),
    "DescribeEgressOnlyInternetGateways": (*_PAGE, "EgressOnlyInternetGatewayIds", "Filters"),
    "DescribeFlowLogs": (*_PAGE, "Filter", "FlowLogIds"),
    "DescribeInstances": (*_PAGE, "Filters", "InstanceIds"),  # there are none
    "DescribeInternetGateways": (*_PAGE, "Filters", "InternetGatewayIds"),
    "DescribeKeyPairs": ("Filters", "IncludePublicKey", "KeyNames", "KeyPairIds"),
    "DescribeManagedPrefixLists": (*_PAGE, "Filters", "PrefixListIds"),
    "DescribeNatGateways": (*_PAGE, "Filter", "NatGatewayIds"),
    "DescribeNetworkAcls": (*_PAGE, "Filters", "NetworkAclIds"),
    "DescribeNetworkInterfaceAttribute": ("Attribute", "NetworkInterfaceId"),
    "DescribeNetworkInterfaces": (*_PAGE, "Filters", "NetworkInterfaceIds"),
    "DescribePrefixLists": (*_PAGE, "Filters", "PrefixListIds"),
    "DescribeRegions": ("AllRegions=false", "RegionNames"),
    "DescribeRouteTables": (*_PAGE, "Filters", "RouteTableIds"),
    "DescribeSecurityGroupRules": (*_PAGE, "Filters", "SecurityGroupRuleIds"),
    "DescribeSecurityGroups": (*_PAGE, "Filters", "GroupIds", "GroupNames"),
    "DescribeSubnets": (*_PAGE, "Filters", "SubnetIds"),
    "DescribeTags": (*_PAGE, "Filters"),
    "DescribeVpcAttribute": ("Attribute", "VpcId"),
    "DescribeVpcEndpointServices": (*_PAGE, "Filters", "ServiceNames"),
    "DescribeVpcEndpoints": (*_PAGE, "Filters", "VpcEndpointIds"),
    "DescribeVpcPeeringConnections": (*_PAGE, "Filters", "VpcPeeringConnectionIds"),  # there are none
    "DescribeVpcs": (*_PAGE, "Filters", "VpcIds"),
    "DescribeVpnGateways": ("Filters", "VpnGatewayIds"),
    "GetManagedPrefixListEntries": (*_PAGE, "PrefixListId", "TargetVersion"),
    "GetSecurityGroupsForVpc": (*_PAGE, "Filters", "VpcId"),
}
ASSOCIATIONS: Mapping[str, tuple[str, ...]] = {
    "AssignIpv6Addresses": ("Ipv6AddressCount", "Ipv6Addresses", "NetworkInterfaceId"),
    "AssociateDhcpOptions": ("DhcpOptionsId", "VpcId"),
    "AssociateSubnetCidrBlock": ("Ipv6CidrBlock", "SubnetId"),
    "AttachInternetGateway": ("InternetGatewayId", "VpcId"),
    "AttachVpnGateway": ("VpcId", "VpnGatewayId"),
    "DetachInternetGateway": ("InternetGatewayId", "VpcId"),
    "DetachNetworkInterface": ("AttachmentId", "Force"),  # none can be detached
    "DetachVpnGateway": ("VpcId", "VpnGatewayId"),
    "DisableVgwRoutePropagation": ("GatewayId", "RouteTableId"),
    "DisassociateAddress": ("AssociationId", "PublicIp"),
    "DisassociateRouteTable": ("AssociationId",),
    "DisassociateSubnetCidrBlock": ("AssociationId",),
    "DisassociateVpcCidrBlock": ("AssociationId",),
    "EnableVgwRoutePropagation": ("GatewayId", "RouteTableId"),
    "ReplaceNetworkAclAssociation": ("AssociationId", "NetworkAclId"),
    "ReplaceRouteTableAssociation": ("AssociationId", "RouteTableId"),
    "UnassignIpv6Addresses": ("Ipv6Addresses", "NetworkInterfaceId"),
}
DELETIONS: Mapping[str, tuple[str, ...]] = {
    "DeleteCustomerGateway": ("CustomerGatewayId",),
    "DeleteDhcpOptions": ("DhcpOptionsId",),
    "DeleteEgressOnlyInternetGateway": ("EgressOnlyInternetGatewayId",),
    "DeleteFlowLogs": ("FlowLogIds",),
    "DeleteInternetGateway": ("InternetGatewayId",),
    "DeleteKeyPair": ("KeyName", "KeyPairId"),
    "DeleteManagedPrefixList": ("PrefixListId",),
    "DeleteNatGateway": ("NatGatewayId",),
    "DeleteNetworkAcl": ("NetworkAclId",),
    "DeleteNetworkAclEntry": ("Egress", "NetworkAclId", "RuleNumber"),
    "DeleteNetworkInterface": ("NetworkInterfaceId",),
    "DeleteRoute": (
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
        "RouteTableId",
    ),
    "DeleteRouteTable": ("RouteTableId",),
    "DeleteSecurityGroup": ("GroupId", "GroupName"),
    "DeleteSubnet": ("SubnetId",),
    "DeleteTags": ("Resources", "Tags"),
    "DeleteVpc": ("VpcId",),
    "DeleteVpcEndpoints": ("VpcEndpointIds",),
    "DeleteVpnGateway": ("VpnGatewayId",),
    "ReleaseAddress": ("AllocationId", "NetworkBorderGroup", "PublicIp"),
}
