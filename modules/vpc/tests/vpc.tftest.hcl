mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { zone_ids = ["use1-az1", "use1-az2", "use1-az6"] }
  }

  # the values that AWS allocates
  mock_resource "aws_vpc" {
    defaults = { cidr_block = "10.64.4.0/22", ipv6_cidr_block = "2600:1f18:0:aa00::/56" }
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

run "resources_are_keyed_by_zone" {
  assert {
    condition = { for subnet in aws_subnet.public : subnet.availability_zone => subnet.cidr_block } == {
      for zone, cidrs in var.zones : zone => cidrs.public_cidr
    }
    error_message = "the zones or CIDR blocks of the public subnets differ from var.zones"
  }

  assert {
    condition = { for subnet in aws_subnet.private : subnet.availability_zone => subnet.cidr_block } == {
      for zone, cidrs in var.zones : zone => cidrs.private_cidr
    }
    error_message = "the zones or CIDR blocks of the private subnets differ from var.zones"
  }

  assert {
    condition = alltrue([for zone in keys(var.zones) :
      aws_route_table_association.private[zone].subnet_id == aws_subnet.private[zone].id &&
      aws_route_table_association.private[zone].route_table_id == aws_route_table.private[zone].id
    ])
    error_message = "a private subnet is not associated with the route table of its zone"
  }

  assert {
    condition     = length(distinct(values(aws_route_table.private)[*].id)) == length(var.zones)
    error_message = "two zones share a private route table"
  }

  assert {
    condition = alltrue([for zone in keys(var.zones) :
      aws_route_table_association.public[zone].subnet_id == aws_subnet.public[zone].id &&
      aws_route_table_association.public[zone].route_table_id == aws_route.internet.route_table_id
    ])
    error_message = "a public subnet is not associated with the route table of the internet gateway"
  }

  assert {
    condition     = output.zones["us-east-1b"].private_route_table_id == aws_route_table.private["us-east-1b"].id
    error_message = "the output zones lacks the private route table of the zone"
  }

  assert {
    condition = [output.vpc_id, output.vpc_arn, output.cidr_block, output.internet_gateway_id, output.public_route_table_id] == [
      aws_vpc.this.id, aws_vpc.this.arn, "10.0.0.0/23", aws_internet_gateway.this.id, aws_route_table.public.id,
    ]
    error_message = "an output of the VPC or its public route has another value than the resource"
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) + length(aws_default_security_group.this.egress) == 0
    error_message = "the default security group has rules"
  }

  assert {
    condition = alltrue([for tags in concat(
      [aws_vpc.this.tags, aws_internet_gateway.this.tags, aws_default_security_group.this.tags, aws_route_table.public.tags],
      values(aws_subnet.public)[*].tags, values(aws_subnet.private)[*].tags, values(aws_route_table.private)[*].tags,
    ) : startswith(tags.Name, "shop")])
    error_message = "a resource's name does not begin with the VPC's"
  }

  assert {
    condition = length(concat(
      aws_flow_log.this, aws_cloudwatch_log_group.flow_logs, values(aws_vpc_endpoint.gateway), values(aws_vpc_endpoint.interface),
      aws_security_group.endpoints, values(aws_subnet.isolated), values(aws_route_table.isolated),
    )) == 0
    error_message = "flow logs, endpoints or isolated subnets exist by default"
  }
}

run "adding_a_zone_replaces_nothing" {
  variables {
    zones = {
      # sorts first, so that keys by position would move
      us-east-1a = { public_cidr = "10.0.1.0/26", private_cidr = "10.0.1.128/26" }
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
      us-east-1c = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
    }
  }

  assert {
    condition     = alltrue([for zone, subnets in run.resources_are_keyed_by_zone.zones : output.zones[zone] == subnets])
    error_message = "subnets or the route table of an existing zone were replaced"
  }
}

run "vpc_cidr_change_is_rejected" {
  command = plan
  variables { cidr_block = "10.0.0.0/22" }
  expect_failures = [aws_vpc.this]
}

