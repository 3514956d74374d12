resource "aws_flow_log" "this" {
  count = var.flow_logs == null ? 0 : 1

  vpc_id                   = aws_vpc.this.id
  traffic_type             = var.flow_logs.traffic_type
  log_destination_type     = local.has_log_group ? "cloud-watch-logs" : "s3"
  log_destination          = local.has_log_group ? aws_cloudwatch_log_group.flow_logs[0].arn : var.flow_logs.s3.bucket_arn
  log_format               = var.flow_logs.format
  max_aggregation_interval = var.flow_logs.aggregation_seconds
  iam_role_arn             = one(aws_iam_role.flow_logs[*].arn)
  tags                     = merge(var.tags, { Name = var.name })

  dynamic "destination_options" {
    for_each = local.has_log_group ? [] : [var.flow_logs.s3]

    content {
      file_format                = destination_options.value.parquet ? "parquet" : "plain-text"
      hive_compatible_partitions = destination_options.value.hive
      per_hour_partition         = true
    }
  }

  # without the policy the first records are lost
  depends_on = [aws_iam_role_policy.flow_logs]
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  #checkov:skip=CKV_AWS_158:without flow_logs.kms_key_arn CloudWatch Logs encrypts at rest with its own keys; a flow record has addresses and counters, no payload
  #checkov:skip=CKV_AWS_338:the caller sets the retention with flow_logs.retention_days

  count = local.has_log_group ? 1 : 0

  name              = "/aws/vpc/${var.name}"
  retention_in_days = var.flow_logs.retention_days
  kms_key_id        = var.flow_logs.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "flow_logs" {
  count = local.has_log_group ? 1 : 0

  name        = local.flow_logs_role_name
  description = "Writes the flow logs of the VPC ${var.name}"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }

      # only flow logs of this account and region may assume the role
      # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.flow_logs_log_group.account_id }
        ArnLike = { "aws:SourceArn" = provider::aws::arn_build(
          local.flow_logs_log_group.partition, "ec2", local.flow_logs_log_group.region,
          local.flow_logs_log_group.account_id, "vpc-flow-log/*",
        ) }
      }
    }]
  })
}

resource "aws_iam_role_policy" "flow_logs" {
  count = local.has_log_group ? 1 : 0

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
