output "alias_arn" {
  description = "ARN of the alias, null without one."
  value       = one(aws_lambda_alias.this[*].arn)
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.this.name
}

output "security_group_id" {
  description = "Id of the security group of the function's network interfaces; known before the function is there."
  value       = aws_security_group.this.id
}
