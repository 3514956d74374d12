output "alias_arn" {
  description = "ARN of the alias; `null` if `alias` is `null`."
  value       = one(aws_lambda_alias.this[*].arn)
}

output "alias_invoke_arn" {
  description = "ARN for API Gateway to invoke the alias; `null` if `alias` is `null`."
  value       = one(aws_lambda_alias.this[*].invoke_arn)
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "event_source_mapping_ids" {
  description = "ID of the event source mapping of each queue, by the label in `event_sources`."
  value       = { for label, mapping in aws_lambda_event_source_mapping.this : label => mapping.uuid }
}

output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_url" {
  description = "HTTPS URL of the function or its alias; `null` if `function_url` is `null`. The value is known once callers may use it."
  value       = one(aws_lambda_function_url.this[*].function_url)
}

output "http_api_endpoint" {
  description = "HTTPS endpoint of the HTTP API; `null` if `http_api` is `null`. The value is known once clients may use it."
  value       = one(aws_apigatewayv2_stage.this[*].invoke_url)
}

output "http_api_id" {
  description = "ID of the HTTP API, for a custom domain name and for policies of callers; `null` if `http_api` is `null`."
  value       = one(aws_apigatewayv2_api.this[*].id)
}

output "invoke_arn" {
  description = "ARN for API Gateway to invoke the function."
  value       = aws_lambda_function.this.invoke_arn
}

output "log_group_arn" {
  description = "ARN of the function's log group."
  value       = aws_cloudwatch_log_group.this.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "Policy of the execution role as JSON: what an existing role in `role.existing` needs."
  value       = local.policy
}

output "qualified_arn" {
  description = "ARN of the function's newest version; ends with `$LATEST` if `alias` is `null`."
  value       = aws_lambda_function.this.qualified_arn
}

output "role_arn" {
  description = "ARN of the function's execution role."
  value       = local.role_arn
}

output "role_name" {
  description = "Name of the function's execution role."
  value       = var.role.existing == null ? one(aws_iam_role.this[*].name) : reverse(split("/", var.role.existing.arn))[0]
}

output "security_group_id" {
  description = "ID of the security group of the function's network interfaces. The value is known before the function exists."
  value       = aws_security_group.this.id
}

output "version" {
  description = "Newest published version of the function; `$LATEST` if `alias` is `null`."
  value       = aws_lambda_function.this.version
}
