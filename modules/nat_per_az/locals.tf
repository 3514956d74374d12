locals {
  zones_without_allocation = setsubtract(keys(var.zones), keys(var.allocation_ids))

  # https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
  alarm_descriptions = {
    ErrorPortAllocation = "has no free port for new connections to one of its destinations"
    PacketsDropCount    = "drops packets"
  }

  alarms = var.alarms == null ? {} : {
    for pair in setproduct(keys(local.alarm_descriptions), keys(var.zones)) :
    "${pair[0]}-${pair[1]}" => { metric = pair[0], zone = pair[1] }
  }
}
