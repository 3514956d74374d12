output "arn" {
  description = "ARN of the cluster."
  value       = aws_elasticache_cluster.this.arn
}

output "cluster_id" {
  description = "ID of the cluster."
  value       = aws_elasticache_cluster.this.cluster_id
}

output "configuration_endpoint" {
  description = "Configuration endpoint for auto discovery as `host:port`. The value is known once the security group admits the clients."
  value       = aws_elasticache_cluster.this.configuration_endpoint
  depends_on  = [aws_vpc_security_group_ingress_rule.clients]
}

output "nodes" {
  description = "Nodes of the cluster: ID, address (a host name), port and availability zone."
  value = [for node in data.aws_elasticache_cluster.this.cache_nodes : {
    id                = node.id
    address           = node.address
    port              = node.port
    availability_zone = node.availability_zone
  }]
}

output "parameter_group_name" {
  description = "Name of the parameter group."
  value       = aws_elasticache_parameter_group.this.name
}

output "port" {
  description = "Port of the nodes."
  value       = local.port
}

output "security_group_id" {
  description = "ID of the nodes' security group, for egress rules of the clients. The value is known before the cluster exists."
  value       = aws_security_group.this.id
}

output "subnet_group_name" {
  description = "Name of the subnet group."
  value       = aws_elasticache_subnet_group.this.name
}

output "transit_encryption" {
  description = "Whether clients must use TLS."
  value       = aws_elasticache_cluster.this.transit_encryption_enabled
}
