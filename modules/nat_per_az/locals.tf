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
}
