"""Resources that carry packets and are not part of the model. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.terraform.resources import Resources

_TYPES = {
    "aws_alb": "load balancer",
    "aws_autoscaling_group": "Auto Scaling group",
    "aws_db_instance": "database",
    "aws_docdb_cluster": "database",
    "aws_ec2_client_vpn_endpoint": "Client VPN endpoint",
    "aws_ec2_transit_gateway_vpc_attachment": "transit gateway attachment",
    "aws_ecs_service": "ECS service",
    "aws_efs_mount_target": "EFS mount target",
    "aws_eks_cluster": "EKS cluster",
    "aws_eks_node_group": "EKS node group",
    "aws_elasticache_replication_group": "replication group",
    "aws_elb": "load balancer",
    "aws_emr_cluster": "EMR cluster",
    "aws_instance": "instance",
    "aws_lb": "load balancer",
    "aws_mq_broker": "message broker",
    "aws_msk_cluster": "MSK cluster",
    "aws_neptune_cluster": "database",
    "aws_networkfirewall_firewall": "network firewall",
    "aws_networkmanager_vpc_attachment": "core network attachment",
    "aws_opensearch_domain": "OpenSearch domain",
    "aws_rds_cluster": "database",
    "aws_redshift_cluster": "Redshift cluster",
    "aws_route53_resolver_endpoint": "Route 53 Resolver endpoint",
    "aws_vpc_peering_connection": "VPC peering connection",
    "aws_vpc_peering_connection_accepter": "VPC peering connection",
    "aws_vpn_gateway": "VPN gateway",
}

_TARGETS = {
    "carrier_gateway_id": "carrier gateway",
    "core_network_arn": "core network",
    "instance_id": "instance",
    "local_gateway_id": "local gateway",
    "transit_gateway_id": "transit gateway",
    "vpc_endpoint_id": "Gateway Load Balancer endpoint",
    "vpc_peering_connection_id": "VPC peering connection",
}
"""The targets of routes that the model does not contain.

https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
"""


def unmodeled_resources(state: Resources) -> dict[str, str]:
    """Return the addresses of the managed resources that carry packets, with what they are."""
    found = {each.address: _TYPES[each.type] for each in state.of(*_TYPES) if not each.is_data}
    endpoints = state.of("aws_vpc_endpoint")
    balanced = (each for each in endpoints if each.text("vpc_endpoint_type") == "GatewayLoadBalancer")
    return found | {each.address: "Gateway Load Balancer endpoint" for each in balanced}


def unmodeled_target(values: Mapping[str, Any]) -> str:
    """Return the target of a route that the model does not contain, empty if it is another one."""
    for name, kind in _TARGETS.items():
        if id_ := values.get(name):
            return f"{kind} {id_}"
    return ""
