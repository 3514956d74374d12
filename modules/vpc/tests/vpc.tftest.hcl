mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/shop" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/shop-flow-logs" }
  }
}

variables {
  name       = "shop"
  cidr_block = "10.0.0.0/23"
  zones = {
    us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1c = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
  }
}

run "subnets_and_tables_by_zone" {
  assert {
    condition     = { for zone, subnet in aws_subnet.public : subnet.availability_zone => subnet.cidr_block } == { for zone, ranges in var.zones : zone => ranges.public_cidr }
    error_message = "public subnets are not where zones puts them"
  }

  assert {
    condition     = { for zone, subnet in aws_subnet.private : subnet.availability_zone => subnet.cidr_block } == { for zone, ranges in var.zones : zone => ranges.private_cidr }
    error_message = "private subnets are not where zones puts them"
  }

  assert {
    condition = alltrue([for zone in keys(var.zones) :
      aws_route_table_association.private[zone].subnet_id == aws_subnet.private[zone].id &&
      aws_route_table_association.private[zone].route_table_id == aws_route_table.private[zone].id
    ])
    error_message = "a private subnet is not on its own zone's route table"
  }

  assert {
    condition     = length(distinct(values(aws_route_table.private)[*].id)) == length(var.zones)
    error_message = "zones share a private route table"
  }

  assert {
    condition = alltrue([for zone in keys(var.zones) :
      aws_route_table_association.public[zone].subnet_id == aws_subnet.public[zone].id &&
      aws_route_table_association.public[zone].route_table_id == aws_route.internet.route_table_id
    ])
    error_message = "a public subnet is not on the table that leads to the internet gateway"
  }

  assert {
    condition     = output.zones["us-east-1b"].private_route_table_id == aws_route_table.private["us-east-1b"].id
    error_message = "the output does not give a zone's own route table"
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) + length(aws_default_security_group.this.egress) == 0
    error_message = "the default security group lets something through"
  }

  assert {
    condition = alltrue([for tags in concat(
      [aws_vpc.this.tags, aws_internet_gateway.this.tags, aws_default_security_group.this.tags, aws_route_table.public.tags],
      values(aws_subnet.public)[*].tags, values(aws_subnet.private)[*].tags, values(aws_route_table.private)[*].tags,
    ) : startswith(tags.Name, "shop")])
    error_message = "a resource is not named after the VPC"
  }

  assert {
    condition     = length(aws_flow_log.this) + length(aws_vpc_endpoint.gateway) + length(aws_cloudwatch_log_group.flow_logs) == 0
    error_message = "the plain VPC costs more than it must"
  }
}

run "a_third_zone_replaces_nothing" {
  variables {
    zones = {
      # sorts first, so that keys by position would move
      us-east-1a = { public_cidr = "10.0.1.0/26", private_cidr = "10.0.1.128/26" }
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
      us-east-1c = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
    }
  }

  assert {
    condition     = alltrue([for zone, place in run.subnets_and_tables_by_zone.zones : output.zones[zone] == place])
    error_message = "a zone that stands got other subnets or another table"
  }
}

run "vpc_range_of_a_standing_vpc_is_refused" {
  command = plan
  variables { cidr_block = "10.0.0.0/22" }
  expect_failures = [aws_vpc.this]
}

run "ranges_of_a_standing_zone_are_refused" {
  command = plan
  variables {
    zones = {
      us-east-1a = { public_cidr = "10.0.1.64/26", private_cidr = "10.0.1.128/26" }
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.64/26" }
    }
  }
  expect_failures = [aws_subnet.public["us-east-1a"], aws_subnet.private["us-east-1b"]]
}

run "too_small_a_range_a_letter_and_ten_days" {
  command = plan

  variables {
    cidr_block = "10.0.0.0/29"
    zones      = { a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } }
    flow_logs  = { retention_days = 10 }
  }

  expect_failures = [
    var.cidr_block,
    var.zones,
    var.flow_logs,
  ]
}

run "vpc_range_with_host_bits_and_a_local_zone" {
  command = plan

  variables {
    cidr_block = "10.0.0.1/24"
    zones      = { us-east-1-bos-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } }
  }

  expect_failures = [
    var.cidr_block,
    var.zones,
  ]
}

