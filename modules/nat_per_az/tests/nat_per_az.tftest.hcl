mock_provider "aws" {}

variables {
  name = "shop"
  zones = {
    us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-b" }
    us-east-1c = { public_subnet_id = "subnet-c", private_route_table_id = "rtb-c" }
  }
}

run "each_zone_has_its_own_nat_gateway" {
  assert {
    condition = alltrue([for zone, subnets in var.zones :
      aws_nat_gateway.this[zone].subnet_id == subnets.public_subnet_id &&
      aws_nat_gateway.this[zone].allocation_id == aws_eip.this[zone].allocation_id &&
      aws_route.this[zone].route_table_id == subnets.private_route_table_id &&
      aws_route.this[zone].nat_gateway_id == aws_nat_gateway.this[zone].id
    ])
    error_message = "the subnet, elastic IP, NAT gateway or route of a zone belongs to another zone"
  }

  assert {
    condition     = alltrue([for route in aws_route.this : route.destination_cidr_block == "0.0.0.0/0"])
    error_message = "a route is not the default route"
  }

  assert {
    condition     = output.nat_gateway_ids == { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
    error_message = "nat_gateway_ids differs from the gateways' IDs by zone"
  }

  assert {
    condition     = output.egress_ips == { for zone, gateway in aws_nat_gateway.this : zone => gateway.public_ip }
    error_message = "egress_ips differs from the gateways' public IPs by zone"
  }

  assert {
    condition = [output.allocation_ids, output.private_ips] == [
      { for zone, address in aws_eip.this : zone => address.allocation_id },
      { for zone, gateway in aws_nat_gateway.this : zone => gateway.private_ip },
    ]
    error_message = "allocation_ids or private_ips differ from the gateways' by zone"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "alarms exist without a topic"
  }
}

run "adding_a_zone_replaces_nothing" {
  variables {
    zones = {
      # sorts first, so that keys by position would move
      us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" }
      us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-b" }
      us-east-1c = { public_subnet_id = "subnet-c", private_route_table_id = "rtb-c" }
    }
  }

  assert {
    condition     = alltrue([for zone, id in run.each_zone_has_its_own_nat_gateway.nat_gateway_ids : output.nat_gateway_ids[zone] == id])
    error_message = "an existing NAT gateway was replaced"
  }
}

run "existing_elastic_ips_are_used" {
  command = plan

  variables {
    allocation_ids = { us-east-1b = "eipalloc-0123456789abcdef0" }
  }

  assert {
    condition     = aws_nat_gateway.this["us-east-1b"].allocation_id == "eipalloc-0123456789abcdef0"
    error_message = "the gateway uses another elastic IP than allocation_ids has for its zone"
  }

  assert {
    condition     = !contains(keys(aws_eip.this), "us-east-1b")
    error_message = "the module creates an elastic IP for a zone that has one"
  }
}

run "allocation_id_for_an_unknown_zone_is_rejected" {
  command = plan
  variables { allocation_ids = { us-east-1d = "eipalloc-0123456789abcdef0" } }
  expect_failures = [var.allocation_ids]
}

run "ip_address_as_allocation_id_is_rejected" {
  command = plan
  variables { allocation_ids = { us-east-1b = "203.0.113.7" } }
  expect_failures = [var.allocation_ids]
}

run "empty_name_empty_zones_topic_name_and_unknown_mode_are_rejected" {
  command = plan

  variables {
    mode   = "regional"
    name   = ""
    zones  = {}
    alarms = { topic_arn = "alarms" }
  }

  expect_failures = [
    var.mode,
    var.name,
    var.zones,
    var.alarms,
  ]
}

run "each_nat_gateway_has_two_alarms" {
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" } }

  assert {
    condition = toset([for alarm in aws_cloudwatch_metric_alarm.this : "${alarm.metric_name} ${alarm.dimensions.NatGatewayId}"]) == toset([
      for pair in setproduct(["ErrorPortAllocation", "PacketsDropCount"], values(aws_nat_gateway.this)[*].id) : join(" ", pair)
    ])
    error_message = "a NAT gateway lacks an alarm"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alarms.topic_arn])])
    error_message = "an alarm notifies another topic"
  }
}

