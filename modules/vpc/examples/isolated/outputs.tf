output "egress_ips" {
  description = "Public IP address of the egress traffic of each zone's private subnet, by zone name."
  value       = module.nat_per_az.egress_ips
}

output "functions" {
  description = "Name of the function in each tier, by tier."
  value       = { for tier, function in module.function : tier => function.function_name }
}
