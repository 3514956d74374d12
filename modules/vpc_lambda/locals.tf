locals {
  # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  alarms = var.alarms == null ? {} : {
    Duration = {
      statistic   = null
      percentile  = "p99"
      threshold   = var.timeout * 1000 * var.alarms.timeout_percent / 100
      description = "is close to its timeout"
    }
    Errors = {
      statistic   = "Sum"
      percentile  = null
      threshold   = var.alarms.errors
      description = "returns errors"
    }
    Throttles = {
      statistic   = "Sum"
      percentile  = null
      threshold   = 0
      description = "is throttled"
    }
  }

  # The function is created after its role, so its ARN is built from the parts of its log group's. A data source would not do:
  # with a depends_on on the module, Terraform reads it during the apply, and the plan shows changes of the policy.
  log_group = provider::aws::arn_parse(aws_cloudwatch_log_group.this.arn)
  function_arn = provider::aws::arn_build(
    local.log_group.partition, "lambda", local.log_group.region, local.log_group.account_id, "function:${var.name}",
  )

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