run "local_zone_is_rejected" {
  command = plan
  variables { zones = { us-east-1-bos-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" } } }
  expect_failures = [var.zones]
}

run "sovereign_cloud_zone_is_accepted" {
  command = plan
  variables { zones = { eusc-de-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" } } }

  assert {
    condition     = tolist(keys(aws_nat_gateway.this)) == tolist(["eusc-de-east-1a"])
    error_message = "zones of the European Sovereign Cloud are rejected"
  }
}

run "vpc_id_as_subnet_is_rejected" {
  command = plan
  variables { zones = { us-east-1a = { public_subnet_id = "vpc-a", private_route_table_id = "rtb-a" } } }
  expect_failures = [var.zones]
}

run "subnet_id_as_route_table_is_rejected" {
  command = plan
  variables { zones = { us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "subnet-b" } } }
  expect_failures = [var.zones]
}

run "route_table_of_two_zones_is_rejected" {
  command = plan
  variables {
    zones = {
      us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" }
      us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-a" }
    }
  }
  expect_failures = [var.zones]
}

run "public_subnet_of_two_zones_is_rejected" {
  command = plan
  variables {
    zones = {
      us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" }
      us-east-1b = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-b" }
    }
  }
  expect_failures = [var.zones]
}

run "single_gateway_serves_all_zones" {
  state_key = "single"

  variables {
    mode        = "single"
    single_zone = "us-east-1c"
    alarms      = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
  }

  assert {
    condition = (
      tolist(keys(aws_nat_gateway.this)) == tolist(["us-east-1c"]) &&
      tolist(keys(aws_eip.this)) == tolist(["us-east-1c"]) &&
      aws_nat_gateway.this["us-east-1c"].subnet_id == "subnet-c"
    )
    error_message = "another zone than single_zone has a NAT gateway or an elastic IP"
  }

  assert {
    condition = { for route in aws_route.this : route.route_table_id => route.nat_gateway_id } == {
      for zone in values(var.zones) : zone.private_route_table_id => aws_nat_gateway.this["us-east-1c"].id
    }
    error_message = "a zone has no default route to the only gateway"
  }

  assert {
    condition = [output.nat_gateway_ids, output.egress_ips, output.allocation_ids, output.private_ips] == [
      { for zone in keys(var.zones) : zone => aws_nat_gateway.this["us-east-1c"].id },
      { for zone in keys(var.zones) : zone => aws_nat_gateway.this["us-east-1c"].public_ip },
      { for zone in keys(var.zones) : zone => aws_eip.this["us-east-1c"].allocation_id },
      { for zone in keys(var.zones) : zone => aws_nat_gateway.this["us-east-1c"].private_ip },
    ]
    error_message = "an output lacks a zone, or has another gateway than the one that serves the zone"
  }

  assert {
    condition     = toset(values(aws_cloudwatch_metric_alarm.this)[*].dimensions.NatGatewayId) == toset([aws_nat_gateway.this["us-east-1c"].id])
    error_message = "an alarm is on another gateway"
  }
}

run "single_becomes_per_zone_without_replacing_the_gateway" {
  state_key = "single"

  assert {
    condition     = output.nat_gateway_ids["us-east-1c"] == run.single_gateway_serves_all_zones.nat_gateway_ids["us-east-1c"]
    error_message = "the gateway of single_zone was replaced"
  }

  assert {
    condition     = length(distinct(values(output.egress_ips))) == 2 && length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "the zones still share an address"
  }
}

run "mode_none_has_no_gateways_and_all_keys" {
  state_key = "none"

  variables {
    mode   = "none"
    zones  = { us-east-1a = { private_route_table_id = "rtb-a" } }
    alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" }
  }

  assert {
    condition = length(concat(
      values(aws_nat_gateway.this), values(aws_eip.this), values(aws_route.this), values(aws_cloudwatch_metric_alarm.this),
    )) == 0
    error_message = "a gateway, address, route or alarm exists"
  }

  assert {
    condition     = tolist(keys(output.nat_gateway_ids)) == tolist(["us-east-1a"]) && output.egress_ips["us-east-1a"] == null
    error_message = "an output lacks the zone, so callers would derive no subnet from it"
  }
}

run "single_gateway_uses_an_existing_elastic_ip" {
  command   = plan
  state_key = "empty"

  variables {
    mode           = "single"
    single_zone    = "us-east-1b"
    allocation_ids = { us-east-1b = "eipalloc-0123456789abcdef0" }
    zones = {
      us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-b" }
      us-east-1c = { private_route_table_id = "rtb-c" }
    }
  }

  assert {
    condition     = length(aws_eip.this) == 0 && aws_nat_gateway.this["us-east-1b"].allocation_id == "eipalloc-0123456789abcdef0"
    error_message = "the gateway has another address than allocation_ids has"
  }
}

run "single_zone_with_another_mode_is_rejected" {
  command = plan
  variables { single_zone = "us-east-1b" }
  expect_failures = [var.single_zone]
}

run "mode_single_without_its_zone_is_rejected" {
  command = plan
  variables { mode = "single" }
  expect_failures = [var.single_zone]
}

run "single_zone_outside_zones_is_rejected" {
  command = plan
  variables {
    mode        = "single"
    single_zone = "us-east-1a"
  }
  expect_failures = [var.single_zone]
}

run "allocation_id_with_mode_none_is_rejected" {
  command = plan
  variables {
    mode           = "none"
    allocation_ids = { us-east-1b = "eipalloc-0123456789abcdef0" }
  }
  expect_failures = [var.allocation_ids]
}

run "allocation_id_of_a_zone_without_gateway_is_rejected" {
  command = plan
  variables {
    mode           = "single"
    single_zone    = "us-east-1b"
    allocation_ids = { us-east-1c = "eipalloc-0123456789abcdef0" }
  }
  expect_failures = [var.allocation_ids]
}

run "zone_with_gateway_and_no_public_subnet_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1a = { private_route_table_id = "rtb-a" } } }
  expect_failures = [aws_nat_gateway.this["us-east-1a"]]
}

run "zone_ids_are_keys" {
  command   = plan
  state_key = "zone_ids"
  variables { zones = { use1-az6 = { public_subnet_id = "subnet-0a", private_route_table_id = "rtb-0a" } } }

  assert {
    condition     = tolist(keys(output.egress_ips)) == tolist(["use1-az6"])
    error_message = "the outputs have another key than the zone's ID"
  }
}

run "local_zone_id_is_rejected" {
  command   = plan
  state_key = "zone_ids"
  variables { zones = { use1-bos1-az1 = { public_subnet_id = "subnet-0a", private_route_table_id = "rtb-0a" } } }
  expect_failures = [var.zones]
}
