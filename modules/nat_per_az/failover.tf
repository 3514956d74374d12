# One checker per zone, in its private subnet, reports whether the zone's own NAT gateway reaches the internet. A controller outside the
# VPC, whose calls of AWS's API depend on no NAT gateway, invokes the checkers and changes the default routes.

# The checkers' targets always go through the zone's own gateway, so a gateway is tested while its zone is failed over.
resource "aws_route" "failover_target" {
  for_each = local.failover_targets

  route_table_id         = var.zones[each.value.zone].private_route_table_id
  destination_cidr_block = "${each.value.target}/32"
  nat_gateway_id         = aws_nat_gateway.this[each.value.zone].id
}

module "failover_checker" {
  source   = "../vpc_lambda"
  for_each = local.failover_zones

  name         = "${var.name}-check-${each.key}"
  bundle       = local.failover_bundle
  handler      = "checker.handler"
  memory_size  = 128
  timeout      = 5
  vpc_id       = var.failover.vpc_id
  subnets      = { (each.key) = each.value.private_subnet_id }
  egress_rules = { for target in var.failover.targets : target => { port = 443, cidr_ipv4 = "${target}/32" } }
  logging      = { system_level = "WARN" } # no lines for each check
  role         = var.failover.role
  tags         = var.tags
}

resource "aws_lambda_function" "failover" {
  #checkov:skip=CKV_AWS_50:a trace of calls of AWS's API would add nothing to the log
  #checkov:skip=CKV_AWS_115:reserved concurrency fails in accounts with the quota of new ones; two concurrent runs make the same decision
  #checkov:skip=CKV_AWS_116:the next minute's event replaces a failed one
  #checkov:skip=CKV_AWS_117:outside the VPC, because it must work while the NAT gateways do not
  #checkov:skip=CKV_AWS_173:the environment has IDs and addresses, no secrets
  #checkov:skip=CKV_AWS_272:the zip file is part of the module's version

  count = var.failover == null ? 0 : 1

  function_name    = local.failover_name
  description      = "Changes default routes when a NAT gateway fails"
  filename         = local.failover_bundle.path
  source_code_hash = local.failover_bundle.sha256
  handler          = "handler.handler"
  runtime          = "python3.13"
  architectures    = ["arm64"]
  memory_size      = 128
  timeout          = 75
  role             = aws_iam_role.failover[0].arn
  tags             = var.tags

  environment {
    variables = { SETTINGS = jsonencode({
      interval  = var.failover.interval_seconds
      failures  = var.failover.failures
      successes = var.failover.successes
      targets   = var.failover.targets
      zones = { for zone, checker in module.failover_checker : zone => {
        route_table = var.zones[zone].private_route_table_id
        gateway     = aws_nat_gateway.this[zone].id
        checker     = checker.function_name
      } }
    }) }
  }

  depends_on = [aws_cloudwatch_log_group.failover, aws_iam_role_policy.failover, aws_route.failover_target, aws_route.this]
}

resource "aws_cloudwatch_log_group" "failover" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts at rest with its own keys; the log has names of zones
  #checkov:skip=CKV_AWS_338:a year of logs is not needed to understand a failover

  count = var.failover == null ? 0 : 1

  name              = "/aws/lambda/${local.failover_name}"
  retention_in_days = 14
  tags              = var.tags
}

resource "aws_iam_role" "failover" {
  count = var.failover == null ? 0 : 1

  name                 = "${local.failover_name}-${local.failover_region}" # IAM roles are global
  path                 = var.failover.role.path
  permissions_boundary = var.failover.role.permissions_boundary
  description          = "What the function ${local.failover_name} may do"
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "failover" {
  count = var.failover == null ? 0 : 1

  name = "failover"
  role = aws_iam_role.failover[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Checkers", Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = values(module.failover_checker)[*].arn },
      { Sid = "ReadRoutes", Effect = "Allow", Action = ["ec2:DescribeRouteTables"], Resource = ["*"] }, # it supports no other resource
      { Sid = "WriteRoutes", Effect = "Allow", Action = ["ec2:ReplaceRoute"], Resource = local.failover_route_table_arns },
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.failover[0].arn}:*"]
      },
    ]
  })
}

resource "aws_lambda_function_event_invoke_config" "failover" {
  count = var.failover == null ? 0 : 1

  function_name                = aws_lambda_function.failover[0].function_name
  maximum_retry_attempts       = 0 # a run that reports a failure by an error has done its work
  maximum_event_age_in_seconds = 60
}

resource "aws_cloudwatch_event_rule" "failover" {
  count = var.failover == null ? 0 : 1

  name                = local.failover_name
  description         = "Invokes the function ${local.failover_name}"
  schedule_expression = "rate(1 minute)"
  tags                = var.tags
}

resource "aws_lambda_permission" "failover" {
  count = var.failover == null ? 0 : 1

  statement_id  = "Schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.failover[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.failover[0].arn
}

resource "aws_cloudwatch_event_target" "failover" {
  count = var.failover == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.failover[0].name
  target_id = "function"
  arn       = aws_lambda_function.failover[0].arn

  depends_on = [aws_lambda_function_event_invoke_config.failover, aws_lambda_permission.failover]
}

# A run ends with an error if a zone uses another zone's gateway, or if a check or a call of AWS's API failed.
resource "aws_cloudwatch_metric_alarm" "failover" {
  count = var.failover == null || var.alarms == null ? 0 : 1

  alarm_name          = local.failover_name
  alarm_description   = "A zone uses the NAT gateway of another zone, or failover does not work: see the log of ${local.failover_name}"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.failover[0].function_name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
  tags                = var.tags
}
