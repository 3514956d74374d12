output "egress_ip" {
  description = "Public IP address of the function's egress traffic."
  value       = one(distinct(values(module.nat_per_az.egress_ips)))
}

output "function" {
  description = "ARN of the function's alias."
  value       = module.function.alias_arn
}

output "http_api_endpoint" {
  description = "HTTPS endpoint of the HTTP API."
  value       = module.function.http_api_endpoint
}

output "url" {
  description = "Public URL of the function's alias."
  value       = module.function.function_url
}
