mock_provider "aws" {}

variables {
  name       = "shop"
  cidr_block = "10.0.0.0/23"
  zones = {
    us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
    us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
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
}

run "default_security_group_has_no_rules" {
  assert {
    condition     = length(aws_default_security_group.this.ingress) + length(aws_default_security_group.this.egress) == 0
    error_message = "the default security group lets something through"
  }
}

run "names_begin_with_name" {
  assert {
    condition = alltrue([for tags in concat(
      [aws_vpc.this.tags, aws_internet_gateway.this.tags, aws_default_security_group.this.tags, aws_route_table.public.tags],
      values(aws_subnet.public)[*].tags, values(aws_subnet.private)[*].tags, values(aws_route_table.private)[*].tags,
    ) : startswith(tags.Name, "shop")])
    error_message = "a resource is not named after the VPC"
  }
}

run "a_third_zone_replaces_nothing" {
  variables {
    zones = {
      us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
      us-east-1b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
      # sorts first, so that keys by position would move
      us-east-1-bos-1a = { public_cidr = "10.0.1.0/26", private_cidr = "10.0.1.128/26" }
    }
  }

  assert {
    condition     = alltrue([for zone, place in run.subnets_and_tables_by_zone.zones : output.zones[zone] == place])
    error_message = "a zone that stands got other subnets or another table"
  }
}

run "vpc_range_too_small" {
  command = plan
  variables { cidr_block = "10.0.0.0/29" }
  expect_failures = [var.cidr_block]
}

run "vpc_range_with_host_bits" {
  command = plan
  variables { cidr_block = "10.0.0.1/24" }
  expect_failures = [var.cidr_block]
}

run "no_name" {
  command = plan
  variables { name = "" }
  expect_failures = [var.name]
}

run "no_zones" {
  command = plan
  variables { zones = {} }
  expect_failures = [var.zones]
}

run "zone_by_its_letter" {
  command = plan
  variables { zones = { a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "region_for_a_zone" {
  command = plan
  variables { zones = { us-east-1 = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "subnet_range_with_host_bits" {
  command = plan
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.1/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}
