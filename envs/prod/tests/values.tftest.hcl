mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { id = "us-east-1" }
  }
}

variables {
  name       = "vpcache-prod"
  account_id = "123456789012"
  region     = "us-east-1"

  bundles = {
    cached_api   = { path = "cached_api.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    egress_probe = { path = "egress_probe.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
    origin       = { path = "origin.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
}

run "production_values_are_resilient_and_private" {
  command = plan

  assert {
    condition     = output.zones == tolist(["us-east-1a", "us-east-1b", "us-east-1c"]) && toset(var.cache.zones) == toset(keys(var.zones))
    error_message = "production is not in three zones with a cache node in each"
  }

  assert {
    condition     = var.cache.transit_encryption && var.alarms && var.flow_logs.retention_days >= 365 && var.log_retention_days >= 365
    error_message = "production lacks TLS, alarms, or a log retention of a year"
  }

  assert {
    condition     = output.protected
    error_message = "production is not protected"
  }

  assert {
    condition     = !var.probes && var.memory_size >= 512
    error_message = "production has egress probes, or too little memory for a TLS handshake within the cache timeout"
  }

  assert {
    condition     = var.nat.mode == "per_zone" && length(distinct(values(output.nat_gateway_zones))) == 3
    error_message = "production shares a NAT gateway between zones"
  }

  assert {
    condition     = var.cache.tier == "isolated" && module.elasticache_memcached.subnet_group_name == "vpcache-prod-isolated"
    error_message = "the cache of production has a route to the internet"
  }

  assert {
    condition     = var.front_door.auth == "AWS_IAM" && var.front_door.alias != null
    error_message = "production has no front door on an alias, or a public one"
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 1
    error_message = "the alarms have no SNS topic"
  }
}

run "alarms_need_a_receiver_or_silence" {
  command = plan
  variables { alarm_receivers = {} }
  expect_failures = [var.alarm_receivers]
}

run "address_replaces_silence" {
  command = plan
  variables {
    alarm_emails    = ["operations@example.com"]
    alarm_receivers = {}
  }

  assert {
    condition     = output.alarm_receivers == tolist(["operations@example.com"])
    error_message = "the address gets no alarms"
  }
}
