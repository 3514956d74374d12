locals {
  # by name, as the function itself comes later
  function_arn = replace(replace(aws_cloudwatch_log_group.this.arn, ":logs:", ":lambda:"), ":log-group:/aws/lambda/", ":function:")

  network_interface_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]

  statements = concat(
    [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this.arn}:*"]
      },
      {
        Sid      = "NetworkInterfaces"
        Effect   = "Allow"
        Action   = local.network_interface_actions
        Resource = ["*"]
      },
    ],
    var.tracing ? [{
      Sid      = "Tracing"
      Effect   = "Allow"
      Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      Resource = ["*"]
    }] : [],
    var.dead_letters == null ? [] : [{
      Sid      = "DeadLetters"
      Effect   = "Allow"
      Action   = [strcontains(var.dead_letters.target_arn, ":sqs:") ? "sqs:SendMessage" : "sns:Publish"]
      Resource = [var.dead_letters.target_arn]
    }],
    try(var.dead_letters.kms_key_arn, null) == null ? [] : [{
      Sid      = "DeadLettersKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [var.dead_letters.kms_key_arn]
    }],
    [for label, statement in var.policy_statements : { for key, value in {
      Sid       = label
      Effect    = "Allow"
      Action    = statement.actions
      Resource  = statement.resources
      Condition = length(statement.conditions) > 0 ? statement.conditions : null
    } : key => value if value != null }],
  )
}

resource "aws_iam_role" "this" {
  name        = coalesce(var.role_name, var.name)
  description = "What the function ${var.name} may do"
  tags        = var.tags

  # plain JSON, no data sources: a data source would be read late whenever a caller's depends_on has changes
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "vpc-lambda"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.statements, [
      # Lambda needs them on all resources; the function's own code does not
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
      {
        Sid       = "NotFromTheCode"
        Effect    = "Deny"
        Action    = local.network_interface_actions
        Resource  = ["*"]
        Condition = { ArnLike = { "lambda:SourceFunctionArn" = [local.function_arn, "${local.function_arn}:*"] } }
      },
    ])
  })
}
