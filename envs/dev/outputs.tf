output "cache_nodes" {
  description = "The cache nodes: id, address, port and availability_zone of each."
  value       = module.elasticache_memcached.nodes
}

output "cache_security_group_id" {
  description = "Id of the cache nodes' security group."
  value       = module.elasticache_memcached.security_group_id
}

output "cached_api" {
  description = "Name of the cached API's function."
  value       = module.cached_api.function_name
}

output "cached_api_security_group_id" {
  description = "Id of the security group of the cached API's function."
  value       = module.cached_api.security_group_id
}

output "configuration_endpoint" {
  description = "host:port that auto discovery asks for the cache nodes."
  value       = module.elasticache_memcached.configuration_endpoint
}

output "egress_ips" {
  description = "Public address that the internet sees each zone come from, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "egress_probes" {
  description = "Name of each zone's egress probe function, by zone name; empty without probes."
  value       = { for zone, probe in module.egress_probe : zone => probe.function_name }
}

output "nat_gateway_ids" {
  description = "Id of each zone's NAT gateway, by zone name."
  value       = module.nat_per_az.nat_gateway_ids
}

output "origin_function" {
  description = "Name of the function that is the stack's own origin; null if origin_url names another one."
  value       = one(module.origin[*].function_name)
}

output "origin_url" {
  description = "Base URL that the cached API fetches from."
  value       = local.origin_url
}

output "private_subnet_ids" {
  description = "Id of each zone's private subnet, by zone name."
  value       = local.private_subnets
}

output "protected" {
  description = "Whether `destroy`, and an `apply` that replaces stateful resources, need the stack's name typed."
  value       = var.protected
}

output "public_subnet_ids" {
  description = "Id of each zone's public subnet, by zone name."
  value       = { for zone, place in module.vpc.zones : zone => place.public_subnet_id }
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = module.vpc.vpc_id
}

output "zones" {
  description = "Names of the availability zones."
  value       = sort(keys(local.zones))
}
