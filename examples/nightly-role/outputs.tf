output "role_arn" {
  description = "ARN of the role, the value of the repository variable NIGHTLY_ROLE_ARN."
  value       = aws_iam_role.this.arn
}
