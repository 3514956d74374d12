locals {
  # the zone of the NAT gateway that serves each zone; the validations reject a single_zone that does not match mode
  serving_zones = {
    for zone in keys(var.zones) : zone => var.mode == "single" ? coalesce(var.single_zone, zone) : zone if var.mode != "none"
  }

  gateway_zones            = toset(values(local.serving_zones))
  zones_without_allocation = setsubtract(local.gateway_zones, keys(var.allocation_ids))

  # every zone has a key in every mode, so that callers derive their subnets from an output without a condition
  gateways = { for zone in keys(var.zones) : zone => try(aws_nat_gateway.this[local.serving_zones[zone]], null) }

  # https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
  alarm_descriptions = {
    ErrorPortAllocation = "has no free port for new connections to one of its destinations"
    PacketsDropCount    = "drops packets"
  }

  alarms = var.alarms == null ? {} : {
    for pair in setproduct(keys(local.alarm_descriptions), local.gateway_zones) :
    "${pair[0]}-${pair[1]}" => { metric = pair[0], zone = pair[1] }
  }

  failover_name   = "${var.name}-nat-failover"
  failover_region = try(regex("^(.+)[a-z]$", keys(var.zones)[0])[0], split("-", keys(var.zones)[0])[0]) # us-east-1, or use1 of an ID
  failover_zones  = var.failover == null ? {} : var.zones
  failover_bundle = { path = "${path.module}/failover.zip", sha256 = filebase64sha256("${path.module}/failover.zip") }

  failover_targets = {
    for pair in setproduct(keys(local.failover_zones), try(var.failover.targets, [])) :
    join("-", pair) => { zone = pair[0], target = pair[1] }
  }

  # from the parts of the log group's ARN: a data source would be read during the apply when a caller's depends_on has changes
  failover_log_group = var.failover == null ? null : provider::aws::arn_parse(aws_cloudwatch_log_group.failover[0].arn)
  failover_route_table_arns = [for zone in values(local.failover_zones) : provider::aws::arn_build(
    local.failover_log_group.partition, "ec2", local.failover_log_group.region, local.failover_log_group.account_id,
    "route-table/${zone.private_route_table_id}",
  )]
}
