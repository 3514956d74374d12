locals {
  # what the cached API tells of itself, as it answers its callers whatever fails behind it (lambda/cached_api/telemetry.py)
  api_alarms = {
    CacheError    = { statistic = "Sum", percentile = null, threshold = 0, what = "answers without the cache" }
    Crash         = { statistic = "Sum", percentile = null, threshold = 0, what = "fails in a way that nobody foresaw" }
    OriginError   = { statistic = "Sum", percentile = null, threshold = 0, what = "gets no answer from its origin" }
    OriginLatency = { statistic = null, percentile = "p99", threshold = 4000, what = "waits long for its origin, of 5 seconds that it has" }
  }
}

resource "aws_cloudwatch_metric_alarm" "cached_api" {
  for_each = { for metric, alarm in local.api_alarms : metric => alarm if var.alarms }

  alarm_name          = "${var.name}-cached-api-${each.key}"
  alarm_description   = "The function ${module.cached_api.function_name} ${each.value.what}"
  namespace           = "vpcache"
  metric_name         = each.key
  dimensions          = { service = module.cached_api.function_name }
  statistic           = each.value.statistic
  extended_statistic  = each.value.percentile
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_emails

  topic_arn = local.alarm_topic_arn
  protocol  = "email"
  endpoint  = each.value
}
