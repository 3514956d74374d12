locals {
  # without a CacheNodeId a metric is of all nodes: the maximum is the busiest node's, which an average would hide
  # https://docs.aws.amazon.com/AmazonElastiCache/latest/mem-ug/CacheMetrics.WhichShouldIMonitor.html
  thresholds = var.alarms == null ? {} : {
    CPUUtilization  = { statistic = "Maximum", operator = "GreaterThanThreshold", threshold = var.alarms.cpu_percent, what = "is short of processor time" }
    CurrConnections = { statistic = "Maximum", operator = "GreaterThanThreshold", threshold = var.alarms.connections, what = "has many connections: a client may not keep its own" }
    Evictions       = { statistic = "Sum", operator = "GreaterThanThreshold", threshold = var.alarms.evictions, what = "throws away what has not expired: it is too small" }
    FreeableMemory  = { statistic = "Minimum", operator = "LessThanThreshold", threshold = try(var.alarms.free_memory_mb * 1024 * 1024, null), what = "is short of memory" }
    SwapUsage       = { statistic = "Maximum", operator = "GreaterThanThreshold", threshold = var.alarms.swap_mb * 1024 * 1024, what = "swaps: memcached_connections_overhead may be too small" }
  }

  # little free memory is the usual state of a memcached that is full: no threshold, no alarm
  alarms = { for metric, alarm in local.thresholds : metric => alarm if alarm.threshold != null }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "A node of the memcached cluster ${var.name} ${each.value.what}"
  namespace           = "AWS/ElastiCache"
  metric_name         = each.key
  dimensions          = { CacheClusterId = aws_elasticache_cluster.this.cluster_id }
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
