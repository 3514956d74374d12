locals {
  # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  alarms = var.alarms == null ? {} : {
    Duration  = { statistic = null, percentile = "p99", threshold = var.timeout * 1000 * var.alarms.timeout_percent / 100, what = "comes near its time limit" }
    Errors    = { statistic = "Sum", percentile = null, threshold = var.alarms.errors, what = "fails" }
    Throttles = { statistic = "Sum", percentile = null, threshold = 0, what = "is called more often than its concurrency allows" }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "The function ${var.name} ${each.value.what}"
  namespace           = "AWS/Lambda"
  metric_name         = each.key
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
  tags                = var.tags
}
