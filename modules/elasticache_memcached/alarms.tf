resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.node == null ? "A node" : "Node ${each.value.node}"} of the memcached cluster ${var.name} ${each.value.description}"
  namespace         = "AWS/ElastiCache"
  metric_name       = each.value.metric
  dimensions = merge(
    { CacheClusterId = aws_elasticache_cluster.this.cluster_id },
    each.value.node == null ? {} : { CacheNodeId = each.value.node },
  )
  statistic           = each.value.statistic
  comparison_operator = each.value.operator
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
  tags                = var.tags
}