run "subnet_cidr_change_is_rejected" {
  command = plan
  variables {
    zones = {
      us-east-1a = { public_cidr = "10.0.1.64/26", private_cidr = "10.0.1.128/26" }
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.64/26" }
    }
  }
  expect_failures = [aws_subnet.public["us-east-1a"], aws_subnet.private["us-east-1b"]]
}

run "local_zone_is_rejected" {
  command = plan
  variables { zones = { us-east-1-bos-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "zone_letter_without_region_is_rejected" {
  command = plan
  variables { zones = { a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "empty_values_and_unknown_service_are_rejected" {
  command = plan

  variables {
    name                = ""
    zones               = {}
    gateway_endpoints   = ["sqs"]
    interface_endpoints = { services = ["com.amazonaws.us-east-1.logs"] }
  }

  expect_failures = [
    var.name,
    var.zones,
    var.gateway_endpoints,
    var.interface_endpoints,
  ]
}

run "subnet_cidr_with_host_bits_is_rejected" {
  command = plan
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.1/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "subnet_smaller_than_28_is_rejected" {
  command = plan
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/29", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "flow_logs_role_may_write_to_its_log_group_only" {
  variables { flow_logs = { traffic_type = "REJECT" } }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "REJECT" && aws_flow_log.this[0].vpc_id == aws_vpc.this.id
    error_message = "the flow log is of another VPC or traffic type"
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow_logs[0].retention_in_days == 14
    error_message = "the records are not deleted after 14 days"
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.flow_logs[0].policy).Statement[*].Resource == [
      "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/shop:*",
    ]
    error_message = "the role may write to another log group"
  }

  assert {
    condition = jsondecode(aws_iam_role.flow_logs[0].assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:ec2:us-east-1:123456789012:vpc-flow-log/*" }
    }
    error_message = "flow logs of other accounts may assume the role"
  }

  assert {
    condition     = aws_iam_role.flow_logs[0].name == "shop-flow-logs"
    error_message = "the role's name has changed, which replaces the role of existing stacks"
  }
}

run "flow_logs_role_name_is_configurable" {
  command = plan
  variables { flow_logs = { role_name = "shop-flow-logs-eu-west-1" } }

  assert {
    condition     = aws_iam_role.flow_logs[0].name == "shop-flow-logs-eu-west-1"
    error_message = "the role has another name than role_name, so a stack in a second region would collide"
  }
}

run "flow_logs_role_name_over_64_characters_is_rejected" {
  command = plan

  variables {
    name      = "a234567890123456789012345678901234567890123456789012345"
    flow_logs = {}
  }
  expect_failures = [var.flow_logs]
}

run "gateway_endpoints_are_in_each_private_route_table" {
  variables {
    gateway_endpoints         = ["s3", "dynamodb"]
    gateway_endpoint_policies = { s3 = "{\"Statement\":[]}" }
  }

  assert {
    condition     = aws_vpc_endpoint.gateway["s3"].policy == "{\"Statement\":[]}"
    error_message = "the endpoint of S3 lacks its policy"
  }

  assert {
    condition = { for service, endpoint in aws_vpc_endpoint.gateway : service => endpoint.service_name } == {
      s3       = "com.amazonaws.us-east-1.s3"
      dynamodb = "com.amazonaws.us-east-1.dynamodb"
    }
    error_message = "an endpoint has another service name"
  }

  assert {
    condition = toset([for link in aws_vpc_endpoint_route_table_association.private :
      [link.vpc_endpoint_id, link.route_table_id]
      ]) == toset([
      for pair in setproduct(values(aws_vpc_endpoint.gateway)[*].id, values(aws_route_table.private)[*].id) : pair
    ])
    error_message = "a private route table lacks an endpoint"
  }
}

run "tier_tags_are_on_their_tier_only" {
  command = plan
  variables { tier_tags = { private = { Tier = "private" } } }

  assert {
    condition = alltrue(concat(
      [for subnet in aws_subnet.private : subnet.tags["Tier"] == "private"],
      [for subnet in aws_subnet.public : !can(subnet.tags["Tier"])],
    ))
    error_message = "the tag of the private tier is missing, or is on a public subnet"
  }
}

run "subnet_outside_the_vpc_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1a = { public_cidr = "10.0.4.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}

run "subnet_larger_than_the_vpc_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/22", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}

run "overlap_in_one_zone_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/25", private_cidr = "10.0.0.64/26" } } }
  expect_failures = [aws_vpc.this]
}

run "same_cidr_in_two_zones_is_rejected" {
  command   = plan
  state_key = "empty"
  variables {
    zones = {
      us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.192/26" }
    }
  }
  expect_failures = [aws_vpc.this]
}

run "public_cidr_is_a_warning" {
  command   = plan
  state_key = "empty"
  variables {
    cidr_block = "52.10.0.0/16"
    zones      = { us-east-1a = { public_cidr = "52.10.0.0/26", private_cidr = "52.10.0.64/26" } }
  }
  expect_failures = [check.private_cidr]
}

run "zone_of_another_region_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { eu-west-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}

run "isolated_subnets_have_no_routes" {
  state_key = "isolated"

  variables {
    zones = {
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.1.0/28" }
      us-east-1c = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
    }
    gateway_endpoints = ["s3"]
    tier_tags         = { isolated = { Tier = "isolated" } }

    interface_endpoints = { services = ["logs", "sts"], policies = { sts = "{\"Statement\":[]}" } }
  }

  assert {
    condition = (
      tolist(keys(aws_subnet.isolated)) == tolist(["us-east-1b"]) && aws_subnet.isolated["us-east-1b"].cidr_block == "10.0.1.0/28" &&
      aws_subnet.isolated["us-east-1b"].tags["Tier"] == "isolated"
    )
    error_message = "a zone without isolated_cidr has an isolated subnet, or the subnet has another CIDR block or lacks its tag"
  }

  assert {
    condition = (
      aws_route_table_association.isolated["us-east-1b"].route_table_id == aws_route_table.isolated["us-east-1b"].id &&
      length(aws_route_table.isolated["us-east-1b"].route) == 0 && !contains(
        concat([aws_route.internet.route_table_id], values(aws_vpc_endpoint_route_table_association.private)[*].route_table_id),
        aws_route_table.isolated["us-east-1b"].id,
      )
    )
    error_message = "the isolated subnet has a route out of the VPC"
  }

  assert {
    condition     = [for zone in values(output.zones) : zone.isolated_subnet_id] == [aws_subnet.isolated["us-east-1b"].id, null]
    error_message = "the output zones lacks the isolated subnet, or has one for a zone without"
  }

  assert {
    condition = alltrue([for service, endpoint in aws_vpc_endpoint.interface :
      endpoint.service_name == "com.amazonaws.us-east-1.${service}" && endpoint.private_dns_enabled &&
      endpoint.subnet_ids == toset(values(aws_subnet.private)[*].id) &&
      endpoint.security_group_ids == toset(aws_security_group.endpoints[*].id) &&
      output.interface_endpoints[service].id == endpoint.id
    ]) && aws_vpc_endpoint.interface["sts"].policy == "{\"Statement\":[]}"
    error_message = "an interface endpoint has another service, subnet, security group or policy"
  }

  assert {
    condition = [
      aws_vpc_security_group_ingress_rule.endpoints[0].cidr_ipv4, aws_vpc_security_group_ingress_rule.endpoints[0].from_port,
    ] == ["10.0.0.0/23", 443]
    error_message = "the endpoints admit more than HTTPS from the VPC"
  }
}

run "isolated_cidr_change_is_rejected" {
  command   = plan
  state_key = "isolated"
  variables {
    zones = {
      us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.1.64/28" }
      us-east-1c = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
    }
  }
  expect_failures = [aws_subnet.isolated["us-east-1b"]]
}

run "flow_logs_are_written_to_s3_without_a_role" {
  state_key = "s3"
  variables {
    flow_logs = {
      s3                  = { bucket_arn = "arn:aws:s3:::shop-flow-logs", hive = true }
      aggregation_seconds = 60
      format              = "$${srcaddr} $${action}"
    }
  }

  assert {
    condition = [
      aws_flow_log.this[0].log_destination_type, aws_flow_log.this[0].log_destination, aws_flow_log.this[0].log_format,
      aws_flow_log.this[0].destination_options[0].file_format,
    ] == ["s3", "arn:aws:s3:::shop-flow-logs", "$${srcaddr} $${action}", "parquet"]
    error_message = "the flow log has another destination or format"
  }

  assert {
    condition     = aws_flow_log.this[0].destination_options[0].hive_compatible_partitions && aws_flow_log.this[0].max_aggregation_interval == 60
    error_message = "the flow log has other partitions or another interval"
  }

  assert {
    condition     = length(concat(aws_cloudwatch_log_group.flow_logs, aws_iam_role.flow_logs, aws_iam_role_policy.flow_logs)) == 0
    error_message = "a log group or a role exists for flow logs in S3"
  }
}

run "flow_logs_are_encrypted_with_a_key" {
  command   = plan
  state_key = "empty"
  variables { flow_logs = { kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/logs" } }

  assert {
    condition     = aws_cloudwatch_log_group.flow_logs[0].kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/logs"
    error_message = "the log group has another key"
  }
}

run "bucket_name_policy_text_and_s3_interface_are_rejected" {
  command   = plan
  state_key = "empty"
  variables {
    flow_logs                 = { s3 = { bucket_arn = "shop-flow-logs" } }
    gateway_endpoints         = ["s3"]
    gateway_endpoint_policies = { s3 = "deny" }
    interface_endpoints       = { services = ["s3"] }
    zones                     = { us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.1.0/29" } }
  }
  expect_failures = [
    var.flow_logs,
    var.gateway_endpoint_policies,
    var.interface_endpoints,
    var.zones,
  ]
}

run "role_for_s3_and_policies_without_endpoint_are_rejected" {
  command   = plan
  state_key = "empty"
  variables {
    flow_logs                 = { s3 = { bucket_arn = "arn:aws:s3:::shop-flow-logs" }, role_name = "shop" }
    gateway_endpoint_policies = { s3 = "{\"Statement\":[]}" }
    interface_endpoints       = { services = ["logs"], policies = { sts = "{\"Statement\":[]}" } }
  }
  expect_failures = [
    var.flow_logs,
    var.gateway_endpoint_policies,
    var.interface_endpoints,
  ]
}

run "key_alias_and_policy_without_statement_are_rejected" {
  command   = plan
  state_key = "empty"
  variables {
    flow_logs           = { kms_key_arn = "alias/logs" }
    interface_endpoints = { services = ["logs"], policies = { logs = "{}" } }
  }
  expect_failures = [
    var.flow_logs,
    var.interface_endpoints,
  ]
}

run "format_without_fields_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { flow_logs = { format = "srcaddr action" } }
  expect_failures = [var.flow_logs]
}

run "isolated_subnet_over_a_private_one_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", isolated_cidr = "10.0.0.144/28" } } }
  expect_failures = [aws_vpc.this]
}

run "tiers_have_their_tables_acls_and_ipv6" {
  state_key = "tiers"

  variables {
    zones = {
      us-east-1b = {
        public_cidr  = "10.0.0.0/26"
        private_cidr = "10.0.0.128/26"
        tier_cidrs   = { app = "100.64.0.0/26", data = "10.0.1.0/28" }
        ipv6_netnums = { public = 0, private = 1, app = 2, data = 3 }
      }
      us-east-1c = {
        public_cidr  = "10.0.0.64/26"
        private_cidr = "10.0.0.192/26"
        tier_cidrs   = { app = "100.64.0.64/26" }
        ipv6_netnums = { app = 34 }
      }
    }
    tiers                 = { app = { routed = true, tags = { Tier = "app" } }, data = {} }
    secondary_cidr_blocks = ["100.64.0.0/24"]
    interface_endpoints   = { services = ["sts"] }

    network_acls = { app = [
      { number = 100, cidr = "::/0", ports = "1024-65535" },
      { number = 110, cidr = "10.0.0.0/23", protocol = "icmp", action = "deny" },
      { number = 100, cidr = "10.0.0.0/23", egress = true, ports = "443" },
      { number = 110, cidr = "0.0.0.0/0", egress = true, protocol = "-1", action = "deny" },
    ] }
  }

  assert {
    condition = { for key, subnet in aws_subnet.tier : key => "${subnet.availability_zone} ${subnet.cidr_block} ${lookup(subnet.tags, "Tier", "")}" } == {
      app-us-east-1b  = "us-east-1b 100.64.0.0/26 app"
      app-us-east-1c  = "us-east-1c 100.64.0.64/26 app"
      data-us-east-1b = "us-east-1b 10.0.1.0/28 "
    }
    error_message = "a tier has another zone, CIDR block or tag, or a subnet in a zone that does not name it"
  }

  assert {
    condition = { for key, link in aws_route_table_association.tier : key => link.route_table_id } == {
      app-us-east-1b  = aws_route_table.private["us-east-1b"].id
      app-us-east-1c  = aws_route_table.private["us-east-1c"].id
      data-us-east-1b = aws_route_table.isolated["us-east-1b"].id
    } && tolist(keys(aws_route_table.isolated)) == tolist(["us-east-1b"])
    error_message = "a routed tier lacks the private route table of its zone, or an isolated one has it"
  }

  assert {
    condition = aws_vpc.this.assign_generated_ipv6_cidr_block && { for key, subnet in local.deployed_subnets : key => subnet.ipv6_cidr_block if local.ipv6_cidrs[key] != null } == {
      public-us-east-1b  = "2600:1f18:0:aa00::/64"
      private-us-east-1b = "2600:1f18:0:aa01::/64"
      app-us-east-1b     = "2600:1f18:0:aa02::/64"
      data-us-east-1b    = "2600:1f18:0:aa03::/64"
      app-us-east-1c     = "2600:1f18:0:aa22::/64"
    }
    error_message = "a subnet has another IPv6 CIDR block than the one of its number"
  }

  assert {
    condition = { for key, route in aws_route.ipv6 : key => [route.route_table_id, try(coalesce(route.gateway_id), route.egress_only_gateway_id)] } == {
      public     = [aws_route_table.public.id, aws_internet_gateway.this.id]
      us-east-1b = [aws_route_table.private["us-east-1b"].id, aws_egress_only_internet_gateway.this[0].id]
      us-east-1c = [aws_route_table.private["us-east-1c"].id, aws_egress_only_internet_gateway.this[0].id]
    }
    error_message = "IPv6 has another gateway, or a route out of an isolated subnet"
  }

  assert {
    condition = (
      aws_network_acl.this["app"].subnet_ids == toset([aws_subnet.tier["app-us-east-1b"].id, aws_subnet.tier["app-us-east-1c"].id]) &&
      { for entry in aws_network_acl.this["app"].ingress : entry.rule_no => join(" ", [
        entry.action, entry.protocol, coalesce(entry.cidr_block, entry.ipv6_cidr_block), entry.from_port, entry.to_port, coalesce(entry.icmp_type, 0),
      ]) } == { 100 = "allow tcp ::/0 1024 65535 0", 110 = "deny icmp 10.0.0.0/23 0 0 -1" } &&
      { for entry in aws_network_acl.this["app"].egress : entry.rule_no => join(" ", [entry.action, entry.protocol, entry.cidr_block, entry.from_port, entry.to_port]) } ==
      { 100 = "allow tcp 10.0.0.0/23 443 443", 110 = "deny -1 0.0.0.0/0 0 0" }
    )
    error_message = "the network ACL has other subnets or entries"
  }

  assert {
    condition = (
      aws_vpc_ipv4_cidr_block_association.this["100.64.0.0/24"].vpc_id == aws_vpc.this.id &&
      aws_vpc_security_group_ingress_rule.endpoints_secondary["100.64.0.0/24"].from_port == 443
    )
    error_message = "the VPC lacks the secondary CIDR block, or the endpoints do not admit it"
  }

  assert {
    condition = output.ipv6_cidr_block == aws_vpc.this.ipv6_cidr_block && output.tiers.data == {
      us-east-1b = {
        subnet_id         = aws_subnet.tier["data-us-east-1b"].id
        subnet_arn        = aws_subnet.tier["data-us-east-1b"].arn
        availability_zone = "us-east-1b"
        ipv6_cidr_block   = "2600:1f18:0:aa03::/64"
      }
    } && tolist(keys(output.tiers)) == tolist(["app", "data", "private", "public"])
    error_message = "the output tiers has other subnets than the tiers"
  }
}

run "adding_a_zone_to_tiers_changes_no_other_zone" {
  command   = plan
  state_key = "tiers"

  variables {
    zones = {
      us-east-1a = { public_cidr = "10.0.1.64/26", private_cidr = "10.0.1.128/26", tier_cidrs = { app = "100.64.0.128/26" }, ipv6_netnums = { app = 16 } }
      us-east-1b = {
        public_cidr  = "10.0.0.0/26"
        private_cidr = "10.0.0.128/26"
        tier_cidrs   = { app = "100.64.0.0/26" }
        ipv6_netnums = { public = 0, private = 1, app = 2 }
      }
    }
    tiers                 = { app = { routed = true } }
    secondary_cidr_blocks = ["100.64.0.0/24"]
  }

  assert {
    condition = [output.tiers.app["us-east-1b"], output.tiers.public["us-east-1b"], output.zones["us-east-1b"]] == [
      run.tiers_have_their_tables_acls_and_ipv6.tiers.app["us-east-1b"], run.tiers_have_their_tables_acls_and_ipv6.tiers.public["us-east-1b"],
      run.tiers_have_their_tables_acls_and_ipv6.zones["us-east-1b"],
    ]
    error_message = "a subnet or an IPv6 CIDR block of an existing zone was replaced"
  }
}

run "tier_cidr_change_is_rejected" {
  command   = plan
  state_key = "tiers"

  variables {
    zones = { us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", tier_cidrs = { data = "10.0.1.64/28" } } }
    tiers = { data = {} }
  }
  expect_failures = [aws_subnet.tier["data-us-east-1b"]]
}

run "zone_ids_are_keys" {
  command   = plan
  state_key = "empty"
  variables { zones = { use1-az6 = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }

  assert {
    condition     = aws_subnet.private["use1-az6"].availability_zone_id == "use1-az6" && tolist(keys(output.zones)) == tolist(["use1-az6"])
    error_message = "the subnet is not in the zone of its ID, or the outputs have another key"
  }
}

run "zone_id_of_another_region_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { usw2-az1 = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [aws_vpc.this]
}

run "local_zone_id_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { use1-bos1-az1 = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } } }
  expect_failures = [var.zones]
}

run "subnets_are_offsets_in_an_ipam_vpc" {
  state_key = "ipam"

  variables {
    cidr_block = null
    ipam       = { pool_id = "ipam-pool-0123456789abcdef0", netmask_length = 22 }
    zones = {
      us-east-1b = { public_cidr = "0.0.0.0/28", private_cidr = "0.0.1.64/26" }
      us-east-1c = { public_cidr = "0.0.3.240/28", private_cidr = "100.64.0.0/24" }
    }
    secondary_cidr_blocks = ["100.64.0.0/24"]
  }

  assert {
    condition = { for key, subnet in local.deployed_subnets : key => subnet.cidr_block } == {
      public-us-east-1b  = "10.64.4.0/28"
      private-us-east-1b = "10.64.5.64/26"
      public-us-east-1c  = "10.64.7.240/28"
      private-us-east-1c = "100.64.0.0/24"
    }
    error_message = "a subnet is not at its offset in the VPC's CIDR block"
  }

  assert {
    condition     = [aws_vpc.this.ipv4_ipam_pool_id, aws_vpc.this.ipv4_netmask_length] == ["ipam-pool-0123456789abcdef0", 22]
    error_message = "the VPC has another IPAM pool or netmask"
  }
}

run "ipam_change_is_rejected" {
  command   = plan
  state_key = "ipam"

  variables {
    cidr_block            = null
    ipam                  = { pool_id = "ipam-pool-0123456789abcdef1", netmask_length = 22 }
    zones                 = { us-east-1b = { public_cidr = "0.0.0.0/28", private_cidr = "0.0.1.64/26" } }
    secondary_cidr_blocks = ["100.64.0.0/24"]
  }
  expect_failures = [aws_vpc.this]
}

run "offset_outside_the_netmask_is_rejected" {
  command   = plan
  state_key = "empty"

  variables {
    cidr_block = null
    ipam       = { pool_id = "ipam-pool-0123456789abcdef0", netmask_length = 24 }
    zones      = { us-east-1b = { public_cidr = "0.0.0.0/28", private_cidr = "0.0.1.64/26" } }
  }
  expect_failures = [aws_vpc.this]
}

run "two_address_sources_reserved_tier_and_one_direction_are_rejected" {
  command   = plan
  state_key = "empty"

  variables {
    ipam         = { pool_id = "ipam-pool-0123456789abcdef0", netmask_length = 24 }
    tiers        = { public = {} }
    network_acls = { private = [{ number = 100, cidr = "0.0.0.0/0" }] }
  }
  expect_failures = [
    var.cidr_block,
    var.network_acls,
    var.tiers,
  ]
}

run "pool_name_and_repeated_number_are_rejected" {
  command   = plan
  state_key = "empty"

  variables {
    cidr_block = null
    ipam       = { pool_id = "pool", netmask_length = 24 }
    network_acls = { private = [
      { number = 100, cidr = "0.0.0.0/0", egress = true },
      { number = 100, cidr = "10.0.0.0/24" },
      { number = 100, cidr = "10.0.1.0/24" },
    ] }
  }
  expect_failures = [
    var.ipam,
    var.network_acls,
  ]
}

run "contradicting_rules_and_block_of_another_private_range_are_rejected" {
  command   = plan
  state_key = "empty"

  variables {
    secondary_cidr_blocks = ["192.168.0.0/24"]
    network_acls = { private = [
      { number = 100, cidr = "0.0.0.0/0", egress = true },
      { number = 100, cidr = "10.0.0.0/24" },
      { number = 110, cidr = "10.0.0.0/24", action = "deny" },
    ] }
  }
  expect_failures = [
    var.network_acls,
    var.secondary_cidr_blocks,
  ]
}

run "descending_ports_and_reserved_block_are_rejected" {
  command   = plan
  state_key = "empty"

  variables {
    secondary_cidr_blocks = ["198.19.0.0/24"]
    network_acls          = { private = [{ number = 100, cidr = "0.0.0.0/0", egress = true }, { number = 100, cidr = "10.0.0.0/24", ports = "443-80" }] }
  }
  expect_failures = [
    var.network_acls,
    var.secondary_cidr_blocks,
  ]
}

run "ports_of_icmp_and_no_addresses_are_rejected" {
  command   = plan
  state_key = "empty"

  variables {
    cidr_block   = null
    network_acls = { private = [{ number = 100, cidr = "0.0.0.0/0", egress = true }, { number = 100, cidr = "10.0.0.0/24", protocol = "icmp", ports = "80" }] }
  }
  expect_failures = [
    var.cidr_block,
    var.network_acls,
  ]
}

run "acl_of_a_tier_without_subnets_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { network_acls = { isolated = [{ number = 100, cidr = "0.0.0.0/0", egress = true }, { number = 100, cidr = "10.0.0.0/24" }] } }
  expect_failures = [aws_network_acl.this["isolated"]]
}

run "unknown_tier_of_a_zone_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", tier_cidrs = { app = "10.0.1.0/26" } } } }
  expect_failures = [aws_vpc.this]
}

run "ipv6_number_of_a_missing_subnet_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", ipv6_netnums = { isolated = 1 } } } }
  expect_failures = [aws_vpc.this]
}

run "ipv6_number_above_255_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { zones = { us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", ipv6_netnums = { private = 256 } } } }
  expect_failures = [aws_vpc.this]
}

run "ipv6_number_of_two_subnets_is_rejected" {
  command   = plan
  state_key = "empty"
  variables {
    zones = { us-east-1b = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26", ipv6_netnums = { public = 1, private = 1 } } }
  }
  expect_failures = [aws_vpc.this]
}

run "secondary_block_over_the_primary_one_is_rejected" {
  command   = plan
  state_key = "empty"
  variables { secondary_cidr_blocks = ["10.0.0.0/22"] }
  expect_failures = [aws_vpc.this]
}
