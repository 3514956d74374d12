resource "aws_sns_topic" "alarms" {
  #checkov:skip=CKV_AWS_26:CloudWatch alarms cannot publish to a topic under alias/aws/sns; the alarms have no confidential data

  count = local.has_topic ? 1 : 0

  name = "${var.name}-alarms"
}

resource "aws_cloudwatch_metric_alarm" "cached_api" {
  for_each = { for metric, alarm in local.api_alarms : metric => alarm if var.alarms }

  alarm_name          = "${var.name}-cached-api-${each.key}"
  alarm_description   = "The function ${module.cached_api.function_name} ${each.value.description}"
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

# The receiver confirms the subscription by the URL that SNS posts to it.
resource "aws_sns_topic_subscription" "alarms_https" {
  for_each = var.alarm_receivers.https_urls

  topic_arn = local.alarm_topic_arn
  protocol  = "https"
  endpoint  = each.value
}
