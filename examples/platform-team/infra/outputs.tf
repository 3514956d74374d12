output "egress_ips" {
  description = "Public IP address of each zone's egress traffic, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "egress_probes" {
  description = "Name of each zone's courier function, by zone name. Without an order the function returns its public IP address."
  value       = { for zone, courier in module.courier : zone => courier.function_name }
}

output "nat_gateway_ids" {
  description = "ID of each zone's NAT gateway, by zone name."
  value       = module.nat_per_az.nat_gateway_ids
}

output "zones" {
  description = "Names of the availability zones."
  value       = sort(keys(module.vpc.zones))
}
