output "egress_ips" {
  description = "Address that partners see each zone come from, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "egress_probes" {
  description = "Each zone's courier, by zone name: asked without an order, it tells the address it is seen by."
  value       = { for zone, courier in module.courier : zone => courier.function_name }
}

output "nat_gateway_ids" {
  description = "Each zone's NAT gateway, by zone name."
  value       = module.nat_per_az.nat_gateway_ids
}

output "zones" {
  description = "Names of the availability zones."
  value       = sort(keys(module.vpc.zones))
}
