resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-nat-${each.value.zone}-${each.value.metric}"
  alarm_description   = "The NAT gateway of ${each.value.zone} ${local.alarm_descriptions[each.value.metric]}"
  namespace           = "AWS/NATGateway"
  metric_name         = each.value.metric
  dimensions          = { NatGatewayId = aws_nat_gateway.this[each.value.zone].id }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarms.topic_arn]
  ok_actions          = [var.alarms.topic_arn]
  tags                = var.tags
}
