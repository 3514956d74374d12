resource "aws_lambda_function" "this" {
  function_name    = var.name
  filename         = var.bundle.path
  source_code_hash = var.bundle.sha256
  handler          = var.handler
  runtime          = var.runtime
  architectures    = [var.architecture]
  memory_size      = var.memory_size
  timeout          = var.timeout
  role             = aws_iam_role.this.arn
  tags             = var.tags

  vpc_config {
    subnet_ids         = values(var.subnets)
    security_group_ids = [aws_security_group.this.id]
  }

  dynamic "environment" {
    for_each = length(var.environment) > 0 ? [var.environment] : []

    content {
      variables = environment.value
    }
  }

  # its first run needs all three, and would make a log group that no destroy removes
  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.this,
    aws_vpc_security_group_egress_rule.this,
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}
