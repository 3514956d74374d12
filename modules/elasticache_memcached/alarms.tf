resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.subject} ${var.name} ${each.value.description}"
  namespace         = "AWS/ElastiCache"
  metric_name       = each.value.metric
  # https://github.com/cdklabs/cdk-monitoring-constructs/issues/750
  dimensions = merge(
    { (local.is_serverless ? "clusterId" : "CacheClusterId") = local.cache_id },
    each.value.node == null ? {} : { CacheNodeId = each.value.node },
  )
  statistic           = each.value.statistic
  comparison_operator = each.value.statistic == "Minimum" ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
  tags                = var.tags
}
