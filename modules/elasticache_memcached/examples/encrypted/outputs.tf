output "configuration_endpoint" {
  description = "Configuration endpoint for auto discovery over TLS, as host:port."
  value       = module.cache.configuration_endpoint
}
