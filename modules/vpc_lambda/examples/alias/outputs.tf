output "alias_arn" {
  description = "ARN of the alias, for callers of the function."
  value       = module.function.alias_arn
}

output "version" {
  description = "Newest published version."
  value       = module.function.version
}
