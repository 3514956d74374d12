output "egress_ips" {
  description = "Public IP address of each zone's own NAT gateway, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "egress_probes" {
  description = "Name of the function in each zone, by zone name."
  value       = { for zone, function in module.probe : zone => function.function_name }
}

output "nat_gateway_ids" {
  description = "ID of each zone's own NAT gateway, by zone name."
  value       = module.nat_per_az.nat_gateway_ids
}
