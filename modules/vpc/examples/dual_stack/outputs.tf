output "functions" {
  description = "Name of the function in each tier, by tier."
  value       = merge({ for tier, function in module.function : tier => function.function_name }, { dual_stack = aws_lambda_function.dual_stack.function_name })
}

output "ipv6_cidr_block" {
  description = "IPv6 CIDR block of the subnet of the function with an IPv6 address."
  value       = module.vpc.tiers.app[local.zone].ipv6_cidr_block
}
