mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }

  mock_resource "aws_vpc" {
    defaults = { id = "vpc-0123456789abcdef0" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/vpcache" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:vpcache" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:vpcache-dev-alarms" }
  }

  mock_resource "aws_security_group" {
    defaults = { id = "sg-0123456789abcdef0" }
  }

  mock_resource "aws_elasticache_cluster" {
    defaults = {
      configuration_endpoint = "vpcache-dev.cfg.example.com:11211"
      cache_nodes = [
        { id = "0001", address = "vpcache-dev.0001.example.com", port = 11211, availability_zone = "us-east-1a", outpost_arn = "" },
        { id = "0002", address = "vpcache-dev.0002.example.com", port = 11211, availability_zone = "us-east-1b", outpost_arn = "" },
      ]
    }
  }
}

override_resource {
  target = aws_lambda_function_url.origin[0]
  values = { function_url = "https://abc.lambda-url.us-east-1.on.aws/" }
}

override_resource {
  target = module.vpc.aws_subnet.public["us-east-1a"]
  values = { id = "subnet-public-us-east-1a" }
}

override_resource {
  target = module.vpc.aws_subnet.private["us-east-1a"]
  values = { id = "subnet-private-us-east-1a" }
}

override_resource {
  target = module.vpc.aws_route_table.private["us-east-1a"]
  values = { id = "rtb-table-us-east-1a" }
}

override_resource {
  target = module.vpc.aws_subnet.public["us-east-1b"]
  values = { id = "subnet-public-us-east-1b" }
}

override_resource {
  target = module.vpc.aws_subnet.private["us-east-1b"]
  values = { id = "subnet-private-us-east-1b" }
}

override_resource {
  target = module.vpc.aws_route_table.private["us-east-1b"]
  values = { id = "rtb-table-us-east-1b" }
}

override_resource {
  target = module.vpc.aws_subnet.public["us-east-1c"]
  values = { id = "subnet-public-us-east-1c" }
}

override_resource {
  target = module.vpc.aws_subnet.private["us-east-1c"]
  values = { id = "subnet-private-us-east-1c" }
}

override_resource {
  target = module.vpc.aws_route_table.private["us-east-1c"]
  values = { id = "rtb-table-us-east-1c" }
}

variables {
  name       = "vpcache-dev"
  account_id = "123456789012"
  region     = "us-east-1"

  bundles = {
    cached_api   = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    egress_probe = { path = "egress_probe.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    origin       = { path = "origin.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
}

run "stack_over_two_zones" {
  assert {
    condition     = output.zones == tolist(["us-east-1a", "us-east-1b"])
    error_message = "the environment is in other zones than its two"
  }

  assert {
    condition = alltrue([for by_zone in [
      output.egress_ips, output.nat_gateway_ids, output.egress_probes, output.private_subnet_ids, output.public_subnet_ids,
    ] : tolist(keys(by_zone)) == output.zones])
    error_message = "an output by zone lacks a zone"
  }

  assert {
    condition = [output.cached_api, output.egress_probes["us-east-1a"]] == [
      "vpcache-dev-cached-api", "vpcache-dev-egress-probe-us-east-1a",
    ]
    error_message = "the functions' names lack the stack's name"
  }

  assert {
    condition     = output.configuration_endpoint == "vpcache-dev.cfg.example.com:11211"
    error_message = "the configuration endpoint is not the cluster's"
  }
}

run "default_origin_is_in_the_stack" {
  assert {
    condition     = [output.origin_function, output.origin_url] == ["vpcache-dev-origin", "https://abc.lambda-url.us-east-1.on.aws"]
    error_message = "the stack has no origin function, or its URL ends with a slash"
  }
}

run "external_origin_replaces_the_default" {
  command = plan

  variables {
    origin_url = "https://api.example.com/v1"
    bundles = {
      cached_api   = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
      egress_probe = { path = "egress_probe.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    }
  }

  assert {
    condition = (
      output.origin_function == null &&
      output.origin_url == "https://api.example.com/v1" &&
      length(aws_lambda_function_url.origin) == 0
    )
    error_message = "the stack has an origin function in addition to origin_url"
  }
}

run "adding_a_zone_in_a_secondary_cidr_block_replaces_nothing" {
  variables {
    secondary_cidr_blocks = ["10.0.1.0/24"]

    zones = {
      a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" }
      b = { public_cidr = "10.0.0.64/26", private_cidr = "10.0.0.192/26" }
      c = { public_cidr = "10.0.1.0/26", private_cidr = "10.0.1.128/26" }
    }
  }

  assert {
    condition = alltrue([for zone in run.stack_over_two_zones.zones :
      output.nat_gateway_ids[zone] == run.stack_over_two_zones.nat_gateway_ids[zone] &&
      output.egress_ips[zone] == run.stack_over_two_zones.egress_ips[zone] &&
      output.private_subnet_ids[zone] == run.stack_over_two_zones.private_subnet_ids[zone] &&
      output.egress_probes[zone] == run.stack_over_two_zones.egress_probes[zone]
    ])
    error_message = "a resource of an existing zone was replaced"
  }

  assert {
    condition     = output.zones == tolist(["us-east-1a", "us-east-1b", "us-east-1c"]) && module.vpc.vpc_id == run.stack_over_two_zones.vpc_id
    error_message = "the stack is not in three zones of the same VPC"
  }
}

run "probes_are_optional" {
  command = plan
  variables { probes = false }

  assert {
    condition     = length(module.egress_probe) == 0 && output.egress_probes == {}
    error_message = "probes exist although probes is false"
  }
}

run "cached_api_metrics_have_alarms" {
  variables {
    alarms       = true
    alarm_emails = ["operations@example.com"]
  }

  assert {
    condition = toset([
      for alarm in aws_cloudwatch_metric_alarm.cached_api :
      "${alarm.namespace} ${alarm.metric_name} ${alarm.dimensions.service}"
      ]) == toset([
      for metric in ["CacheError", "Crash", "OriginError", "OriginLatency"] : "vpcache ${metric} vpcache-dev-cached-api"
    ])
    error_message = "a metric of the cached API has no alarm, or an alarm is on another metric"
  }

  assert {
    condition = [for subscription in aws_sns_topic_subscription.alarms : "${subscription.protocol} ${subscription.endpoint}"] == [
      "email operations@example.com",
    ]
    error_message = "the topic lacks a subscription for alarm_emails"
  }
}

run "alarm_emails_without_alarms_are_rejected" {
  command = plan
  variables { alarm_emails = ["operations@example.com"] }
  expect_failures = [var.alarm_emails]
}

run "upper_case_name_is_rejected" {
  command = plan
  variables { name = "Shop" }
  expect_failures = [var.name]
}

run "http_origin_is_rejected" {
  command = plan
  variables { origin_url = "http://example.com" }
  expect_failures = [var.origin_url]
}

run "http_address_service_is_rejected" {
  command = plan
  variables { address_service_url = "http://example.com" }
  expect_failures = [var.address_service_url]
}

run "missing_origin_bundle_is_rejected" {
  command = plan
  variables {
    bundles = {
      cached_api   = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
      egress_probe = { path = "egress_probe.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    }
  }
  expect_failures = [var.bundles]
}

run "missing_bundle_is_rejected" {
  command = plan
  variables { bundles = { cached_api = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" } } }
  expect_failures = [var.bundles]
}

run "full_zone_name_is_rejected" {
  command = plan
  variables {
    zones = { us-east-1a = { public_cidr = "10.0.0.0/26", private_cidr = "10.0.0.128/26" } }
  }
  expect_failures = [var.zones]
}
