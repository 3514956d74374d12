locals {
  # partition, region and account of the log group, which are those of the flow log
  log_group = one([for group in aws_cloudwatch_log_group.flow_logs : {
    partition = split(":", group.arn)[1]
    region    = split(":", group.arn)[3]
    account   = split(":", group.arn)[4]
  }])
}

resource "aws_flow_log" "this" {
  count = var.flow_logs == null ? 0 : 1

  vpc_id          = aws_vpc.this.id
  traffic_type    = var.flow_logs.traffic_type
  log_destination = aws_cloudwatch_log_group.flow_logs[0].arn
  iam_role_arn    = aws_iam_role.flow_logs[0].arn
  tags            = merge(var.tags, { Name = var.name })

  # the first records are lost without it
  depends_on = [aws_iam_role_policy.flow_logs]
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts at rest with keys of its own; a flow record holds addresses and counts, no content
  #checkov:skip=CKV_AWS_338:how long is for the caller to say, by flow_logs.retention_days

  count = var.flow_logs == null ? 0 : 1

  name              = "/aws/vpc/${var.name}"
  retention_in_days = var.flow_logs.retention_days
  tags              = var.tags
}

resource "aws_iam_role" "flow_logs" {
  count = var.flow_logs == null ? 0 : 1

  name        = coalesce(var.flow_logs.role_name, "${var.name}-flow-logs")
  description = "Writes the flow logs of the VPC ${var.name}"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }

      # the flow logs of this account and region, not those of anybody who knows the role's name
      # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.log_group.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.log_group.partition}:ec2:${local.log_group.region}:${local.log_group.account}:vpc-flow-log/*" }
      }
    }]
  })

  lifecycle {
    precondition {
      condition     = can(regex("^[a-zA-Z0-9+=,.@_-]{1,64}$", coalesce(var.flow_logs.role_name, "${var.name}-flow-logs")))
      error_message = "The role of the flow logs would be \"${coalesce(var.flow_logs.role_name, "${var.name}-flow-logs")}\": flow_logs.role_name, or else name with \"-flow-logs\", must be 1 to 64 letters, digits and +=,.@_-."
    }
  }
}

resource "aws_iam_role_policy" "flow_logs" {
  count = var.flow_logs == null ? 0 : 1

  name = "write"
  role = aws_iam_role.flow_logs[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.flow_logs[0].arn}:*"
    }]
  })
}
