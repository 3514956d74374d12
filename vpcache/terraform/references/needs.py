"""The attributes that refer to other resources, by the types of which they need an instance. Pure."""

from __future__ import annotations

_VPCS = ("aws_vpc", "aws_default_vpc")
_SUBNETS = ("aws_subnet", "aws_default_subnet")
_GROUPS = ("aws_security_group", "aws_default_security_group")
_TABLES = ("aws_route_table", "aws_default_route_table")
_ACLS = ("aws_network_acl", "aws_default_network_acl")
_PREFIX_LISTS = ("aws_ec2_managed_prefix_list", "aws_prefix_list", "aws_vpc_endpoint")
_GATEWAYS = ("aws_internet_gateway", "aws_vpn_gateway")

NEEDS: dict[str, tuple[str, ...]] = {
    "allocation_id": ("aws_eip",),
    "egress_only_gateway_id": ("aws_egress_only_internet_gateway",),
    "gateway_id": _GATEWAYS,
    "internet_gateway_id": ("aws_internet_gateway",),
    "nat_gateway_id": ("aws_nat_gateway",),
    "network_acl_id": _ACLS,
    "network_interface": ("aws_network_interface",),
    "network_interface_id": ("aws_network_interface",),
    "prefix_list_id": _PREFIX_LISTS,
    "prefix_list_ids": _PREFIX_LISTS,
    "referenced_security_group_id": _GROUPS,
    "route_table_id": _TABLES,
    "route_table_ids": _TABLES,
    "security_group_id": _GROUPS,
    "security_group_ids": _GROUPS,
    "security_groups": _GROUPS,
    "source_security_group_id": _GROUPS,
    "subnet_group_name": ("aws_elasticache_subnet_group",),
    "subnet_id": _SUBNETS,
    "subnet_ids": _SUBNETS,
    "transit_gateway_id": ("aws_ec2_transit_gateway",),
    "vpc_endpoint_id": ("aws_vpc_endpoint",),
    "vpc_id": _VPCS,
    "vpc_peering_connection_id": ("aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter"),
}
"""The attribute names are those of the AWS provider.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

LISTS = frozenset(
    {
        "prefix_list_ids",
        "route_table_ids",
        "security_group_ids",
        "security_groups",
        "subnet_ids",
    }
)
"""Those of `NEEDS` that are lists or sets."""

READ = frozenset(
    {
        "aws_default_network_acl",
        "aws_default_route_table",
        "aws_default_security_group",
        "aws_egress_only_internet_gateway",
        "aws_eip",
        "aws_eip_association",
        "aws_elasticache_cluster",
        "aws_elasticache_serverless_cache",
        "aws_elasticache_subnet_group",
        "aws_internet_gateway",
        "aws_internet_gateway_attachment",
        "aws_lambda_function",
        "aws_main_route_table_association",
        "aws_nat_gateway",
        "aws_network_acl",
        "aws_network_acl_association",
        "aws_network_acl_rule",
        "aws_network_interface",
        "aws_network_interface_sg_attachment",
        "aws_route",
        "aws_route_table",
        "aws_route_table_association",
        "aws_security_group",
        "aws_security_group_rule",
        "aws_subnet",
        "aws_vpc_endpoint",
        "aws_vpc_endpoint_route_table_association",
        "aws_vpc_endpoint_security_group_association",
        "aws_vpc_endpoint_subnet_association",
        "aws_vpc_ipv4_cidr_block_association",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    }
)
"""The types whose references decide which packets pass."""

OF_VPCS = {
    "default_network_acl_id": "aws_default_network_acl",
    "default_route_table_id": "aws_default_route_table",
    "default_security_group_id": "aws_default_security_group",
    "main_route_table_id": "aws_default_route_table",
}
"""The attributes of a VPC with the ID of what AWS creates in it, and the type that manages that.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/default_route_table
"""

SAID = frozenset(
    {
        "cidr_block",
        "cidr_blocks",
        "cidr_ipv4",
        "cidr_ipv6",
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
        "egress",
        "from_port",
        "ingress",
        "ip_protocol",
        "ipv6_cidr_block",
        "ipv6_cidr_blocks",
        "protocol",
        "route",
        "to_port",
    }
)
"""The other attributes that decide which packets pass: that they are unknown is said."""