run "nothing_where_something_must_be" {
  command = plan

  variables {
    name              = ""
    zones             = {}
    flow_logs         = { traffic_type = "DROP" }
    gateway_endpoints = ["sqs"]
  }

  expect_failures = [
    var.name,
    var.zones,
    var.flow_logs,
    var.gateway_endpoints,
  ]
}

run "subnet_range_with_host_bits" {
  command = plan
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.1/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "flow_logs_with_a_role_for_their_group_alone" {
  variables { flow_logs = { traffic_type = "REJECT" } }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "REJECT" && aws_flow_log.this[0].vpc_id == aws_vpc.this.id
    error_message = "the flow log is not the VPC's, of the traffic asked for"
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow_logs[0].retention_in_days == 14
    error_message = "the records are kept for ever"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.flow_logs[0].policy).Statement[*].Resource == ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/shop:*"]
    error_message = "the role may write elsewhere"
  }

  assert {
    condition = jsondecode(aws_iam_role.flow_logs[0].assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*" }
    }
    error_message = "flow logs of other accounts may use the role"
  }

  assert {
    condition     = aws_iam_role.flow_logs[0].name == "shop-flow-logs"
    error_message = "the role's name has changed, which replaces the role"
  }
}

run "flow_logs_role_by_another_name" {
  command = plan
  variables { flow_logs = { role_name = "shop-flow-logs-eu-west-1" } }

  assert {
    condition     = aws_iam_role.flow_logs[0].name == "shop-flow-logs-eu-west-1"
    error_message = "a stack in a second region would ask for the first one's role"
  }
}

run "name_too_long_for_the_role_of_its_flow_logs" {
  command   = plan
  state_key = "nothing_stands"
  variables {
    name      = "a234567890123456789012345678901234567890123456789012345"
    flow_logs = {}
  }
  expect_failures = [aws_iam_role.flow_logs]
}

run "gateway_endpoints_on_each_private_table" {
  variables { gateway_endpoints = ["s3", "dynamodb"] }

  assert {
    condition     = { for service, endpoint in aws_vpc_endpoint.gateway : service => endpoint.service_name } == { s3 = "com.amazonaws.us-east-1.s3", dynamodb = "com.amazonaws.us-east-1.dynamodb" }
    error_message = "an endpoint is not of its service in this region"
  }

  assert {
    condition = toset([for link in aws_vpc_endpoint_route_table_association.private : "${link.vpc_endpoint_id} ${link.route_table_id}"]) == toset([
      for pair in setproduct(values(aws_vpc_endpoint.gateway)[*].id, values(aws_route_table.private)[*].id) : join(" ", pair)
    ])
    error_message = "a private table lacks an endpoint"
  }
}

run "tags_by_tier" {
  command = plan
  variables { tier_tags = { private = { Tier = "private" } } }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.tags["Tier"] == "private"]) && !anytrue([for subnet in aws_subnet.public : can(subnet.tags["Tier"])])
    error_message = "the private tier's tags are not on the private subnets alone"
  }
}

run "subnet_outside_the_vpc" {
  command   = plan
  state_key = "nothing_stands"
  variables { zones = { us-east-1a = { public_cidr = "10.0.4.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}

run "subnet_wider_than_the_vpc" {
  command   = plan
  state_key = "nothing_stands"
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/22", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}

run "overlap_in_one_zone" {
  command   = plan
  state_key = "nothing_stands"
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/25", private_cidr = "10.0.0.64/26" } } }
  expect_failures = [aws_vpc.this]
}

run "same_range_in_two_zones" {
  command   = plan
  state_key = "nothing_stands"
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }, us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.192/26" } } }
  expect_failures = [aws_vpc.this]
}

run "public_addresses" {
  command   = plan
  state_key = "nothing_stands"
  variables {
    cidr_block = "52.10.0.0/16"
    zones      = { us-east-1a = { public_cidr = "52.10.0.0/26", private_cidr = "52.10.0.64/26" } }
  }
  expect_failures = [check.private_range]
}

run "zone_of_another_region" {
  command   = plan
  state_key = "nothing_stands"
  variables { zones = { eu-west-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}
