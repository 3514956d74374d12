output "egress_ip" {
  description = "Public IP address of the function's egress traffic."
  value       = one(distinct(values(module.nat_per_az.egress_ips)))
}

output "function" {
  description = "ARN of the function's alias."
  value       = module.function.alias_arn
}

output "url" {
  description = "Public URL of the function's alias."
  value       = module.function.function_url
}
