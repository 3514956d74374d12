output "arn" {
  description = "ARN of the cluster or of the serverless cache."
  value       = one(concat(aws_elasticache_cluster.this[*].arn, aws_elasticache_serverless_cache.this[*].arn))
}

output "cluster_id" {
  description = "ID of the cluster, or name of the serverless cache."
  value       = local.cache_id
}

output "configuration_endpoint" {
  description = "Configuration endpoint for auto discovery, or the only endpoint of a serverless cache, as `host:port`. The value is known once the security group admits the clients."
  value = one(concat(
    aws_elasticache_cluster.this[*].configuration_endpoint,
    [for cache in aws_elasticache_serverless_cache.this : "${cache.endpoint[0].address}:${cache.endpoint[0].port}"],
  ))
  depends_on = [aws_vpc_security_group_ingress_rule.clients]
}

output "nodes" {
  description = "Nodes of the cluster: ID, address (a host name), port and availability zone. A serverless cache has one, its endpoint, without a zone."
  value = concat(
    [for node in flatten(data.aws_elasticache_cluster.this[*].cache_nodes) : {
      id                = node.id
      address           = node.address
      port              = node.port
      availability_zone = node.availability_zone
    }],
    [for cache in aws_elasticache_serverless_cache.this : {
      id                = cache.name
      address           = cache.endpoint[0].address
      port              = cache.endpoint[0].port
      availability_zone = null
    }],
  )
}

output "parameter_group_name" {
  description = "Name of the parameter group, `null` for a serverless cache."
  value       = one(aws_elasticache_parameter_group.this[*].name)
}

output "port" {
  description = "Port of the nodes, or of the serverless cache."
  value       = local.port
}

output "security_group_id" {
  description = "ID of the cache's security group, for egress rules of the clients. The value is known before the cluster exists."
  value       = aws_security_group.this.id
}

output "subnet_group_name" {
  description = "Name of the subnet group, `null` for a serverless cache."
  value       = one(aws_elasticache_subnet_group.this[*].name)
}

output "transit_encryption" {
  description = "Whether clients must use TLS: always for a serverless cache."
  value       = var.transit_encryption
}
