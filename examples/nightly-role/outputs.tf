output "role_arn" {
  description = "What the repository's variable NIGHTLY_ROLE_ARN is to be."
  value       = aws_iam_role.this.arn
}
