output "configuration_endpoint" {
  description = "Configuration endpoint for auto discovery, as host:port."
  value       = module.cache.configuration_endpoint
}

output "egress_ips" {
  description = "Public IP address of each zone's egress traffic, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "egress_probes" {
  description = "Name of the function in each zone, by zone name."
  value       = { for zone, function in module.function : zone => function.function_name }
}
