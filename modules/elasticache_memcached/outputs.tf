output "configuration_endpoint" {
  description = "host:port that auto discovery asks for the nodes; known once the clients may reach it."
  value       = aws_elasticache_cluster.this.configuration_endpoint
  depends_on  = [aws_vpc_security_group_ingress_rule.clients]
}

output "cluster_id" {
  description = "Id of the cluster."
  value       = aws_elasticache_cluster.this.cluster_id
}

output "nodes" {
  description = "The nodes: id, address (a host name), port and availability_zone of each."
  value = [for node in data.aws_elasticache_cluster.this.cache_nodes : {
    id                = node.id
    address           = node.address
    port              = node.port
    availability_zone = node.availability_zone
  }]
}

output "transit_encryption" {
  description = "Whether clients must speak TLS."
  value       = aws_elasticache_cluster.this.transit_encryption_enabled
}

output "security_group_id" {
  description = "Id of the nodes' security group, for the clients' egress rules; known before the cluster is there."
  value       = aws_security_group.this.id
}
