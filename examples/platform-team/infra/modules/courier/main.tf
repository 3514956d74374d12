resource "aws_lambda_function" "this" {
  function_name    = var.name
  filename         = var.bundle.path
  source_code_hash = var.bundle.sha256
  handler          = "handler.handler"
  runtime          = "python3.13"
  timeout          = 10
  role             = aws_iam_role.this.arn

  vpc_config {
    subnet_ids         = [var.subnet_id]
    security_group_ids = [aws_security_group.this.id]
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.vpc_access]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 14
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "The courier: out to partners' HTTPS, nothing in"
  vpc_id      = var.vpc_id

  # Lambda keeps the function's interfaces for up to 45 minutes and deletes them with the role's permissions
  timeouts {
    delete = "60m"
  }

  depends_on = [aws_iam_role_policy_attachment.vpc_access]
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "Partners"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_iam_role" "this" {
  name = var.name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "vpc_access" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}
