output "alarm_receivers" {
  description = "E-mail addresses, URLs or topic that get the alarms; `null` if there are no alarms."
  value = !var.alarms ? null : sort(setunion(
    var.alarm_emails, var.alarm_receivers.https_urls, compact([var.alarm_receivers.topic_arn]),
  ))
}

output "cache_nodes" {
  description = "Cache nodes: ID, address (a host name), port and availability zone."
  value       = module.elasticache_memcached.nodes
}

output "cache_security_group_id" {
  description = "ID of the cache nodes' security group."
  value       = module.elasticache_memcached.security_group_id
}

output "cached_api" {
  description = "Name of the cached API's function."
  value       = module.cached_api.function_name
}

output "cached_api_security_group_id" {
  description = "ID of the security group of the cached API's function."
  value       = module.cached_api.security_group_id
}

output "cached_api_url" {
  description = "HTTPS URL of the cached API's front door; `null` if `front_door` is `null`."
  value       = module.cached_api.function_url
}

output "configuration_endpoint" {
  description = "Configuration endpoint of the cache for auto discovery, as host:port."
  value       = module.elasticache_memcached.configuration_endpoint
}

output "egress_ips" {
  description = "Public IP address of each zone's egress traffic, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "egress_probes" {
  description = "Name of each zone's egress probe function, by zone name. The map is empty if `probes` is false."
  value       = { for zone, probe in module.egress_probe : zone => probe.function_name }
}

output "nat_gateway_ids" {
  description = "ID of each zone's NAT gateway, by zone name."
  value       = module.nat_per_az.nat_gateway_ids
}

output "nat_gateway_zones" {
  description = "Zone whose NAT gateway serves each zone, by zone name."
  value       = local.nat_gateway_zones
}

output "origin_function" {
  description = "Name of the stack's origin function; `null` if `origin_url` is set."
  value       = one(module.origin[*].function_name)
}

output "origin_url" {
  description = "Base URL of the cached API's origin."
  value       = local.origin_url
}

output "private_subnet_ids" {
  description = "ID of each zone's private subnet, by zone name."
  value       = local.private_subnets
}

output "protected" {
  description = "Whether `destroy`, and an `apply` that replaces stateful resources, require the stack's name as confirmation."
  value       = var.protected
}

output "public_subnet_ids" {
  description = "ID of each zone's public subnet, by zone name."
  value       = { for zone, subnets in module.vpc.zones : zone => subnets.public_subnet_id }
}

output "vpc_id" {
  description = "ID of the VPC."
  value       = module.vpc.vpc_id
}

output "zones" {
  description = "Names of the availability zones."
  value       = sort(keys(local.zones))
}
