mock_provider "aws" {}

variables {
  name = "shop"
  zones = {
    us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-b" }
    us-east-1c = { public_subnet_id = "subnet-c", private_route_table_id = "rtb-c" }
  }
}

run "each_zone_has_its_own_way_out" {
  assert {
    condition = alltrue([for zone, place in var.zones :
      aws_nat_gateway.this[zone].subnet_id == place.public_subnet_id &&
      aws_nat_gateway.this[zone].allocation_id == aws_eip.this[zone].allocation_id &&
      aws_route.this[zone].route_table_id == place.private_route_table_id &&
      aws_route.this[zone].nat_gateway_id == aws_nat_gateway.this[zone].id
    ])
    error_message = "a zone's subnet, elastic IP, gateway and route do not belong together"
  }

  assert {
    condition     = alltrue([for route in aws_route.this : route.destination_cidr_block == "0.0.0.0/0"])
    error_message = "a route is not the default route"
  }

  assert {
    condition     = output.nat_gateway_ids == { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
    error_message = "nat_gateway_ids are not by zone"
  }

  assert {
    condition     = output.egress_ips == { for zone, gateway in aws_nat_gateway.this : zone => gateway.public_ip }
    error_message = "egress_ips are not the gateways' public addresses by zone"
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "alarms that nobody hears"
  }
}

run "a_third_zone_replaces_nothing" {
  variables {
    zones = {
      # sorts first, so that keys by position would move
      us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" }
      us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-b" }
      us-east-1c = { public_subnet_id = "subnet-c", private_route_table_id = "rtb-c" }
    }
  }

  assert {
    condition     = alltrue([for zone, id in run.each_zone_has_its_own_way_out.nat_gateway_ids : output.nat_gateway_ids[zone] == id])
    error_message = "a gateway that stands was replaced"
  }
}

run "elastic_ips_of_ones_own" {
  command = plan

  variables {
    allocation_ids = { us-east-1b = "eipalloc-0123456789abcdef0" }
  }

  assert {
    condition     = aws_nat_gateway.this["us-east-1b"].allocation_id == "eipalloc-0123456789abcdef0"
    error_message = "the gateway does not use the elastic IP given for its zone"
  }

  assert {
    condition     = !contains(keys(aws_eip.this), "us-east-1b")
    error_message = "an elastic IP is made for a zone that has one"
  }
}

run "elastic_ip_for_an_unknown_zone" {
  command = plan
  variables { allocation_ids = { us-east-1d = "eipalloc-0123456789abcdef0" } }
  expect_failures = [var.allocation_ids]
}

run "address_for_an_allocation_id" {
  command = plan
  variables { allocation_ids = { us-east-1b = "203.0.113.7" } }
  expect_failures = [var.allocation_ids]
}

run "no_name_no_zones_and_a_topics_name" {
  command = plan

  variables {
    name   = ""
    zones  = {}
    alarms = { topic_arn = "alarms" }
  }

  expect_failures = [
    var.name,
    var.zones,
    var.alarms,
  ]
}

run "two_alarms_for_each_gateway" {
  variables { alarms = { topic_arn = "arn:aws:sns:us-east-1:123456789012:alarms" } }

  assert {
    condition = toset([for alarm in aws_cloudwatch_metric_alarm.this : "${alarm.metric_name} ${alarm.dimensions.NatGatewayId}"]) == toset([
      for pair in setproduct(["ErrorPortAllocation", "PacketsDropCount"], values(aws_nat_gateway.this)[*].id) : join(" ", pair)
    ])
    error_message = "a gateway lacks an alarm"
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.alarms.topic_arn])])
    error_message = "an alarm tells another topic"
  }
}

run "local_zone" {
  command = plan
  variables { zones = { us-east-1-bos-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" } } }
  expect_failures = [var.zones]
}

run "sovereign_cloud" {
  command = plan
  variables { zones = { eusc-de-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" } } }

  assert {
    condition     = tolist(keys(aws_nat_gateway.this)) == tolist(["eusc-de-east-1a"])
    error_message = "zones of the European Sovereign Cloud are refused"
  }
}

run "vpc_for_a_subnet" {
  command = plan
  variables { zones = { us-east-1a = { public_subnet_id = "vpc-a", private_route_table_id = "rtb-a" } } }
  expect_failures = [var.zones]
}

run "subnet_for_a_route_table" {
  command = plan
  variables { zones = { us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "subnet-b" } } }
  expect_failures = [var.zones]
}

run "one_route_table_for_two_zones" {
  command = plan
  variables { zones = { us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" }, us-east-1b = { public_subnet_id = "subnet-b", private_route_table_id = "rtb-a" } } }
  expect_failures = [var.zones]
}

run "one_public_subnet_for_two_zones" {
  command = plan
  variables { zones = { us-east-1a = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-a" }, us-east-1b = { public_subnet_id = "subnet-a", private_route_table_id = "rtb-b" } } }
  expect_failures = [var.zones]
}
