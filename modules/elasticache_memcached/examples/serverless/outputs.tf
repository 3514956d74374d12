output "configuration_endpoint" {
  description = "Endpoint of the serverless cache over TLS, as host:port."
  value       = module.cache.configuration_endpoint
}

output "functions" {
  description = "Name of the function that may connect to the cache, and of the one that may not."
  value       = { for label, function in module.function : label => function.function_name }
}
